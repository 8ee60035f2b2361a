// Whether a server of the older protocol has forgotten the session of its client, as it does when it is started again.

import type { Client } from "@modelcontextprotocol/client";
import { statusOf } from "./failure.ts";

/**
 * Whether the request that failed with this error was refused for that reason, and so had no effect. Many servers, the official
 * example among them, say only that the request is bad: then a second one tells whether they know the session.
 */
export async function hasForgotten(
  client: Pick<Client, "ping">,
  error: unknown,
  timeout: number,
): Promise<boolean> {
  if (statusOf(error) !== 400) return isRefused(error);
  return client.ping({ timeout }).then(() => false, isRefused);
}

const isRefused = (error: unknown): boolean => [400, 404].includes(statusOf(error) ?? 0);
