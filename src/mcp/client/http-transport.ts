// Speaks with an MCP server over streamable HTTP.

import {
  type AuthProvider,
  ClientCredentialsProvider,
  type OAuthClientProvider,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { bounded } from "../../guarded-fetch/bounded.ts";
import type { McpServer } from "../server.ts";
import { guardedFor } from "./reach.ts";
import { noteToken } from "./sent-with.ts";

/** A stream of events may be silent for hours; requests have time limits of their own. */
const ENDLESS = { timeoutSeconds: false } as const;

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
    fetch: async (input, init) => {
      const request = { ...withHeaders(init, isSame(input, own) ? headers : {}), ...ENDLESS };
      return noteToken(bounded(await send(input, request)), init);
    },
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
