// How an MCP server and its authorization server are reached. All requests go through the guarded fetch: an address inside the
// host's own networks is reached only where an administrator allowed it for this server.

import type { FetchLike } from "@modelcontextprotocol/client";
import { LOCAL_NETWORKS } from "../../guarded-fetch/address.ts";
import { bounded } from "../../guarded-fetch/bounded.ts";
import { createGuardedFetch, type GuardedFetch } from "../../guarded-fetch/fetch.ts";
import type { McpServer } from "../server.ts";

/** What authorization servers say is short. The few requests of one exchange end before the right to it does. */
const AUTH_SECONDS = 10;
const MOST_AUTH_BYTES = 1024 * 1024;

/** Its authorization server is as private as the server is. */
export function createAuthFetch(
  server: Pick<McpServer, "allow_private">,
  allowPrivateHosts: readonly string[],
): FetchLike {
  const send = guardedFor(server, allowPrivateHosts);
  return async (input, init) =>
    bounded(await send(input, { ...init, timeoutSeconds: AUTH_SECONDS }), MOST_AUTH_BYTES);
}

/** As the field is called over the API, and in the form of the admin UI. */
const REMEDY =
  'To allow it for this server, switch on "Its address may be a private one" (allow_private in the API and in mcp.yaml).';

export const guardedFor = (
  { allow_private }: Pick<McpServer, "allow_private">,
  allowPrivateHosts: readonly string[],
): GuardedFetch =>
  createGuardedFetch({
    allowPrivateHosts: allow_private ? [...LOCAL_NETWORKS, ...allowPrivateHosts] : allowPrivateHosts,
    ...(!allow_private && { remedy: REMEDY }),
  });
