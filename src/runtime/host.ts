// Tells which runtime this is. Under Deno the server does its main job; features that need Bun are refused with the
// messages below.

import { HeddleError } from "../errors.ts";

export const isBun = "Bun" in globalThis;

/** The limits of this runtime, logged when the server starts; undefined if there are none. */
export const hostLimits: string | undefined = isBun
  ? undefined
  : "Running under Deno: background processes of integrations do not start, nor do programs of MCP servers and coding agents; packages are not installed, and `heddle new`, `check`, `dev` and `types` do not work. Use Bun or the compiled binary for these.";

/** `what` is a phrase such as "Installing packages". */
export function needsBun(what: string): HeddleError {
  return new HeddleError(
    "unavailable",
    `${what} needs Bun and does not work under Deno: run Heddle with Bun, or use the compiled binary.`,
  );
}
