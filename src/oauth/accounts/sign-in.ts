// A person signs Heddle in at a service for an integration: sent to the service's page, and back with a code that becomes tokens.

import { createHash, randomBytes } from "node:crypto";
import { errorMessage, HeddleError } from "../../errors.ts";
import type { OAuthProvider } from "../../sdk/backend.ts";
import { type Credentials, tokensFrom } from "../credentials.ts";
import {
  MOST_SIGN_IN_MS,
  notBegun,
  notSignedIn,
  type Returned,
  reasonIn,
  type SigningIn,
} from "../returned.ts";
import type { OAuthStore, PendingSignIn } from "../store.ts";
import type { Account } from "./account.ts";
import { requestTokens } from "./token-request.ts";

export interface SignInOptions {
  store: Pick<OAuthStore, "addSignIn" | "takeSignIn" | "save">;
  /** Throws `not_found`. */
  find: (id: string) => Account;
  /** The wall clock. */
  now: () => number;
}

/** The page of the admin UI to which people come back, from every service. */
const RETURN = "/admin/integrations/oauth/callback";

export const redirectTo = (base: string): string => `${base.replace(/\/$/, "")}${RETURN}`;

export function createSignIn({ store, find, now }: SignInOptions) {
  return {
    /** Resolves with the address to which the person's browser is to go. */
    async begin(id: string, { person, base }: SigningIn): Promise<{ url: string; expiresAt: Date }> {
      const { title, provider } = find(id);
      const { missing, tokenUrl, scope, ...service } = provider();
      if (missing.length > 0) {
        const message = `${missing.join(" and ")} must be set before Heddle can sign in at ${title}.`;
        throw new HeddleError("conflict", message);
      }
      const client_id = service.clientId(base);
      if (!client_id) throw new HeddleError("conflict", `There is no client id for ${title}.`);
      const redirect = redirectTo(base);
      const state = randomBytes(32).toString("base64url");
      const verifier = randomBytes(32).toString("base64url");
      const pending: PendingSignIn = {
        ...{ url: tokenUrl, verifier, redirect, resource: null, scope: scope || null },
        client: { client_id, issuer: issuerOf({ tokenUrl, ...service }) },
      };
      const expiresAt = new Date(now() + MOST_SIGN_IN_MS);
      await store.addSignIn({ state, of: id, person, expiresAt }, pending, new Date(now()));
      const url = new URL(service.authorizeUrl);
      const parameters = {
        ...service.authorizeParameters,
        ...{ response_type: "code", client_id, redirect_uri: redirect, state },
        ...(scope !== "" && { scope }),
        ...{ code_challenge: challengeOf(verifier), code_challenge_method: "S256" },
      };
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
      return { url: url.href, expiresAt };
    },

    /** Resolves with the id of the account in which Heddle is signed in now. Throws what went wrong. */
    async finish(returned: Returned, { person, name }: Omit<SigningIn, "base">): Promise<string> {
      const taken = await store.takeSignIn(returned.state, person, new Date(now()));
      if (!taken) throw notBegun();
      const { of: id, pending } = taken;
      const { title, provider, fetch } = find(id);
      const service = provider();
      const { client, redirect, verifier, url } = pending;
      if (service.tokenUrl !== url || issuerOf(service) !== client.issuer) {
        throw new HeddleError("conflict", `The settings of ${title} have changed meanwhile: begin again.`);
      }
      const { iss, code } = returned;
      if (iss !== undefined && service.issuer !== undefined && iss !== service.issuer) {
        throw notSignedIn(title, `another service, ${iss.slice(0, 200)}, has sent the browser back`);
      }
      if (code === undefined) throw notSignedIn(title, reasonIn(returned));
      const given = await requestTokens(fetch, {
        provider: service,
        client: { client_id: client.client_id, client_secret: service.clientSecret },
        fields: { grant_type: "authorization_code", code, redirect_uri: redirect, code_verifier: verifier },
      }).catch((error: unknown) => {
        throw notSignedIn(title, errorMessage(error), error);
      });
      await store.save(id, {
        ...{ url, client, redirect, resource: null, missing_scope: null },
        tokens: tokensFrom({ ...(pending.scope !== null && { scope: pending.scope }), ...given }, now()),
        ...{ by: name, at: now() },
      });
      return id;
    },
  };
}

/** Whether tokens belong to the service as the settings describe it now. */
export const belongsTo = ({ url, client }: Credentials, provider: OAuthProvider): boolean => {
  const clientId = provider.clientId(undefined);
  return url === provider.tokenUrl && (clientId === undefined || clientId === client.client_id);
};

const issuerOf = ({ issuer, tokenUrl }: Pick<OAuthProvider, "issuer" | "tokenUrl">): string =>
  issuer ?? new URL(tokenUrl).origin;

const challengeOf = (verifier: string): string => createHash("sha256").update(verifier).digest("base64url");
