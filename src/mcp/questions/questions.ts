// Questions of MCP servers: stored while a person has not answered, on any server of the database. The call waits for them with its
// connection, so a question ends with the process that asks it.

import { setTimeout as wait } from "node:timers/promises";
import { and, desc, eq, getTableColumns, gt, inArray, isNull, lt, notInArray } from "drizzle-orm";
import type { Database, Queryable } from "../../db/database.ts";
import { type Reach, tasksIn } from "../../db/reach.ts";
import { type McpQuestionStatus, mcpQuestions, tasks } from "../../db/schema.ts";
import { storable, storableJson } from "../../db/storable.ts";
import { HeddleError, notFound } from "../../errors.ts";
import { newId } from "../../ids.ts";
import type { Logger } from "../../log.ts";
import { compileSchema } from "../../schema/json-schema.ts";
import type { JsonObject } from "../../sdk/json.ts";
import type { Vault } from "../../secrets/vault.ts";
import { withoutPatterns } from "../client/listed-tool.ts";
import {
  CANCELLED,
  type Content,
  DECLINED,
  MOST_MESSAGE,
  MOST_SCHEMA,
  QUESTION_MS,
  type Question,
  type Reply,
} from "./question.ts";

export type McpQuestionRow = Omit<typeof mcpQuestions.$inferSelect, "answer" | "wait_id" | "input_name">;

export interface AskedIn {
  server: string;
  reference: string;
  task_id: string;
}

export interface QuestionFilter {
  status?: McpQuestionStatus;
  task_id?: string;
  session_id?: string;
  limit: number;
  cursor?: string;
  reach?: Reach | undefined;
}

export interface GivenReply {
  action: "accept" | "decline";
  content?: JsonObject | undefined;
}

export interface QuestionsOptions {
  db: Database;
  vault: Pick<Vault, "seal" | "open">;
  /** Called when somebody is asked, and when that is over. */
  onChange: (server: string) => void;
  /** Lets the run go on that waits for the answer, in its transaction. The caller holds the lock of the task's row. */
  settle: (tx: Queryable, waitId: string, task: { id: string; session_id: string }) => Promise<void>;
  log: Logger;
  now: () => number;
}

export type Questions = ReturnType<typeof createQuestions>;

const LOOK_MS = 500;

const at = (id: string) => ({ table: "mcp_questions", row: id, field: "answer" });

