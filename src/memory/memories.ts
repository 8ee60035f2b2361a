// What bots remember: written by their tools, reviewed by people where it may come from strangers, and searched together with what was
// said in earlier sessions.

import { and, desc, eq, getTableColumns, inArray, lt, type SQL, sql } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";
import { isUniqueViolation } from "../db/failure.ts";
import { type Reach, sessionsIn } from "../db/reach.ts";
import { type MemoryStatus, memories, sessions } from "../db/schema.ts";
import { storable } from "../db/storable.ts";
import { HeddleError, notFound } from "../errors.ts";
import { newId } from "../ids.ts";
import { isTainted } from "../taint/taint.ts";
import { currentMemories } from "./current.ts";

export type MemoryRow = typeof memories.$inferSelect;

export interface ShownMemory extends MemoryRow {
  /** Whether the bot believes it now: of the accepted versions it is the last, and does not say to forget. */
  applies: boolean;
}

export interface MemoryFilter {
  bot_id?: string;
  channel_id?: string;
  memory_id?: string;
  status?: MemoryStatus;
  applies?: boolean;
  limit: number;
  cursor?: string;
  reach?: Reach | undefined;
}

/** The run that a tool serves. */
export interface MemoryRun {
  task_id: string;
  bot_id: string;
  channel_id: string;
}

export interface Memories {
  /** `onlyHere` keeps it in the channel of the run; memories of a private channel always stay there. */
  remember(run: MemoryRun, text: string, options: { onlyHere: boolean }): Promise<MemoryRow>;
  /** Replaces a part of the text. @throws HeddleError `not_found`, `conflict` (another version applies), `validation` */
  correct(run: MemoryRun, at: VersionOf, change: { old: string; new: string }): Promise<MemoryRow>;
  /** @throws HeddleError `not_found`, `conflict` */
  forget(run: MemoryRun, at: VersionOf): Promise<MemoryRow>;
  list(filter: MemoryFilter): Promise<ShownMemory[]>;
  /** One version. @throws HeddleError `not_found` */
  get(id: string, reach: Reach | undefined): Promise<ShownMemory>;
  /** @throws HeddleError `not_found`, `conflict` (reviewed already, or a newer version applies) */
  review(id: string, status: "accepted" | "rejected", reach: Reach | undefined): Promise<ShownMemory>;
  /** Deletes all versions of the memory. @throws HeddleError `not_found` */
  remove(id: string, reach: Reach | undefined): Promise<void>;
}

export interface VersionOf {
  memory_id: string;
  version: number;
}

export interface MemoriesOptions {
  db: Database;
  /** Told after each change of what a bot remembers, with the days (UTC, "2026-11-28") on which it was learned. */
  onChange(botId: string, days: string[]): void;
}

const LONGEST = 1_000;
/** A bot that remembers more than this finds nothing any more. */
const MOST_OF_BOT = 5_000;

const APPLIES = sql<boolean>`(memories.status = 'accepted' and memories.text is not null and not exists (
  select 1 from memories newer where newer.memory_id = memories.memory_id and newer.status = 'accepted'
    and newer.version > memories.version))`;
const SHOWN = { ...getTableColumns(memories), applies: APPLIES };

