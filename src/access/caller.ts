// Who makes a request, as its API key tells.

import type { KeyRows } from "../db/schema.ts";
import { ADMIN } from "./scopes.ts";

/** Who makes a request. `id` is null for the API_KEY of the environment, and for an ephemeral key. */
export interface Caller {
  id: string | null;
  name: string;
  scopes: readonly string[];
  expires_at: Date | null;
  /** The integration that the key was made for; null: a person's, or a program's of a person. */
  integrationId: string | null;
  /** Whose rows it reaches. A key with the scope `admin` reaches everybody's. */
  rows: KeyRows;
  /** Set for the key of an integration's process, which is known to this server alone. */
  isEphemeral?: boolean;
}

/** Whoever starts the server: may make the first key. */
export const OPERATOR: Caller = {
  id: null,
  name: "operator",
  scopes: [ADMIN],
  expires_at: null,
  integrationId: null,
  rows: "all",
};
