// The caller of a request, identified by its API key or by the cookie of a browser that is signed in.

import type { KeyRows, SignInMethod } from "../db/schema.ts";
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
  /** Set for a browser that is signed in; everything else is that of the key as which it acts. */
  signIn?: SignIn;
}

/** A browser that is signed in. */
export interface SignIn {
  id: string;
  method: SignInMethod;
  /** The address at which it signed in, such as https://heddle.example, and the Host that this server saw. */
  origin: string;
  host: string;
  created_at: Date;
  /** When it ends if it is not used, and however much it is used. */
  idle_expires_at: Date;
  expires_at: Date;
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
