// A conversation as a client of the OpenAI-compatible API sends it: the whole history each time.

import { createHash } from "node:crypto";
import type { JsonObject } from "../../db/schema.ts";
import type { MessageAttachment } from "../../sdk/types.ts";

export type Turn =
  | { role: "user"; content: string; files?: MessageAttachment[] }
  | { role: "assistant"; content: string; tool_calls?: { id: string; name: string; arguments: string }[] }
  | { role: "tool"; content: string; tool_call_id: string };

export interface ClientTool {
  name: string;
  description: string;
  parameters: JsonObject;
}

/** A response, by its run or by a call of the client's tools, as the client knows it. `field`: where the request names it. */
export type Previous = { field: string } & ({ task: string } | { call: string });

/** A request in either form of the API. */
export interface Asked {
  botId: string;
  /** Texts of the client's system messages: instructions for this run. */
  instructions: string[];
  turns: Turn[];
  tools: ClientTool[];
  /** The answer must be a call of one of the tools, or of the one with this name. */
  mustCall?: true | string;
  /** The answer has at most one call. */
  isOneCall?: boolean;
  /** JSON Schema that the answer must match. */
  outputSchema?: JsonObject;
  /** What is continued, instead of the conversation that the history names. */
  previous?: Previous;
  /** How it was sent. Default: "openai". */
  via?: "openai" | "mcp";
  /** Stored with the message. */
  metadata?: JsonObject;
}

/** What the client has not sent before: everything after the bot's last answer. */
export function newTurns(turns: Turn[]): { before: Turn[]; fresh: Turn[] } {
  const last = turns.findLastIndex(({ role }) => role === "assistant");
  return { before: turns.slice(0, last + 1), fresh: turns.slice(last + 1) };
}

/** Names a conversation by its content, so that the next request finds its session. */
export function transcriptOf(owner: string, botId: string, turns: Turn[]): string {
  const hash = createHash("sha256").update(JSON.stringify([owner, botId]));
  for (const turn of turns) {
    const calls = turn.role === "assistant" ? (turn.tool_calls ?? []).map(({ id }) => id) : [];
    hash.update(
      // Clients take away white space at the ends of what they have been sent.
      JSON.stringify([turn.role, turn.content.trim(), turn.role === "tool" ? turn.tool_call_id : "", calls]),
    );
    for (const { name, data } of (turn.role === "user" && turn.files) || []) {
      hash.update(JSON.stringify([name, data.length])).update(data);
    }
  }
  return hash.digest("base64url");
}
