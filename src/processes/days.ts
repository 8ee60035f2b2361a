// What each process did on each day: how long it ran, how long it should have and did not, and how often it crashed. Seen by
// the leader while it supervises; time in which no server looked is in no row.

import { and, desc, eq, gte, lt, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { type ProcessState, processDays } from "../db/schema.ts";

export type ProcessDay = Omit<typeof processDays.$inferSelect, "integration_id">;

/** What of a process's record counts here. */
export interface SeenProcess {
  state: ProcessState;
  next_start_at: Date | null;
  last_error: string | null;
}

export interface ProcessDays {
  /** Called with each change of a process; undefined: it is no longer supervised. */
  saw(id: string, process: SeenProcess | undefined): void;
  /** Counts the time since the last call, and stores it about once a minute. Called every few seconds. */
  tick(): void;
  /** Forgets what was seen, because another server supervises. */
  forget(): void;
  /** Resolves when everything counted has been written, or could not be. */
  flush(): Promise<void>;
  /** The latest ninety days with a row, newest first. */
  of(id: string): Promise<ProcessDay[]>;
}

export interface ProcessDaysOptions {
  db: Pick<Database, "query">;
  now: () => number;
  onError(error: unknown): void;
}

const DAY_MS = 86_400_000;
const DAYS_KEPT = 90;
const WRITE_MS = 60_000;
/** Ticks come every few seconds. After a longer pause the machine slept, and nobody knows what the process did. */
const LONGEST_MS = 30_000;

const IS_UP: readonly ProcessState[] = ["running"];
const IS_DOWN: readonly ProcessState[] = ["starting", "backing_off", "crash_looping"];
const HAS_CRASHED: readonly ProcessState[] = ["backing_off", "crash_looping"];

interface Counted {
  id: string;
  day: string;
  upMs: number;
  downMs: number;
  crashes: number;
  lastError: string | null;
}

export function createProcessDays({ db, now, onError }: ProcessDaysOptions): ProcessDays {
  const seen = new Map<string, SeenProcess & { at: number }>();
  let counted = new Map<string, Counted>();
  let writtenAt = now();
  let purgedOn = "";
  let writing: Promise<void> = Promise.resolve();

  const today = (): string => dayOf(now());

  function countOf(id: string): Counted {
    const day = today();
    const key = `${id} ${day}`;
    const count = counted.get(key) ?? { id, day, upMs: 0, downMs: 0, crashes: 0, lastError: null };
    counted.set(key, count);
    return count;
  }

  function addTime(id: string): void {
    const before = seen.get(id);
    if (!before) return;
    const passed = now() - before.at;
    before.at = now();
    if (passed <= 0 || passed > LONGEST_MS) return;
    if (IS_UP.includes(before.state)) countOf(id).upMs += passed;
    if (IS_DOWN.includes(before.state)) countOf(id).downMs += passed;
  }

  async function write(): Promise<void> {
    const rows = [...counted.values()];
    counted = new Map();
    writtenAt = now();
    for (const row of rows) await add(row);
    if (purgedOn === today()) return;
    purgedOn = today();
    await db.query.delete(processDays).where(lt(processDays.day, dayOf(now() - DAYS_KEPT * DAY_MS)));
  }

  async function add({ id, day, upMs, downMs, crashes, lastError }: Counted): Promise<void> {
    const row = {
      up_seconds: Math.round(upMs / 1_000),
      down_seconds: Math.round(downMs / 1_000),
      crashes,
      last_error: lastError,
    };
    await db.query
      .insert(processDays)
      .values({ integration_id: id, day, ...row })
      .onConflictDoUpdate({
        target: [processDays.integration_id, processDays.day],
        set: {
          up_seconds: sql`${processDays.up_seconds} + ${row.up_seconds}`,
          down_seconds: sql`${processDays.down_seconds} + ${row.down_seconds}`,
          crashes: sql`${processDays.crashes} + ${row.crashes}`,
          ...(lastError !== null && { last_error: lastError }),
        },
      });
  }

  const writeNow = (): Promise<void> => {
    writing = writing.then(write).catch(onError);
    return writing;
  };

  return {
    saw(id, process) {
      addTime(id);
      const before = seen.get(id);
      if (!process) return void seen.delete(id);
      seen.set(id, { ...process, at: now() });
      // Every crash sets another time for the next start, or none for good.
      const isCrash =
        HAS_CRASHED.includes(process.state) &&
        (process.state !== before?.state || Number(process.next_start_at) !== Number(before.next_start_at));
      if (!isCrash) return;
      const count = countOf(id);
      count.crashes += 1;
      count.lastError = process.last_error;
    },
    tick() {
      for (const id of seen.keys()) addTime(id);
      if (now() - writtenAt >= WRITE_MS && counted.size > 0) void writeNow();
    },
    forget: () => seen.clear(),
    flush: writeNow,
    of: (id) =>
      db.query
        .select({
          day: processDays.day,
          up_seconds: processDays.up_seconds,
          down_seconds: processDays.down_seconds,
          crashes: processDays.crashes,
          last_error: processDays.last_error,
        })
        .from(processDays)
        .where(
          and(
            eq(processDays.integration_id, id),
            gte(processDays.day, dayOf(now() - (DAYS_KEPT - 1) * DAY_MS)),
          ),
        )
        .orderBy(desc(processDays.day)),
  };
}

/** In UTC, as all days of the API. */
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
