// Calls whose runs are suspended: until people have answered what a server of the newer protocol wants to know, or until a server has
// done a task. What they wait for is in the database, so that they go on after a restart, on any server.

import { and, eq, inArray, sql } from "drizzle-orm";
import type { Database, Queryable } from "../../db/database.ts";
import { mcpQuestions, mcpWaits, tasks } from "../../db/schema.ts";
import { storable, storableJson } from "../../db/storable.ts";
import { newId } from "../../ids.ts";
import type { JsonObject } from "../../sdk/json.ts";
import type { Vault } from "../../secrets/vault.ts";
import type { Asks, ServerTask } from "../client/calls.ts";
import { LONGEST_POLL_MS, TASK_MS } from "../client/calls.ts";
import { withoutPatterns } from "../client/listed-tool.ts";
import {
  asksTooOften,
  CANCELLED,
  type Content,
  DECLINED,
  MOST_MESSAGE,
  MOST_ROUNDS,
  MOST_SCHEMA,
  type Reply,
} from "../questions/question.ts";

export type Wait = typeof mcpWaits.$inferSelect;

/** How the run is told that it can go on. The caller holds the lock of the task's row. */
export type Wake = (tx: Queryable, task: { id: string; session_id: string }) => Promise<boolean>;

export interface WaitingCall {
  /** The id of the call. */
  id: string;
  task_id: string;
  server: string;
  reference: string;
}

export interface WaitsOptions {
  db: Pick<Database, "query">;
  vault: Pick<Vault, "seal" | "open">;
  wake: Wake;
  /** Called when a call begins to wait. */
  onWait: () => void;
  now: () => number;
}

export type Waits = ReturnType<typeof createWaits>;

/** As long as people have for an approval. */
const PEOPLE_MS = 3_600_000;

/** What the server wants back, and which of its questions nobody is asked. */
interface KeptQuestions {
  state?: string | undefined;
  declined: string[];
}
interface KeptTask {
  task: string;
  pollMs: number;
}

const at = (id: string) => ({ table: "mcp_waits", row: id, field: "state" });
const answerAt = (id: string) => ({ table: "mcp_questions", row: id, field: "answer" });