export function createQuestions({ db: { query }, vault, onChange, settle, log, now }: QuestionsOptions) {
  const { answer: _, wait_id: _wait, input_name: _name, ...columns } = getTableColumns(mcpQuestions);
  const inReach = (reach: Reach | undefined) =>
    reach &&
    inArray(mcpQuestions.task_id, query.select({ id: tasks.id }).from(tasks).where(tasksIn(query, reach)));

  /** Returns whether this call did. */
  const end = async (id: string, server: string, status: McpQuestionStatus): Promise<boolean> => {
    const ended = await query
      .update(mcpQuestions)
      .set({ status })
      .where(and(eq(mcpQuestions.id, id), eq(mcpQuestions.status, "pending")))
      .returning({ id: mcpQuestions.id });
    if (ended.length > 0) onChange(server);
    return ended.length > 0;
  };

  /** Those that this process asks. */
  const own = new Set<string>();

  /** Ends those of a run whose process is gone: a run is in one process at a time, so that they are not of this one. */
  async function endLeft(taskId: string): Promise<void> {
    const left = await query
      .update(mcpQuestions)
      .set({ status: "cancelled" })
      .where(
        and(
          eq(mcpQuestions.task_id, taskId),
          eq(mcpQuestions.status, "pending"),
          // Others wait in the database.
          isNull(mcpQuestions.wait_id),
          own.size === 0 ? undefined : notInArray(mcpQuestions.id, [...own]),
        ),
      )
      .returning({ server: mcpQuestions.server_id });
    for (const { server } of left) onChange(server);
  }

  async function take(id: string): Promise<Reply | undefined> {
    const [row] = await query.select().from(mcpQuestions).where(eq(mcpQuestions.id, id));
    if (!row) return CANCELLED;
    if (row.status === "pending") return undefined;
    if (row.status === "declined") return DECLINED;
    if (row.status !== "answered" || row.answer === null) return CANCELLED;
    await query.update(mcpQuestions).set({ answer: null }).where(eq(mcpQuestions.id, id));
    return { action: "accept", content: JSON.parse(vault.open(row.answer, at(id))) as Content };
  }

  async function askOne(
    id: string,
    asked: AskedIn,
    task: { session_id: string; bot_id: string },
    { message, schema }: Question,
    signal: AbortSignal,
  ): Promise<Reply> {
    const until = now() + QUESTION_MS;
    await query.insert(mcpQuestions).values({
      ...{ id, ...task, task_id: asked.task_id, server_id: asked.server },
      tool_reference: asked.reference,
      message: storable(message.slice(0, MOST_MESSAGE)),
      schema: storableJson(withoutPatterns(schema) as JsonObject),
      expires_at: new Date(until),
    });
    log.info("MCP server {id} asks a person about a call", { id: asked.server, task_id: asked.task_id });
    onChange(asked.server);
    while (now() < until) {
      try {
        await wait(LOOK_MS, undefined, { signal });
      } catch {
        await end(id, asked.server, "cancelled");
        return CANCELLED;
      }
      const reply = await take(id);
      if (reply) return reply;
    }
    // Somebody may have answered at the last moment.
    return (await end(id, asked.server, "expired")) ? CANCELLED : ((await take(id)) ?? CANCELLED);
  }

  /** Locks the run first, as it does itself when it pauses. Undefined: nobody waits for it any more. */
  async function store(
    tx: Queryable,
    { id, task_id, session_id }: McpQuestionRow,
    { action, content }: { action: GivenReply["action"]; content: JsonObject },
    by: string,
  ): Promise<McpQuestionRow | undefined> {
    await tx.select({ id: tasks.id }).from(tasks).where(eq(tasks.id, task_id)).for("update");
    const accepted = action === "accept";
    const [answered] = await tx
      .update(mcpQuestions)
      .set({
        status: accepted ? "answered" : "declined",
        answer: accepted ? vault.seal(JSON.stringify(content), at(id)) : null,
        answered_by: by,
        answered_at: new Date(now()),
      })
      .where(
        and(
          eq(mcpQuestions.id, id),
          eq(mcpQuestions.status, "pending"),
          gt(mcpQuestions.expires_at, new Date(now())),
        ),
      )
      .returning();
    if (!answered) return undefined;
    const { answer: _, wait_id, input_name: _name, ...shown } = answered;
    if (wait_id !== null) await settle(tx, wait_id, { id: task_id, session_id });
    return shown;
  }

  return {
    /** Resolves with what a person has answered; declined where there is no run, and so nobody to ask. */
    async ask(asked: AskedIn, { message, schema }: Question, signal: AbortSignal): Promise<Reply> {
      const [task] = await query
        .select({ session_id: tasks.session_id, bot_id: tasks.bot_id })
        .from(tasks)
        .where(and(eq(tasks.id, asked.task_id), eq(tasks.status, "running")));
      if (!task || JSON.stringify(schema).length > MOST_SCHEMA) return DECLINED;
      await endLeft(asked.task_id);
      const id = newId();
      own.add(id);
      try {
        return await askOne(id, asked, task, { message, schema }, signal);
      } finally {
        own.delete(id);
      }
    },
    endLeft,

    /** Newest first. */
    list: ({
      limit,
      cursor,
      reach,
      status,
      task_id,
      session_id,
    }: QuestionFilter): Promise<McpQuestionRow[]> =>
      query
        .select(columns)
        .from(mcpQuestions)
        .where(
          and(
            status && eq(mcpQuestions.status, status),
            // One whose server stopped is asked by nobody any more.
            status === "pending" ? gt(mcpQuestions.expires_at, new Date(now())) : undefined,
            task_id === undefined ? undefined : eq(mcpQuestions.task_id, task_id),
            session_id === undefined ? undefined : eq(mcpQuestions.session_id, session_id),
            cursor === undefined ? undefined : lt(mcpQuestions.id, cursor),
            inReach(reach),
          ),
        )
        .orderBy(desc(mcpQuestions.id))
        .limit(limit),

    /** The first answer stands. Throws `not_found`, `validation` and `conflict`. */
    async answer(
      id: string,
      { action, content = {} }: GivenReply,
      by: string,
      reach: Reach | undefined,
    ): Promise<McpQuestionRow> {
      const [row] = await query
        .select(columns)
        .from(mcpQuestions)
        .where(and(eq(mcpQuestions.id, id), inReach(reach)));
      if (!row) throw notFound("question", id);
      if (action === "accept") checkContent(row.schema, content);
      const answered = await query.transaction((tx) => store(tx, row, { action, content }, by));
      if (!answered) {
        const who =
          row.answered_by === null
            ? "Nobody waits for an answer any more"
            : `${row.answered_by} answered it already`;
        throw new HeddleError("conflict", `${who}.`);
      }
      onChange(row.server_id);
      return answered;
    },
  };
}

/** Only fields that the server has asked for. */
function checkContent(schema: JsonObject, content: JsonObject): void {
  const known = Object.keys((schema.properties as JsonObject | undefined) ?? {});
  const unknown = Object.keys(content).find((name) => !known.includes(name));
  if (unknown !== undefined) throw wrong(unknown, "is not among the fields");
  const [problem] = compileSchema(schema)(content);
  if (problem) throw wrong(problem.field, problem.message);
}

function wrong(name: string, reason: string): HeddleError {
  const field = ["content", name].filter(Boolean).join(".");
  return new HeddleError("validation", `${field} ${reason}.`, { field });
}
