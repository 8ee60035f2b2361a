// Decides what an API key may grant when it creates another one.

import { HeddleError } from "../errors.ts";
import type { Caller } from "./caller.ts";
import { covers, scopeProblem } from "./scopes.ts";

/**
 * Throws `validation` for an invalid scope, `forbidden` for a key with more scopes or a longer life than its creator.
 */
export function refuseWiderKey(scopes: string[], expires: Date | null, maker: Caller, now: number): void {
  if (scopes.length === 0) {
    throw new HeddleError("validation", "scopes must have at least one scope.", { field: "scopes" });
  }
  for (const [index, scope] of scopes.entries()) {
    const problem = scopeProblem(scope);
    if (problem !== undefined) {
      throw new HeddleError("validation", `"${scope}" ${problem.replace(/\??$/, (end) => end || ".")}`, {
        field: `scopes.${index}`,
      });
    }
    if (!covers(maker.scopes, scope)) {
      throw new HeddleError("forbidden", `A key without the scope ${scope} cannot grant it.`, {
        field: `scopes.${index}`,
      });
    }
  }
  if (isPast(expires, now)) {
    throw new HeddleError("validation", "expires_at must be in the future.", { field: "expires_at" });
  }
  if (maker.expires_at !== null && (expires === null || expires > maker.expires_at)) {
    throw new HeddleError(
      "forbidden",
      "expires_at must not be later than that of the key that creates this one.",
      { field: "expires_at" },
    );
  }
}

export const isPast = (instant: Date | null, now: number): boolean =>
  instant !== null && instant.getTime() <= now;
