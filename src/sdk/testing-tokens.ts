// The tokens of accounts in authors' tests.

import { checkArgument } from "./arguments.ts";
import { testSeam } from "./test-seam.ts";

/**
 * The access tokens that accounts of `defineOAuth` have from now on, by the account's name: one, or several of which each is used once the
 * one before was refused. `undefined`: nobody has signed in.
 */
export function useTokens(tokens: Record<string, string | string[] | undefined>): void {
  checkArgument("The argument of useTokens()", tokens, "an object");
  const known = testSeam().tokens;
  for (const [name, given] of Object.entries(tokens)) {
    if (given === undefined) known.delete(name);
    else known.set(name, [given].flat());
  }
}
