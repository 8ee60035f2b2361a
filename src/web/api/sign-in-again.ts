// Some actions need a sign-in of the last minutes. A request for one waits here until the person has signed in again,
// and is then repeated.

import { create } from "zustand";
import { ApiFailure } from "./failure.ts";

/** Whether the dialog is open. */
export const useSignInAgain = create<{ isAsked: boolean }>()(() => ({ isAsked: false }));

let waiting: { promise: Promise<boolean>; resolve(isSignedIn: boolean): void } | undefined;

/** Several requests wait for the same dialog. */
function signedInAgain(): Promise<boolean> {
  if (!waiting) {
    waiting = Promise.withResolvers<boolean>();
    useSignInAgain.setState({ isAsked: true });
  }
  return waiting.promise;
}

/** Called by the dialog. False: the person does not want to, so the request fails as the API said. */
export function endSignInAgain(isSignedIn: boolean): void {
  useSignInAgain.setState({ isAsked: false });
  waiting?.resolve(isSignedIn);
  waiting = undefined;
}

/** `fetch`, which repeats what the API refused for an old sign-in. */
export async function fetchSignedIn(request: Request): Promise<Response> {
  // A body can be sent only once.
  const again = request.clone();
  const response = await fetch(request);
  if (response.status !== 403) return response;
  const { code } = await ApiFailure.of(response);
  if (code !== "sign_in_again") return response;
  return (await signedInAgain()) ? fetch(again) : response;
}
