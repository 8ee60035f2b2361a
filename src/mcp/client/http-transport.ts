// Speaks with an MCP server over streamable HTTP. All its requests go through the guarded fetch: an address inside the
// host's own networks is reached only where an administrator allowed it for this server.

import { ClientCredentialsProvider, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { createGuardedFetch, type GuardedFetch } from "../../guarded-fetch/fetch.ts";
import type { McpServer } from "../server.ts";
import { bounded } from "./bounded.ts";

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

/** Tokens are got when the server asks for one, and again when it takes the last no longer. */
export function createHttpTransport(
  { url, headers, allow_private, oauth }: Pick<McpServer, "url" | "headers" | "allow_private" | "oauth">,
  allowPrivateHosts: readonly string[],
): StreamableHTTPClientTransport {
  const send = mcpFetch(allow_private, allowPrivateHosts);
  return new StreamableHTTPClientTransport(new URL(url ?? ""), {
    requestInit: { headers },
    fetch: async (input, init) => bounded(await send(input, { ...init, ...ENDLESS })),
    ...(oauth && {
      authProvider: new ClientCredentialsProvider({
        clientId: oauth.client_id,
        clientSecret: oauth.client_secret,
        expectedIssuer: oauth.issuer,
        ...(oauth.scope !== undefined && { scope: oauth.scope }),
      }),
    }),
  });
}

/** Also for what the server's OAuth needs: its authorization server is as private as it is. */
const mcpFetch = (allowPrivate: boolean, allowPrivateHosts: readonly string[]): GuardedFetch =>
  createGuardedFetch({
    allowPrivateHosts: allowPrivate ? [...LOCAL, ...allowPrivateHosts] : allowPrivateHosts,
  });
