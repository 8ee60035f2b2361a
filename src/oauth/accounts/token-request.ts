// What a service's token endpoint is sent, and what it answers (RFC 6749, sections 4.1.3 and 6).

import { bounded } from "../../guarded-fetch/bounded.ts";
import type { OAuthProvider, RegisteredOAuth } from "../../sdk/backend.ts";
import { OAuthError } from "../refusal.ts";
import { identity } from "../revoke.ts";

export type Fetch = RegisteredOAuth["fetch"];

/** How a client is known to the service. */
export interface Client {
  client_id: string;
  client_secret?: string | undefined;
}

interface TokenRequest {
  provider: Pick<OAuthProvider, "tokenUrl" | "clientAuthentication">;
  client: Client;
  /** The grant, such as `{ grant_type: "refresh_token", refresh_token }`. */
  fields: Record<string, string>;
}

/** What the service has given. */
export interface GivenTokens {
  access_token: string;
  refresh_token?: string;
  scope?: string;
  expires_in?: number;
}

/** A request for a token is given up before the claim on the exchange expires. */
const SECONDS = 20;
const MOST_BYTES = 1024 * 1024;
const LONGEST_TOKEN = 20_000;

/** Throws an OAuthError for a refusal, and another error where no answer can be got. */
export async function requestTokens(
  fetch: Fetch,
  { provider, client, fields }: TokenRequest,
): Promise<GivenTokens> {
  const own = identity({ issuer: provider.tokenUrl, ...client }, methodsOf(provider));
  const response = await limited(fetch)(provider.tokenUrl, {
    method: "POST",
    headers: {
      ...own.headers,
      "content-type": "application/x-www-form-urlencoded",
      // GitHub answers with a form otherwise.
      accept: "application/json",
    },
    body: new URLSearchParams({ ...fields, ...own.fields }).toString(),
  });
  const answer = jsonIn(await response.text());
  // Some answer 200 with an error.
  if (response.ok && answer?.error === undefined) return tokensIn(answer);
  const { error, error_description: description } = answer ?? {};
  if (typeof error === "string" && response.status < 500) {
    throw new OAuthError(error, typeof description === "string" ? `${error}: ${description}` : error);
  }
  throw new Error(`The service answered ${response.status} when it was asked for a token.`);
}

export const methodsOf = ({
  clientAuthentication,
}: Pick<OAuthProvider, "clientAuthentication">): string[] => [
  clientAuthentication === "basic" ? "client_secret_basic" : "client_secret_post",
];

/** What is secret goes to no other address. */
export const limited =
  (fetch: Fetch) =>
  async (input: string | URL, init?: RequestInit): Promise<Response> =>
    bounded(await fetch(input, { ...init, redirect: "error", timeoutSeconds: SECONDS }), MOST_BYTES);

function tokensIn(answer: Record<string, unknown> | undefined): GivenTokens {
  const { access_token, refresh_token, scope, expires_in, token_type } = answer ?? {};
  if (!isToken(access_token)) throw new Error("The service's answer contains no access token.");
  if (token_type !== undefined && String(token_type).toLowerCase() !== "bearer") {
    throw new Error(`The service's token must be a bearer token; got "${String(token_type).slice(0, 50)}".`);
  }
  const seconds = Number(expires_in);
  return {
    access_token,
    ...(isToken(refresh_token) && { refresh_token }),
    ...(typeof scope === "string" && { scope: scope.slice(0, 10_000) }),
    ...(Number.isFinite(seconds) && seconds > 0 && { expires_in: seconds }),
  };
}

const isToken = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.length <= LONGEST_TOKEN;

function jsonIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
