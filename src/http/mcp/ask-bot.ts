// Asks a bot for a client of /mcp, as a session of the key's owner, and waits for the answer.

import type { Chat } from "../../chat/chat.ts";
import type { createAsk } from "../../chat/openai/ask.ts";
import { HeddleError, isErrorCode } from "../../errors.ts";
import { isUuid } from "../../ids.ts";
import type { JsonObject } from "../../sdk/types.ts";
import type { Sender } from "../../sessions/inject.ts";
import type { Tasks } from "../../sessions/tasks.ts";

const LONGEST_MESSAGE = 500_000;

export const ASK_PARAMETERS: JsonObject = {
  type: "object",
  properties: {
    message: {
      type: "string",
      minLength: 1,
      maxLength: LONGEST_MESSAGE,
      description: "What the bot is to answer or do.",
    },
    continue_from: {
      type: "string",
      description: "The id of the run of an earlier answer, to go on with that conversation.",
    },
  },
  required: ["message"],
};

export interface AskBot {
  botId: string;
  args: JsonObject;
  sender: Sender;
  /** Throws unless the caller may continue this session, or use this client id. */
  reaches(sessionId: string): Promise<boolean>;
  mayUse(clientId: string): Promise<void>;
  /** Throws `not_found` for a run out of the caller's reach. */
  mayContinue(taskId: string): Promise<void>;
  /** Names the call, so that whoever cancels it finds the run. */
  callId: string | undefined;
  /** Aborted when the client cancels the call, which ends the run; the others only end the wait for it. */
  cancelled: AbortSignal;
  /** Aborted when the client's connection ends. */
  gone: AbortSignal;
  /** Aborted when the server stops. */
  stopped: AbortSignal;
  /** Told what the run does. */
  onProgress(text: string): void;
}

/** The connection of a client that waits in silence is cut after 255 s. */
const MOST_WAIT_MS = 240_000;

export const CANCELLED = "The client of /mcp cancelled the call.";

export interface AskBotOptions {
  chat: Pick<Chat, "follow">;
  tasks: Pick<Tasks, "cancel">;
  ask: ReturnType<typeof createAsk>;
}

export function createAskBot({ chat, tasks, ask }: AskBotOptions) {
  /** Resolves with the answer and the run that it came from. Throws what the run failed with. */
  return async (asking: AskBot): Promise<{ text: string; taskId: string }> => {
    const { callId, cancelled, stopped, gone } = asking;
    throwIfCancelled(asking);
    const { message, previous } = readArguments(asking.args);
    if (previous) await asking.mayContinue(previous.task);
    const { sender, reaches, mayUse } = asking;
    const run = await ask(
      {
        botId: asking.botId,
        instructions: [],
        tools: [],
        turns: [{ role: "user", content: message }],
        via: "mcp",
        ...(callId !== undefined && { metadata: { mcp_call: callId } }),
        ...(previous && { previous }),
      },
      { sender, scope: `mcp ${sender.owner ?? "operator"}`, reaches, mayUse },
    );
    const limit = AbortSignal.timeout(MOST_WAIT_MS);
    const answer = await answerOf(
      run.taskId,
      AbortSignal.any([cancelled, stopped, gone, limit]),
      asking.onProgress,
    );
    if (answer) return answer;
    // The connections end with the server as well, but its runs go on when it starts again.
    if (cancelled.aborted && !stopped.aborted) await tasks.cancel(run.taskId, CANCELLED);
    throwIfCancelled(asking);
    throw new HeddleError(
      "timeout",
      `The run takes longer than a call may, and goes on. Ask later with continue_from: "${run.taskId}".`,
    );
  };

  /** Undefined if `signal` was aborted before. */
  async function answerOf(
    taskId: string,
    signal: AbortSignal,
    onProgress: AskBot["onProgress"],
  ): Promise<{ text: string; taskId: string } | undefined> {
    for await (const steps of chat.follow(taskId, { signal })) {
      for (const { event } of steps) {
        if (event.type === "tool_start") onProgress(`Uses ${event.tool}`);
        else if (event.type === "tool_progress") onProgress(`${event.tool}: ${event.message}`);
        else if (event.type === "queued") onProgress("Waits for its turn");
        if (!("outcome" in event)) continue;
        const { outcome } = event;
        if (event.type === "response") return { text: outcome.text ?? "", taskId: outcome.task_id };
        const code = isErrorCode(outcome.error_code) ? outcome.error_code : "upstream";
        throw new HeddleError(
          code,
          `${outcome.error ?? `The run is ${outcome.status}.`} (run ${outcome.task_id})`,
        );
      }
    }
    return undefined;
  }
}

function throwIfCancelled({ cancelled }: Pick<AskBot, "cancelled">): void {
  if (cancelled.aborted) throw new HeddleError("cancelled", CANCELLED);
}

function readArguments({ message, continue_from: given }: JsonObject): {
  message: string;
  previous?: { field: string; task: string };
} {
  if (typeof message !== "string" || message.trim() === "") {
    throw new HeddleError("validation", "message must be a text.", { field: "message" });
  }
  if (message.length > LONGEST_MESSAGE) {
    const limit = `message must have at most ${LONGEST_MESSAGE.toLocaleString("en")} characters`;
    throw new HeddleError("validation", `${limit}; got ${message.length.toLocaleString("en")}.`, {
      field: "message",
    });
  }
  if (given === undefined || given === null || given === "") return { message };
  if (typeof given !== "string" || !isUuid(given)) {
    throw new HeddleError("validation", "continue_from must be the id of a run.", { field: "continue_from" });
  }
  return { message, previous: { field: "continue_from", task: given } };
}
