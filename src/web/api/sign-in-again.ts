// Some actions need a sign-in of the last minutes, and every sign-in ends one day. A request that was refused for either waits here
// until the person has signed in again, and is then repeated: nothing that was typed is lost.

import { create } from "zustand";
import { ApiFailure } from "./failure.ts";
import { leave, reachOf, useSession } from "./session.ts";

/** Whether the dialog is open, and why the sign-in has ended, if it has. */
export const useSignInAgain = create<{ isAsked: boolean; endedBecause: string | undefined }>()(() => ({
  isAsked: false,
  endedBecause: undefined,
}));

let waiting: { promise: Promise<boolean>; resolve(isSignedIn: boolean): void; reach: string } | undefined;

/** Several requests wait for the same dialog. False: whoever has signed in is somebody else, or nobody has. */
function signedInAgain(endedBecause?: string): Promise<boolean> {
  waiting ??= { ...Promise.withResolvers<boolean>(), reach: reachOf(useSession.getState().me) };
  useSignInAgain.setState({ isAsked: true, ...(endedBecause !== undefined && { endedBecause }) });
  return waiting.promise;
}

/** Called by the dialog. False: the person does not want to, so the requests fail as the API said. */
export function endSignInAgain(isSignedIn: boolean): void {
  const { endedBecause } = useSignInAgain.getState();
  if (!isSignedIn && endedBecause !== undefined) leave(endedBecause);
  stopAsking(isSignedIn);
}

/** Closes the dialog. */
export function stopAsking(isSignedIn: boolean): void {
  useSignInAgain.setState({ isAsked: false, endedBecause: undefined });
  waiting?.resolve(isSignedIn && waiting.reach === reachOf(useSession.getState().me));
  waiting = undefined;
}

/** `fetch`, which repeats what the API refused for an old sign-in, or for one that has ended. */
export async function fetchSignedIn(request: Request): Promise<Response> {
  // A body can be sent only once.
  const again = request.clone();
  const response = await fetch(request);
  if (response.status !== 401 && response.status !== 403) return response;
  const { code, message } = await ApiFailure.of(response);
  if (response.status === 403 && code !== "sign_in_again") return response;
  if (useSession.getState().state !== "in") return response;
  return (await signedInAgain(response.status === 401 ? message : undefined)) ? fetch(again) : response;
}
