// Which runtime this is. Under Deno the server does its main job; what only Bun can do is refused by these words.

import { HeddleError } from "../errors.ts";

export const isBun = "Bun" in globalThis;

/** What a server says at its start that it cannot do here; undefined for nothing. */
export const hostLimits: string | undefined = isBun
  ? undefined
  : "Under Deno background processes of integrations are not started, packages are not installed, and `heddle new`, `check`, `dev` and `types` do not work: start Heddle with Bun, or as the binary, for these.";

/** `what` is like "Installing packages". */
export function needsBun(what: string): HeddleError {
  return new HeddleError(
    "unavailable",
    `${what} needs Bun: start Heddle with Bun, or as the binary; under Deno it cannot be done.`,
  );
}
