// Speaks with an MCP server over streamable HTTP. All its requests go through the guarded fetch: an address inside the
// host's own networks is reached only where an administrator allowed it for this server.

import {
  type AuthProvider,
  ClientCredentialsProvider,
  type FetchLike,
  type OAuthClientProvider,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { bounded } from "../../guarded-fetch/bounded.ts";
import { createGuardedFetch, type GuardedFetch } from "../../guarded-fetch/fetch.ts";
import type { McpServer } from "../server.ts";

/** Loopback, and the networks of RFC 1918, 6598 and 4193; never where clouds give machines their credentials. */
const LOCAL = [
  "127.0.0.0/8",
  "::1",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "fd00::/8",
];

/** A stream of events may be silent for hours; requests have time limits of their own. */
const ENDLESS = { timeoutSeconds: false } as const;

/** What authorization servers say is short. The few requests of one exchange end before the right to it does. */
const AUTH_SECONDS = 10;
const MOST_AUTH_BYTES = 1024 * 1024;

type Reached = Pick<McpServer, "url" | "headers" | "allow_private" | "oauth">;

/** `tokens` has what a person who signed in has brought; a client that signs in by itself has its own. */
export function createHttpTransport(
  server: Reached,
  allowPrivateHosts: readonly string[],
  tokens?: AuthProvider,
): StreamableHTTPClientTransport {
  const { url, headers, oauth } = server;
  const send = guardedFor(server, allowPrivateHosts);
  const own = new URL(url ?? "");
  const authProvider = oauth?.grant === "client_credentials" ? clientOf(oauth) : tokens;
  return new StreamableHTTPClientTransport(own, {
    fetch: async (input, init) =>
      bounded(await send(input, { ...withHeaders(init, isSame(input, own) ? headers : {}), ...ENDLESS })),
    ...(authProvider && { authProvider }),
  });
}

/** What the server is sent with each request is not for its authorization server. */
const isSame = (input: string | URL, own: URL): boolean => new URL(input).href === own.href;

function withHeaders(init: RequestInit | undefined, headers: Record<string, string>): RequestInit {
  const all = new Headers(init?.headers);
  // A token that somebody signed in for has precedence.
  for (const [name, value] of Object.entries(headers)) if (!all.has(name)) all.set(name, value);
  return { ...init, headers: all };
}

/** Its authorization server is as private as the server is. */
export function createAuthFetch(
  server: Pick<McpServer, "allow_private">,
  allowPrivateHosts: readonly string[],
): FetchLike {
  const send = guardedFor(server, allowPrivateHosts);
  return async (input, init) =>
    bounded(await send(input, { ...init, timeoutSeconds: AUTH_SECONDS }), MOST_AUTH_BYTES);
}

const clientOf = ({
  client_id,
  client_secret,
  issuer,
  scope,
}: NonNullable<McpServer["oauth"]>): OAuthClientProvider =>
  new ClientCredentialsProvider({
    clientId: client_id,
    clientSecret: client_secret ?? "",
    expectedIssuer: issuer,
    ...(scope !== undefined && { scope }),
  });

const guardedFor = (
  { allow_private }: Pick<McpServer, "allow_private">,
  allowPrivateHosts: readonly string[],
): GuardedFetch =>
  createGuardedFetch({
    allowPrivateHosts: allow_private ? [...LOCAL, ...allowPrivateHosts] : allowPrivateHosts,
  });
