// What coding agents have worked on: a row for each piece of work, written when it begins and when it ends.

import { and, desc, eq, getTableColumns, inArray, lt, ne, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { type Reach, tasksIn } from "../db/reach.ts";
import { type CodingSessionStatus, codingSessions, tasks } from "../db/schema.ts";
import { storable } from "../db/storable.ts";
import { newId } from "../ids.ts";
import type { Redact } from "../redact.ts";

export type CodingSessionRow = typeof codingSessions.$inferSelect;

export interface CodingSessionFilter {
  agent_id: string;
  limit: number;
  cursor?: string;
  reach?: Reach | undefined;
}

export interface BegunIn {
  task_id: string;
  session_id: string;
  bot_id: string;
}

export interface CodingSessionsOptions {
  db: Pick<Database, "query">;
  redact: Redact;
  /** Called when one has begun or ended. */
  onChange: (agentId: string) => void;
}

/** What is known of an agent from its work. */
export interface Worked {
  running: number;
  /** How the last one ended; null if none has. */
  last: { at: Date; error: string | null } | null;
}

export type CodingSessions = ReturnType<typeof createCodingSessions>;

const LONGEST = 2_000;

export function createCodingSessions({ db: { query }, redact, onChange }: CodingSessionsOptions) {
  const kept = (text: string) => storable(redact(text).slice(0, LONGEST));

  return {
    /** Returns its id. */
    async begin(
      agentId: string,
      { task_id, session_id, bot_id }: BegunIn,
      asked: { folder: string; task: string },
    ): Promise<string> {
      const id = newId();
      await query.insert(codingSessions).values({
        ...{ id, agent_id: agentId, task_id, session_id, bot_id },
        folder: kept(asked.folder),
        asked: kept(asked.task),
      });
      onChange(agentId);
      return id;
    },

    async end(
      id: string,
      agentId: string,
      how: { status: CodingSessionStatus; error?: string; changed_files?: number },
    ): Promise<void> {
      const { status, error, changed_files = null } = how;
      await query
        .update(codingSessions)
        .set({
          ...{ status, changed_files },
          error: error === undefined ? null : kept(error),
          ended_at: sql`now()`,
        })
        .where(and(eq(codingSessions.id, id), eq(codingSessions.status, "running")));
      onChange(agentId);
    },

    /** Ends what a process that is gone had begun for this run. */
    async endLeft(agentId: string, taskId: string): Promise<void> {
      await query
        .update(codingSessions)
        .set({ status: "unknown", error: "Heddle stopped meanwhile.", ended_at: sql`now()` })
        .where(
          and(
            eq(codingSessions.agent_id, agentId),
            eq(codingSessions.task_id, taskId),
            eq(codingSessions.status, "running"),
          ),
        );
      onChange(agentId);
    },

    /** Newest first. */
    list: ({ agent_id, limit, cursor, reach }: CodingSessionFilter): Promise<CodingSessionRow[]> =>
      query
        .select(getTableColumns(codingSessions))
        .from(codingSessions)
        .where(
          and(
            eq(codingSessions.agent_id, agent_id),
            cursor === undefined ? undefined : lt(codingSessions.id, cursor),
            reach &&
              inArray(
                codingSessions.task_id,
                query.select({ id: tasks.id }).from(tasks).where(tasksIn(query, reach)),
              ),
          ),
        )
        .orderBy(desc(codingSessions.id))
        .limit(limit),

    /** By the id of the agent. A session whose run is over does not work any more, whatever its row says. */
    async worked(): Promise<Map<string, Worked>> {
      const [running, last] = await Promise.all([
        query
          .select({ id: codingSessions.agent_id, count: sql<number>`count(*)::int` })
          .from(codingSessions)
          .innerJoin(tasks, eq(tasks.id, codingSessions.task_id))
          .where(and(eq(codingSessions.status, "running"), eq(tasks.status, "running")))
          .groupBy(codingSessions.agent_id),
        query
          .selectDistinctOn([codingSessions.agent_id], {
            ...{ id: codingSessions.agent_id, status: codingSessions.status, error: codingSessions.error },
            at: codingSessions.created_at,
          })
          .from(codingSessions)
          .where(and(ne(codingSessions.status, "running"), ne(codingSessions.status, "unknown")))
          .orderBy(codingSessions.agent_id, desc(codingSessions.id)),
      ]);
      const found = new Map<string, Worked>();
      for (const { id, status, error, at } of last) {
        found.set(id, { running: 0, last: { at, error: status === "failed" ? error : null } });
      }
      for (const { id, count } of running) {
        found.set(id, { last: found.get(id)?.last ?? null, running: count });
      }
      return found;
    },
  };
}
