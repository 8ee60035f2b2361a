// What every connection to an MCP server consists of, over HTTP or stdio.

import type { Client, jsonSchemaValidator, Transport } from "@modelcontextprotocol/client";
import type { Logger } from "../../log.ts";
import { protocol } from "../protocol.ts";
import { DECLINED, type Question, type Reply } from "../questions/question.ts";
import { questionOf } from "../questions/question-of.ts";

export type ConnectionState = "connecting" | "connected" | "degraded" | "reauth_required" | "disabled";

export interface ConnectionStatus {
  state: ConnectionState;
  /** When it came into this state. */
  since: Date;
  /** Why it is not connected. */
  error: string | null;
  protocol_version: string | null;
  server: { name: string; version: string } | null;
}

export const disabledSince = (since: Date | null): ConnectionStatus => ({
  state: "disabled",
  since: since ?? new Date(0),
  error: null,
  protocol_version: null,
  server: null,
});

export interface Opened {
  transport: Transport;
  /** What a process said last. */
  lastWords?(): string;
  /** Why a process was ended from this side. */
  fault?(): string | undefined;
}

interface ClientOptions {
  id: string;
  version: string;
  /** A process that is started for it. */
  isProgram: boolean;
  onListChanged: () => void;
  onQuestion: (question: Question, signal: AbortSignal) => Promise<Reply>;
  log: Logger;
}

/**
 * A server of the older protocol may be silent when it is asked for the newer one. A program may first be downloaded, and one of the
 * newer protocol that is taken for an older one would ask people without its questions surviving a restart.
 */
const PROBE_MS = 10_000;
const PROGRAM_PROBE_MS = 30_000;

export async function createClient(options: ClientOptions): Promise<Client> {
  const { id, version, isProgram, onListChanged, onQuestion, log } = options;
  const timeoutMs = isProgram ? PROGRAM_PROBE_MS : PROBE_MS;
  const library = await protocol.load();
  const client = new library.Client(
    { name: "heddle", version },
    {
      versionNegotiation: { mode: "auto", probe: { timeoutMs } },
      jsonSchemaValidator: ANYTHING,
      capabilities: { elicitation: { form: {}, url: {} } },
      listChanged: { tools: { autoRefresh: false, onChanged: onListChanged } },
    },
  );
  client.setRequestHandler("elicitation/create", async ({ params }, { mcpReq: { signal } }) => {
    const question = questionOf(params);
    return question ? onQuestion(question, signal) : DECLINED;
  });
  client.onerror = (error) => log.debug("MCP server {id}: {reason}", { id, reason: error.message });
  return client;
}

/** What tools return is data for a model, which no schema of the server's own makes more trustworthy. */
const ANYTHING: jsonSchemaValidator = {
  getValidator: () => (input) => ({ valid: true, data: input as never, errorMessage: undefined }),
};

export const lastLine = (text: string): string => text.trim().split("\n").at(-1)?.trim().slice(0, 500) ?? "";
