// Calls a tool of an MCP server for a run, or for whoever tries it.

import { setTimeout as pause } from "node:timers/promises";
import type { CallToolResult } from "@modelcontextprotocol/client";
import { LATER } from "../agent/tools/later.ts";
import { HeddleError } from "../errors.ts";
import type { ToolContext } from "../sdk/types.ts";
import type { CallOptions } from "./client/call-options.ts";
import { type Answered, callTool, cancelTask, getTask, resultOfTask, type ToolCall } from "./client/calls.ts";
import type { Connection } from "./client/connection.ts";
import { isGone, missingScope } from "./client/failure.ts";
import { referenceTo } from "./client/listed-tool.ts";
import { resultOf } from "./client/result.ts";
import { asksTooOften, DECLINED, MOST_ROUNDS } from "./questions/question.ts";
import type { Questions } from "./questions/questions.ts";
import type { CallMcp } from "./tools.ts";
import type { Wait, WaitingCall, Waits } from "./waits/waits.ts";

export interface CallToolOptions {
  /** Undefined if the server is disabled. */
  connectionTo: (id: string) => Pick<Connection, "use"> | undefined;
  /** Asks while the connection waits, as the protocol of 2025-11-25 has it. */
  ask: Questions["ask"];
  waits: Waits;
  /** Told what the server wants beyond what was granted. */
  noteMissing: (id: string, scope: string) => Promise<void>;
}

type Uses = Pick<Connection, "use">;

export function createCallTool({ connectionTo, ask, waits, noteMissing }: CallToolOptions) {
  /** Calls that are made again because their runs have continued. */
  const resumed = new Set<string>();

  /** The result of a call that had been suspended, or what the server wants now. */
  async function goOn(connection: Uses, wait: Wait, call: ToolCall, calling: CallOptions): Promise<Answered> {
    await waits.sent(wait.id);
    if (wait.kind === "task") {
      const { task } = waits.taskOf(wait);
      try {
        return { kind: "result", result: await resultOfTask(connection, task, calling) };
      } catch (error) {
        if (!isGone(error)) throw error;
        const message = `The MCP server ${wait.server_id} does not know the task of this call any more: its outcome is unknown, and it may have taken effect.`;
        throw new HeddleError("upstream", message, { cause: error });
      }
    }
    return callTool(connection, { ...call, back: await waits.replies(wait) }, calling);
  }

  /** Undefined: the run is suspended. */
  async function follow(
    connection: Uses,
    { answered: first, call, waiting }: { answered: Answered; call: ToolCall; waiting: WaitingCall },
    calling: CallOptions,
  ): Promise<CallToolResult | undefined> {
    let answered = first;
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      if (answered.kind === "result") return answered.result;
      if (answered.kind === "task") {
        if (await waits.await(waiting, answered.task)) return undefined;
        return followTask(connection, answered.task, calling);
      }
      const { questions, state } = answered.asks;
      if (questions.length > 0 && (await waits.ask(waiting, answered.asks))) return undefined;
      const replies = Object.fromEntries(questions.map(({ name }) => [name, DECLINED]));
      answered = await callTool(connection, { ...call, back: { replies, state } }, calling);
    }
    throw asksTooOften(waiting.server);
  }

  async function make(
    connection: Uses,
    { call, waiting }: { call: ToolCall; waiting: WaitingCall },
    calling: CallOptions,
  ): Promise<CallToolResult | undefined> {
    const held = resumed.delete(waiting.id) || call.isTask ? await waits.find(waiting.id) : undefined;
    // The run continues for another reason.
    if (held?.status === "waiting") return undefined;
    const answered = held ? goOn(connection, held, call, calling) : callTool(connection, call, calling);
    const end = async () => held && waits.end(held.id);
    try {
      const result = await follow(connection, { answered: await answered, call, waiting }, calling);
      if (result) await end();
      return result;
    } catch (error) {
      // A run that is stopped goes on later, and asks then what has become of it.
      if (!calling.signal.aborted) await end();
      throw error;
    }
  }

  const callMcp: CallMcp = async (server, { name, isTask }, args, context) => {
    const connection = connectionTo(server);
    if (!connection) throw new HeddleError("unavailable", `The MCP server ${server} is disabled.`);
    const { signal, progress, task_id, call_id } = context;
    const reference = referenceTo(server, name);
    const calling: CallOptions = {
      signal,
      onProgress: toProgress(progress),
      ask: (question, until) => ask({ server, reference, task_id }, question, until),
    };
    try {
      const call = { name, args, isTask };
      const waiting = { id: call_id, task_id, server, reference };
      const result = await make(connection, { call, waiting }, calling);
      return result === undefined ? LATER : resultOf(server, result);
    } catch (error) {
      const missing = missingScope(error);
      // What the call failed with counts; the next one asks for the permission again.
      if (missing !== undefined) await noteMissing(server, missing).catch(() => undefined);
      throw error;
    }
  };

  return {
    call: callMcp,
    /** Whether a call without a result is suspended, and so is made again. */
    async isHeld({ call_id }: Pick<ToolContext, "call_id">): Promise<boolean> {
      const wait = await waits.find(call_id);
      if (!wait) return false;
      // The server may have had the answer. The result of a task can be asked for again.
      if (wait.status === "sent" && wait.kind === "questions") {
        await waits.end(wait.id);
        return false;
      }
      resumed.add(call_id);
      return true;
    },
  };
}

/** For whoever waits for the result here. */
async function followTask(
  connection: Uses,
  task: { id: string; pollMs: number },
  calling: CallOptions,
): Promise<CallToolResult> {
  const { signal } = calling;
  try {
    for (let { pollMs } = task; ; ) {
      await pause(pollMs, undefined, { signal });
      const now = await getTask(connection, task.id, calling);
      pollMs = now.pollMs;
      if (now.status !== "working") return await resultOfTask(connection, task.id, calling);
    }
  } catch (error) {
    const ending = { signal: AbortSignal.timeout(CANCEL_MS) };
    if (signal.aborted) await cancelTask(connection, task.id, ending).catch(() => undefined);
    signal.throwIfAborted();
    throw error;
  }
}

const CANCEL_MS = 5_000;

/** A server's progress, in the form in which tools report it here. */
const toProgress =
  (report: (message: string, fraction?: number) => void): NonNullable<CallOptions["onProgress"]> =>
  ({ message, progress, total }) =>
    report(
      message ?? (total ? `${progress} of ${total}` : String(progress)),
      total ? progress / total : undefined,
    );