export function createWaits({ db: { query }, vault, wake, onWait, now }: WaitsOptions) {
  const sealed = (id: string, kept: KeptQuestions | KeptTask) => vault.seal(JSON.stringify(kept), at(id));
  const opened = <Kept>({ id, state }: Wait): Kept => JSON.parse(vault.open(state, at(id))) as Kept;

  /** Undefined if there is no run that could wait. */
  const lockedTask = async (tx: Queryable, id: string) => {
    const [task] = await tx
      .select({ id: tasks.id, session_id: tasks.session_id, bot_id: tasks.bot_id })
      .from(tasks)
      .where(and(eq(tasks.id, id), eq(tasks.status, "running")))
      .for("update");
    return task;
  };

  async function put(
    tx: Queryable,
    { id, task_id, server }: WaitingCall,
    what: Pick<Wait, "kind" | "state" | "due_at" | "ends_at">,
  ): Promise<void> {
    const [row] = await tx
      .insert(mcpWaits)
      .values({ id, task_id, server_id: server, ...what })
      .onConflictDoUpdate({
        target: mcpWaits.id,
        set: { ...what, status: "waiting", rounds: sql`${mcpWaits.rounds} + 1` },
      })
      .returning({ rounds: mcpWaits.rounds });
    if ((row?.rounds ?? 0) > MOST_ROUNDS) throw asksTooOften(server);
    onWait();
  }

  return {
    find: async (id: string): Promise<Wait | undefined> =>
      (await query.select().from(mcpWaits).where(eq(mcpWaits.id, id)))[0],

    /** Asks people; returns whether there is a run that waits for them. */
    ask: (call: WaitingCall, { questions, state }: Asks): Promise<boolean> =>
      query.transaction(async (tx) => {
        const task = await lockedTask(tx, call.task_id);
        const asked = questions.flatMap(({ name, question }) =>
          question && JSON.stringify(question.schema).length <= MOST_SCHEMA ? [{ name, question }] : [],
        );
        if (!task || asked.length === 0) return false;
        const names = asked.map(({ name }) => name);
        const declined = questions.map(({ name }) => name).filter((name) => !names.includes(name));
        const until = new Date(now() + PEOPLE_MS);
        const kept = { state: sealed(call.id, { state, declined }), due_at: until, ends_at: until };
        await tx
          .update(mcpQuestions)
          .set({ wait_id: null, answer: null })
          .where(eq(mcpQuestions.wait_id, call.id));
        await put(tx, call, { kind: "questions", ...kept });
        await tx.insert(mcpQuestions).values(
          asked.map(({ name, question: { message, schema } }) => ({
            ...{ id: newId(), task_id: task.id, session_id: task.session_id, bot_id: task.bot_id },
            ...{ server_id: call.server, tool_reference: call.reference, wait_id: call.id, input_name: name },
            message: storable(message.slice(0, MOST_MESSAGE)),
            schema: storableJson(withoutPatterns(schema) as JsonObject),
            expires_at: until,
          })),
        );
        return true;
      }),

    /** Waits for a task of the server; returns whether there is a run that does. */
    await: (call: WaitingCall, { id, pollMs }: ServerTask): Promise<boolean> =>
      query.transaction(async (tx) => {
        if (!(await lockedTask(tx, call.task_id))) return false;
        const [due_at, ends_at] = [pollMs, TASK_MS].map((ms) => new Date(now() + ms)) as [Date, Date];
        const state = sealed(call.id, { task: id, pollMs });
        await put(tx, call, { kind: "task", state, due_at, ends_at });
        return true;
      }),

    taskOf: (wait: Wait): KeptTask => opened<KeptTask>(wait),

    /** What people have answered, to be sent with the call; whoever takes it makes the call. */
    async replies(wait: Wait): Promise<{ replies: Record<string, Reply>; state: string | undefined }> {
      const { state, declined } = opened<KeptQuestions>(wait);
      const rows = await query.select().from(mcpQuestions).where(eq(mcpQuestions.wait_id, wait.id));
      const replyTo = ({ id, status, answer }: (typeof rows)[number]): Reply => {
        if (status === "answered" && answer !== null)
          return { action: "accept", content: JSON.parse(vault.open(answer, answerAt(id))) as Content };
        return status === "declined" ? DECLINED : CANCELLED;
      };
      // A name is the server's own word, which an assignment could take for something of every object.
      const replies = Object.fromEntries([
        ...declined.map((name): [string, Reply] => [name, DECLINED]),
        ...rows.map((row): [string, Reply] => [row.input_name ?? "", replyTo(row)]),
      ]);
      return { replies, state };
    },

    /** From now on it is not known what becomes of the call, until it has ended. */
    sent: async (id: string): Promise<void> => {
      await query.update(mcpWaits).set({ status: "sent" }).where(eq(mcpWaits.id, id));
    },

    /** The call has ended, or nobody knows how. */
    end: (id: string): Promise<void> =>
      query.transaction(async (tx) => {
        await tx.delete(mcpWaits).where(eq(mcpWaits.id, id));
        await tx.update(mcpQuestions).set({ answer: null }).where(eq(mcpQuestions.wait_id, id));
        await tx
          .update(mcpQuestions)
          .set({ status: "cancelled" })
          .where(and(eq(mcpQuestions.wait_id, id), eq(mcpQuestions.status, "pending")));
      }),

    /** Lets the run go on if nobody is asked any more. The caller holds the lock of the task's row. */
    async settle(tx: Queryable, id: string, task: { id: string; session_id: string }): Promise<void> {
      const ready = await tx
        .update(mcpWaits)
        .set({ status: "ready" })
        .where(
          and(
            eq(mcpWaits.id, id),
            eq(mcpWaits.status, "waiting"),
            sql`not exists (select from ${mcpQuestions} where ${eq(mcpQuestions.wait_id, id)} and ${eq(mcpQuestions.status, "pending")})`,
          ),
        )
        .returning({ id: mcpWaits.id });
      if (ready.length > 0) await wake(tx, task);
    },

    /** Lets the run go on, whatever the questions. */
    settleNow: (wait: Wait): Promise<void> =>
      query.transaction(async (tx) => {
        const [task] = await tx
          .select({ id: tasks.id, session_id: tasks.session_id })
          .from(tasks)
          .where(eq(tasks.id, wait.task_id))
          .for("update");
        await tx
          .update(mcpQuestions)
          .set({ status: "expired" })
          .where(and(eq(mcpQuestions.wait_id, wait.id), eq(mcpQuestions.status, "pending")));
        const ready = await tx
          .update(mcpWaits)
          .set({ status: "ready" })
          .where(and(eq(mcpWaits.id, wait.id), eq(mcpWaits.status, "waiting")))
          .returning({ id: mcpWaits.id });
        if (task && ready.length > 0) await wake(tx, task);
      }),

    /** Those to look at now; each is claimed for a while, so that two servers do not look at the same one. */
    async due(claimMs: number): Promise<(Wait & { isOver: boolean })[]> {
      const open = sql`${tasks.status} in ('pending', 'running', 'waiting')`;
      const at = (ms: number) => sql`${new Date(now() + ms).toISOString()}::timestamptz`;
      // No look at a task is planned for later than this, unless the clock has been set back since.
      const isAhead = sql`${mcpWaits.kind} = 'task' and ${mcpWaits.due_at} > ${at(claimMs + LONGEST_POLL_MS)}`;
      const isDue = sql`(${mcpWaits.due_at} <= ${at(0)} or ${isAhead})`;
      const found = await query
        .select({ id: mcpWaits.id, isOver: sql<boolean>`not ${open}` })
        .from(mcpWaits)
        .innerJoin(tasks, eq(tasks.id, mcpWaits.task_id))
        .where(sql`not ${open} or (${mcpWaits.status} = 'waiting' and ${isDue})`)
        .limit(MOST_DUE);
      if (found.length === 0) return [];
      const over = new Map(found.map(({ id, isOver }) => [id, isOver]));
      const claimed = await query
        .update(mcpWaits)
        .set({ due_at: new Date(now() + claimMs) })
        .where(
          and(
            inArray(mcpWaits.id, [...over.keys()]),
            sql`(${isDue} or ${mcpWaits.status} <> 'waiting' or ${inArray(
              mcpWaits.id,
              [...over].flatMap(([id, isOver]) => (isOver ? [id] : [])),
            )})`,
          ),
        )
        .returning();
      return claimed.map((row) => ({ ...row, isOver: over.get(row.id) ?? false }));
    },

    isAny: async (): Promise<boolean> =>
      (await query.select({ id: mcpWaits.id }).from(mcpWaits).limit(1)).length > 0,

    /** Looks again after the time that the server has asked for. */
    again: async ({ id }: Wait, ms: number): Promise<void> => {
      await query
        .update(mcpWaits)
        .set({ due_at: new Date(now() + ms) })
        .where(and(eq(mcpWaits.id, id), eq(mcpWaits.status, "waiting")));
    },
  };
}

const MOST_DUE = 100;
