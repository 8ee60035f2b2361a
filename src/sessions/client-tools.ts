// Runs that wait for results from outside, of the client's own tools or of work that another bot does. These let them go on, or
// the end of the time for them does.

import { and, eq, inArray, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { type TaskStatus, tasks, toolCalls } from "../db/schema.ts";
import { storable } from "../db/storable.ts";
import { HeddleError } from "../errors.ts";
import { every } from "../every.ts";
import type { Logger } from "../log.ts";
import type { Queue } from "../queue/queue.ts";
import type { ExecutionConfig } from "../sdk/types.ts";
import { DELEGATE, rowOfClientCall } from "./call-names.ts";
import { endExpired } from "./expired-calls.ts";
import { type ClientResult, storeResults } from "./store-results.ts";

export interface ClientTools {
  /** Returns the task that waits for these results; undefined if there is none, or if they are of several. */
  taskOf(calls: string[]): Promise<{ id: string; channel_id: string; session_id: string } | undefined>;
  /**
   * Stores the results and lets the run go on once all calls of its last answer have one. `asked`: the results are those of the
   * client, or of its absence, and this is what else it asks of the run now. Throws `conflict` when the task does not wait any more.
   */
  supply(taskId: string, results: ClientResult[], asked?: ClientsOptions): Promise<void>;
  /**
   * Stores the result of delegated work, for the call that the model has named so, if its run belongs to the session. "early": the run has not paused
   * yet; "over": it does not wait for this result; "unwanted": it was cancelled.
   */
  answer(
    call: { taskId: string; sessionId: string; callId: string },
    content: string,
  ): Promise<"answered" | "early" | "over" | "unwanted">;
  /**
   * Takes results of the client under the names that it has for the calls. A result that was given before is ignored, so that it can be sent
   * again. Throws `not_found` for a call that is none of the client's tools, and `conflict` for one whose time was over, or of a run that does not wait.
   */
  take(taskId: string, results: GivenResult[]): Promise<void>;
  close(): Promise<void>;
}

/** What a client asks of a run with each request; undefined takes back what it asked before. */
export type ClientsOptions = {
  [option in "client_tools" | "must_call" | "one_call" | "output_schema" | "system_preamble"]?:
    | ExecutionConfig[option]
    | undefined;
};

export interface GivenResult {
  call_id: string;
  content: string;
  error?: string;
}

export interface ClientToolsOptions {
  db: Database;
  queue: Pick<Queue, "enqueue">;
  log: Logger;
  onCommit?: () => void;
  everyMs?: number;
  /** The time for expired calls. Default: that of the database. */
  now?: () => Date;
}

/** A client may set a time of a few seconds. */
const LOOK_EVERY_MS = 2_000;
/** Whether the client carries the call out. What Heddle's own tools return is not for the client to say, even while they wait. */
const IS_CLIENTS = sql`jsonb_path_exists(${tasks.execution_config}, '$.client_tools[*] ? (@.name == $name)',
  jsonb_build_object('name', ${toolCalls.tool_name}))`;

export function createClientTools(options: ClientToolsOptions): ClientTools {
  const { db, queue, log, onCommit, everyMs = LOOK_EVERY_MS, now } = options;
  const supply: ClientTools["supply"] = async (taskId, results, asked) => {
    await db.query.transaction(async (tx) => {
      const [task] = await tx
        .select()
        .from(tasks)
        .where(and(eq(tasks.id, taskId), eq(tasks.status, "waiting")))
        .for("update");
      if (!task) {
        throw new HeddleError(
          "conflict",
          "The run does not wait for results of tools any more; send the message again.",
        );
      }
      if (asked) {
        // The call that it had to make was made.
        const execution_config = { ...task.execution_config, must_call: undefined, ...asked };
        await tx.update(tasks).set({ execution_config }).where(eq(tasks.id, taskId));
      }
      await storeResults(tx, queue, task, results);
    });
    onCommit?.();
  };
  const expiry = every({
    name: "Letting runs go on whose results from outside do not come",
    ms: everyMs,
    log,
    run: () => endExpired({ db, supply, ...(now && { now: now() }) }),
  });
  return {
    async taskOf(calls) {
      if (calls.length === 0) return undefined;
      const found = await db.query
        .selectDistinct({ id: tasks.id, channel_id: tasks.channel_id, session_id: tasks.session_id })
        .from(toolCalls)
        .innerJoin(tasks, eq(tasks.id, toolCalls.task_id))
        .where(and(inArray(toolCalls.id, calls), eq(tasks.status, "waiting")));
      return found.length === 1 ? found[0] : undefined;
    },
    supply,
    async answer({ taskId, sessionId, callId }, content) {
      const [call] = await db.query
        .select({ id: toolCalls.id, status: tasks.status })
        .from(toolCalls)
        .innerJoin(tasks, eq(tasks.id, toolCalls.task_id))
        .where(
          and(
            eq(tasks.id, taskId),
            eq(tasks.session_id, sessionId),
            eq(toolCalls.call_id, callId),
            eq(toolCalls.tool_name, DELEGATE),
            eq(toolCalls.status, "running"),
          ),
        )
        .limit(1);
      if (!call) return "over";
      if (call.status === "cancelled") return "unwanted";
      if (call.status !== "waiting") return isOpen(call.status) ? "early" : "over";
      await supply(taskId, [{ call: call.id, content }]);
      return "answered";
    },
    async take(taskId, results) {
      const rows = await db.query
        .select({ id: toolCalls.id, status: toolCalls.status, error: toolCalls.error })
        .from(toolCalls)
        .innerJoin(tasks, eq(tasks.id, toolCalls.task_id))
        .where(and(eq(toolCalls.task_id, taskId), IS_CLIENTS));
      const given = results.map(({ call_id, ...result }) => {
        const row = rows.find(({ id }) => id === rowOfClientCall(call_id));
        if (!row) throw noCall(call_id);
        return { ...result, call: row.id, row };
      });
      const open = given.filter(({ row }) => row.status === "running");
      const late = given.find(
        ({ row, error }) => row.status === "failed" && (error && storable(error)) !== row.error,
      );
      if (late) {
        throw new HeddleError("conflict", `The call has a result already: ${late.row.error}`, {
          field: "results",
        });
      }
      if (open.length > 0) await supply(taskId, open, {});
    },
    close: expiry.close,
  };
}

const noCall = (id: string): HeddleError =>
  new HeddleError(
    "not_found",
    `There is no call "${id}" that waits in this run; tool_calls in the answer of POST /api/v1/chat, and in the event tool_request, have the ids.`,
    { field: "results" },
  );

const isOpen = (status: TaskStatus): boolean => status === "pending" || status === "running";