export function createMemories({ db, onChange }: MemoriesOptions): Memories {
  const current = async (run: MemoryRun, memoryId: string): Promise<MemoryRow> => {
    const { rows } = await db.execute(
      `select * from (${currentMemories("$1::text", "$2::uuid")}) applies where memory_id = $3::uuid`,
      [run.bot_id, run.channel_id, memoryId],
    );
    const [row] = rows;
    if (!row) throw notFound("memory", memoryId);
    return row as unknown as MemoryRow;
  };

  async function add(run: MemoryRun, version: NewVersion): Promise<MemoryRow> {
    const { rows } = await db.execute(ADD, [
      newId(),
      version.memory_id,
      version.version,
      version.text === null ? null : checked(version.text),
      version.channel === "only here",
      version.channel_id ?? null,
      run.task_id,
    ]);
    const [row] = rows;
    if (!row) throw notFound("task", run.task_id);
    onChange(run.bot_id, [dayOf(row.created_at)]);
    return row as unknown as MemoryRow;
  }

  /** Adds the next version if the one that was read still applies. */
  async function next(run: MemoryRun, at: VersionOf, textOf: (row: MemoryRow) => string | null) {
    // First the number and then the text: whatever comes in between makes one of the two differ.
    const last = await db.query
      .select({ version: memories.version })
      .from(memories)
      .where(eq(memories.memory_id, at.memory_id))
      .orderBy(desc(memories.version))
      .limit(1);
    const row = await current(run, at.memory_id);
    if (row.version !== at.version) throw changed(row);
    try {
      const version = (last[0]?.version ?? row.version) + 1;
      return await add(run, {
        memory_id: row.memory_id,
        version,
        text: textOf(row),
        channel: row.channel_id === null ? "as it was" : "only here",
        channel_id: row.channel_id,
      });
    } catch (error) {
      if (isUniqueViolation(error)) throw changed(await current(run, at.memory_id));
      throw error;
    }
  }

  const inReach = (query: Queryable, reach: Reach | undefined): SQL | undefined =>
    reach &&
    inArray(
      memories.session_id,
      query.select({ id: sessions.id }).from(sessions).where(sessionsIn(query, reach)),
    );

  const find = async (query: Queryable, id: string, reach: Reach | undefined): Promise<ShownMemory> => {
    const [row] = await query
      .select(SHOWN)
      .from(memories)
      .where(and(eq(memories.id, id), inReach(query, reach)));
    if (!row) throw notFound("memory", id);
    return row;
  };

  return {
    async remember(run, given, { onlyHere }) {
      const text = checked(given);
      const { rows } = await db.execute(
        `select count(*)::int as count, min(id::text) filter (where text = $3::text) as known
         from (${currentMemories("$1::text", "$2::uuid")}) applies`,
        [run.bot_id, run.channel_id, text],
      );
      const known = rows[0]?.known;
      if (known) return await find(db.query, String(known), undefined);
      if (Number(rows[0]?.count) >= MOST_OF_BOT) {
        throw new HeddleError(
          "conflict",
          `A bot remembers at most ${MOST_OF_BOT} things; forget some first.`,
        );
      }
      return await add(run, {
        memory_id: newId(),
        version: 1,
        text,
        channel: onlyHere ? "only here" : "by its channel",
      });
    },
    correct: (run, at, change) =>
      next(run, at, ({ text }) => {
        const whole = text ?? "";
        const start = whole.indexOf(change.old);
        if (change.old === "" || start < 0) {
          throw new HeddleError("validation", `old must be a part of the text, which is: ${whole}`, {
            field: "old",
          });
        }
        return whole.slice(0, start) + change.new + whole.slice(start + change.old.length);
      }),
    forget: (run, at) => next(run, at, () => null),
    list: ({ limit, cursor, reach, applies, ...filter }) =>
      db.query
        .select(SHOWN)
        .from(memories)
        .where(
          and(
            ...Object.entries(filter).flatMap(([name, value]) =>
              value === undefined ? [] : [eq(memories[name as keyof typeof filter], value)],
            ),
            applies === undefined ? undefined : eq(APPLIES, applies),
            cursor === undefined ? undefined : lt(memories.id, cursor),
            inReach(db.query, reach),
          ),
        )
        .orderBy(desc(memories.id))
        .limit(limit),
    get: (id, reach) => find(db.query, id, reach),
    async review(id, status, reach) {
      const reviewed = await db.query.transaction(async (tx) => {
        const row = await find(tx, id, reach);
        const [newest] = await tx
          .select({ version: memories.version })
          .from(memories)
          .where(and(eq(memories.memory_id, row.memory_id), eq(memories.status, "accepted")))
          .orderBy(desc(memories.version))
          .limit(1);
        if (status === "accepted" && newest && newest.version > row.version) {
          throw new HeddleError(
            "conflict",
            `Version ${newest.version} of this memory has been accepted already.`,
          );
        }
        const [changed] = await tx
          .update(memories)
          .set({ status, reviewed_at: new Date() })
          .where(and(eq(memories.id, id), eq(memories.status, "unreviewed")))
          .returning();
        if (!changed)
          throw new HeddleError(
            "conflict",
            `This memory is ${row.status}; only an unreviewed one can be reviewed.`,
          );
        // A newer version that is accepted already would have been refused above.
        return { ...changed, applies: status === "accepted" && changed.text !== null };
      });
      onChange(reviewed.bot_id, [dayOf(reviewed.created_at)]);
      return reviewed;
    },
    async remove(id, reach) {
      const row = await find(db.query, id, reach);
      const deleted = await db.query
        .delete(memories)
        .where(eq(memories.memory_id, row.memory_id))
        .returning({ created_at: memories.created_at });
      onChange(row.bot_id, [...new Set(deleted.map(({ created_at }) => dayOf(created_at)))]);
    },
  };
}

const dayOf = (instant: unknown): string => new Date(instant as string | Date).toISOString().slice(0, 10);

interface NewVersion extends VersionOf {
  text: string | null;
  channel: "only here" | "by its channel" | "as it was";
  channel_id?: string | null;
}

function checked(text: string): string {
  const trimmed = storable(text).trim();
  if (trimmed === "" || trimmed.length > LONGEST) {
    throw new HeddleError("validation", `text must have 1 to ${LONGEST} characters; got ${trimmed.length}.`, {
      field: "text",
    });
  }
  return trimmed;
}

const changed = ({ version, text }: MemoryRow): HeddleError =>
  new HeddleError("conflict", `The memory is at version ${version} now; its text is: ${text}`, {
    field: "version",
  });

/** A memory of a private channel stays there, and what a tainted session taught waits for a review. */
const ADD = `
  insert into memories (id, memory_id, version, bot_id, channel_id, text, status, session_id, message_id, task_id)
  select $1::uuid, $2::uuid, $3::int, run.bot_id,
    coalesce($6::uuid, case when $5::boolean or place.private then run.channel_id end), $4::text,
    case when ${isTainted("run.session_id")} then 'unreviewed' else 'accepted' end,
    run.session_id, run.message_id, run.id
  from tasks run join channels place on place.id = run.channel_id
  where run.id = $7::uuid
  returning *`;
