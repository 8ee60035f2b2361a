// The cheapest request to which an MCP server must answer.

import type { Client, RequestOptions } from "@modelcontextprotocol/client";
import { isUnknownMethod } from "./failure.ts";

/** Rejects if it does not answer. One that does not know the request has answered. */
export async function askIfThere(client: Client, options: RequestOptions): Promise<void> {
  const isModern = client.getProtocolEra() === "modern";
  await (isModern ? client.discover(options) : client.ping(options)).catch((error) => {
    if (!isUnknownMethod(error)) throw error;
  });
}
