// The caller of a request, identified by its API key.

import type { KeyRows } from "../db/schema.ts";
import { ADMIN } from "./scopes.ts";

/** The caller of a request. `id` is null for the environment's API_KEY and for an ephemeral key. */
export interface Caller {
  id: string | null;
  name: string;
  scopes: readonly string[];
  expires_at: Date | null;
  /** The integration that the key was created for; null if it belongs to a person or a person's program. */
  integrationId: string | null;
  /** Which rows the key reaches. A key with the scope `admin` reaches all of them. */
  rows: KeyRows;
  /** True for the key of an integration's process, which only this server knows. */
  isEphemeral?: boolean;
}

/** The person who starts the server, and so may create the first key. */
export const OPERATOR: Caller = {
  id: null,
  name: "operator",
  scopes: [ADMIN],
  expires_at: null,
  integrationId: null,
  rows: "all",
};
