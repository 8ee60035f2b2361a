// Where Heddle is for the browser of somebody who is sent to another service, and comes back.

import type { Caller } from "../../../../access/caller.ts";
import { HeddleError } from "../../../../errors.ts";
import { isLoopback } from "../../../same-origin.ts";

export interface BrowserBaseOptions {
  /** BASE_URL */
  publicUrl: () => string | undefined;
  /** The server's address for browsers of its own machine. */
  localUrl: () => string;
}

/** The browser must come back to where it is signed in to Heddle. Throws `conflict` where it could not. */
export function browserBase(
  { signIn }: Caller,
  { publicUrl: publicly, localUrl }: BrowserBaseOptions,
): string {
  const publicUrl = publicly();
  if (publicUrl !== undefined) {
    const { origin } = new URL(publicUrl);
    if (signIn && signIn.origin !== origin) {
      const message = `Open Heddle at ${origin} for this: authorization servers send the browser back there.`;
      throw new HeddleError("conflict", message);
    }
    return publicUrl;
  }
  if (!signIn) return localUrl();
  if (isLoopback(new URL(signIn.origin).hostname)) return signIn.origin;
  throw new HeddleError(
    "conflict",
    "The public address (BASE_URL) must be set, in Settings or as a variable: authorization servers send the browser back there.",
  );
}
