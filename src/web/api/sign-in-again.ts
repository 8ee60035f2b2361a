// Some actions need a sign-in of the last minutes, and every sign-in ends one day. A request that was refused for either waits here
// until the person has signed in again, and is then repeated: nothing that was typed is lost.

import { create } from "zustand";
import { ApiFailure } from "./failure.ts";
import { leave, reachOf, useSession } from "./session.ts";

/** Whether the dialog is open, and whether the sign-in has ended, and is not just too old. */
export const useSignInAgain = create<{ isAsked: boolean; hasEnded: boolean }>()(() => ({
  isAsked: false,
  hasEnded: false,
}));

let waiting: { promise: Promise<boolean>; resolve(isSignedIn: boolean): void; reach: string } | undefined;

/** Several requests may wait for the same dialog. Resolves to false if somebody else has signed in, or nobody has. */
function signedInAgain(hasEnded: boolean): Promise<boolean> {
  waiting ??= { ...Promise.withResolvers<boolean>(), reach: reachOf(useSession.getState().me) };
  useSignInAgain.setState({ isAsked: true, ...(hasEnded && { hasEnded }) });
  return waiting.promise;
}

/** Called by the dialog. False: the person does not want to, so the requests fail as the API said. */
export function endSignInAgain(isSignedIn: boolean): void {
  if (!isSignedIn && useSignInAgain.getState().hasEnded) leave(true);
  stopAsking(isSignedIn);
}

/** Closes the dialog. */
export function stopAsking(isSignedIn: boolean): void {
  useSignInAgain.setState({ isAsked: false, hasEnded: false });
  waiting?.resolve(isSignedIn && waiting.reach === reachOf(useSession.getState().me));
  waiting = undefined;
}

/** `fetch`, which repeats what the API refused for an old sign-in, or for one that has ended. */
export async function fetchSignedIn(request: Request): Promise<Response> {
  // A body can be sent only once.
  const again = request.clone();
  const response = await fetch(request);
  if (response.status !== 401 && response.status !== 403) return response;
  if (response.status === 403 && (await ApiFailure.of(response)).code !== "sign_in_again") return response;
  if (useSession.getState().state !== "in") return response;
  return (await signedInAgain(response.status === 401)) ? fetch(again) : response;
}
