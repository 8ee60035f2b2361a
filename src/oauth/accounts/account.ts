// An account that an integration has declared with `defineOAuth`.

import { errorMessage } from "../../errors.ts";
import type { OAuthProvider, RegisteredOAuth } from "../../sdk/backend.ts";
import { isMissingSetting } from "../../sdk/errors.ts";
import type { TokenHolder } from "../token-source.ts";

export interface Account extends RegisteredOAuth {
  integrationId: string;
  /** "mail/google" */
  id: string;
}

/** An account with the settings as they are. */
export interface HeldAccount extends TokenHolder {
  account: Account;
  provider: OAuthProvider;
}

export const accountId = (integrationId: string, name: string): string => `${integrationId}/${name}`;

/** The problem, if its settings do not make a provider. */
export function heldOf(account: Account): HeldAccount | { problem: string } {
  try {
    const provider = account.provider();
    return { id: account.id, url: provider.tokenUrl, account, provider };
  } catch (error) {
    return { problem: errorMessage(error) };
  }
}

/** Whether the integration uses it now; or the problem, if its `when` does not say so. */
export function wantedOf({ when }: Account): boolean | { problem: string } {
  try {
    return when ? when() : true;
  } catch (error) {
    // Nobody has set it up yet.
    return isMissingSetting(error) ? false : { problem: errorMessage(error) };
  }
}
