// An open connection to an MCP server, and its end.

import type { Client, Transport } from "@modelcontextprotocol/client";
import { within } from "../../within.ts";
import type { Opened } from "./client.ts";

export interface Live {
  client: Client;
  opened: Opened;
  /** When the list is out of date. */
  staleAt: number;
}

/** For each of its steps; a server that does not answer is left alone then. */
export const CLOSE_MS = 5_000;

/** Tells the server, which may keep something for the session. Never throws. */
export async function closeLive({ client, opened }: Live): Promise<void> {
  const { transport } = opened as { transport: Transport & { terminateSession?(): Promise<void> } };
  await within(CLOSE_MS, transport.terminateSession?.() ?? Promise.resolve()).catch(() => {});
  await within(CLOSE_MS, client.close()).catch(() => {});
}
