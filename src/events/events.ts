// One stream of all that happens: what is logged in the database, and what running runs write at this moment.

import type { Database } from "../db/database.ts";
import { newId } from "../ids.ts";
import type { Logger } from "../log.ts";
import { type Cursor, oldestIn } from "./cursor.ts";
import { createLive, type Live } from "./live.ts";
import { type Placed, readLog } from "./log.ts";
import { createPurge, PURGED } from "./purge.ts";
import { createRemote, type Remote } from "./remote.ts";
import { createTail, type Follower } from "./tail.ts";

export interface Events {
  readonly live: Live;
  /** Says that something was committed, so that it is read now and not at the next poll. */
  committed(): void;
  /** Says that a run may have to stop. */
  askToStop(): void;
  onStopAsked(listener: () => void): () => void;
  /** Follows the log from the place, or from now on. */
  open(from?: Cursor): Promise<Follower>;
  /** Resolves when there may be news of the task (null: of anything), after `ms`, or when the signal is aborted. */
  changed(taskId: string | null, ms: number, signal: AbortSignal): Changes;
  /** Returns what the log has about one task after the place, and a follower of what comes after that. */
  openTask(taskId: string, from: Cursor): Promise<{ past: Placed[]; follower: Follower }>;
  /** Whether events after the place have been deleted. */
  isLost(from: Cursor): Promise<boolean>;
  /** Records that an integration has become live, quarantined and so on. */
  integrationChanged(id: string, status: string): void;
  /** Records that an MCP server has become connected, degraded and so on. */
  mcpChanged(id: string, state: string): void;
  codingAgentChanged(id: string): void;
  close(): Promise<void>;
}

export interface Changes {
  /** "late": nothing happened in the given time. */
  readonly happened: Promise<"news" | "late">;
  cancel(): void;
}

/** The place before all events that are kept. */
export const BEGINNING: Cursor = { since: "1:1:" };

export async function createEvents({ db, log }: { db: Database; log: Logger }): Promise<Events> {
  const live = createLive();
  const tail = createTail({ db, log, onGrowth: live.wakeAll });
  const purge = createPurge({ db, log });
  const stoppers = new Set<() => void>();
  const stop = () => {
    for (const listener of stoppers) listener();
  };
  let remote: Remote | undefined;
  // The embedded database has one process.
  if (db.kind === "postgres") {
    remote = await createRemote({
      db,
      log,
      live,
      id: newId(),
      isFollowed: () => tail.isFollowed,
      onWake: tail.wake,
      onStop: stop,
    });
  }
  const writing = new Set<Promise<unknown>>();
  const write = (statement: string, parameters: unknown[]): void => {
    const written = db
      .execute(statement, parameters)
      .then(tail.wake, () => undefined)
      .finally(() => writing.delete(written));
    writing.add(written);
  };
  const open: Events["open"] = async (from) => {
    if (!tail.isFollowed) remote?.announce();
    return tail.open(from);
  };
  return {
    live,
    open,
    askToStop() {
      stop();
      remote?.askToStop();
    },
    onStopAsked(listener) {
      stoppers.add(listener);
      return () => stoppers.delete(listener);
    },
    committed() {
      tail.wake();
      remote?.wake();
    },
    changed(taskId, ms, signal) {
      const { promise, resolve } = Promise.withResolvers<"news" | "late">();
      const unwatch = live.watch(taskId, () => resolve("news"));
      const timer = setTimeout(() => resolve("late"), ms);
      const stop = () => resolve("news");
      signal.addEventListener("abort", stop, { once: true });
      const cancel = () => {
        unwatch();
        signal.removeEventListener("abort", stop);
        clearTimeout(timer);
        resolve("news");
      };
      return { happened: promise, cancel };
    },
    async openTask(taskId, from) {
      const follower = await open();
      const { since } = follower.cursor;
      const past: Placed[] = [];
      let cursor = from;
      try {
        for (;;) {
          const within = cursor.within ?? { snapshot: since, id: 0 };
          const page = await readLog(db, { since: cursor.since, within }, { taskId });
          past.push(...page.events);
          cursor = page.cursor;
          if (!page.hasMore && cursor.since === since) return { past, follower };
        }
      } catch (error) {
        follower.close();
        throw error;
      }
    },
    async isLost({ since }) {
      const { rows } = await db.execute(
        `select (value #>> '{}')::bigint >= $1::bigint as lost, $1::bigint > pg_current_xact_id()::text::bigint as alien
         from (select 1) one left join meta on key = '${PURGED}'`,
        [oldestIn(since)],
      );
      return rows[0]?.lost === true || rows[0]?.alien === true;
    },
    integrationChanged: (id, status) =>
      write(
        "insert into events (type, integration_id, data) values ('integration.' || $2::text, $1::text, '{}')",
        [id, status],
      ),
    mcpChanged: (id, state) =>
      write(
        "insert into events (type, data) values ('mcp.' || $2::text, jsonb_build_object('server_id', $1::text))",
        [id, state],
      ),
    codingAgentChanged: (id) =>
      write(
        "insert into events (type, data) values ('coding_agent.changed', jsonb_build_object('agent_id', $1::text))",
        [id],
      ),
    async close() {
      await Promise.all([...writing, purge.close(), remote?.close()]);
      await tail.close();
    },
  };
}
