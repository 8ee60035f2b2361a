// What something did on each day: how long it was up, how long it should have been and was not, and how often it failed. Seen by the
// leader while it supervises; time in which no server looked is in no row.

import { sql } from "drizzle-orm";
import { type Database, rowsOf } from "../db/database.ts";
import { type integrationDays, type ProcessState, processDays } from "../db/schema.ts";

export type ProcessDay = Omit<typeof processDays.$inferSelect, "integration_id">;

/** What of a process's record counts here. */
export interface SeenProcess {
  state: ProcessState;
  next_start_at: Date | null;
  last_error: string | null;
}

/** What is seen of a process, or of an integration. */
export interface Seen {
  /** Undefined: nobody wants it to be up. */
  is: "up" | "down" | undefined;
  /** Set while something is wrong; another text means that it went wrong once more. */
  incident: string | null;
  lastError: string | null;
}

export interface Day {
  day: string;
  up_seconds: number;
  down_seconds: number;
  incidents: number;
  last_error: string | null;
}

export interface Days {
  /** Called with each change; undefined: it is no longer looked after. */
  saw(id: string, seen: Seen | undefined): void;
  /** Counts the time since the last call, and stores it about once a minute. Called every few seconds. */
  tick(): void;
  /** Forgets what was seen, because another server supervises. */
  forget(): void;
  /** Resolves when everything counted has been written, or could not be. */
  flush(): Promise<void>;
  /** The latest ninety days with a row, newest first. */
  of(id: string): Promise<Day[]>;
}

export interface DaysOptions {
  db: Pick<Database, "query">;
  now: () => number;
  onError(error: unknown): void;
}

/** Where the days are stored, and the column that counts incidents. */
interface Stored {
  table: typeof processDays | typeof integrationDays;
  incidents: "crashes" | "problems";
}

const DAY_MS = 86_400_000;
const DAYS_KEPT = 90;
const WRITE_MS = 60_000;
/** Ticks come every few seconds. After a longer pause the machine slept, and nobody knows what happened. */
const LONGEST_MS = 30_000;

interface Counted {
  id: string;
  day: string;
  upMs: number;
  downMs: number;
  incidents: number;
  lastError: string | null;
}

export function createDays({ db, now, onError }: DaysOptions, stored: Stored): Days {
  const { table } = stored;
  const counter = sql.identifier(stored.incidents);
  const seen = new Map<string, Seen & { at: number }>();
  let counted = new Map<string, Counted>();
  let writtenAt = now();
  let purgedOn = "";
  let writing: Promise<void> = Promise.resolve();

  const today = (): string => dayOf(now());

  function countOf(id: string): Counted {
    const day = today();
    const key = `${id} ${day}`;
    const count = counted.get(key) ?? { id, day, upMs: 0, downMs: 0, incidents: 0, lastError: null };
    counted.set(key, count);
    return count;
  }

  function addTime(id: string): void {
    const before = seen.get(id);
    if (!before) return;
    const passed = now() - before.at;
    before.at = now();
    if (passed <= 0 || passed > LONGEST_MS) return;
    if (before.is === "up") countOf(id).upMs += passed;
    if (before.is === "down") countOf(id).downMs += passed;
  }

  async function write(): Promise<void> {
    const rows = [...counted.values()];
    counted = new Map();
    writtenAt = now();
    for (const row of rows) await add(row);
    if (purgedOn === today()) return;
    purgedOn = today();
    await db.query.execute(sql`delete from ${table} where day < ${dayOf(now() - DAYS_KEPT * DAY_MS)}::date`);
  }

  async function add({ id, day, upMs, downMs, incidents, lastError }: Counted): Promise<void> {
    await db.query.execute(sql`
      insert into ${table} as known (integration_id, day, up_seconds, down_seconds, ${counter}, last_error)
      values (${id}, ${day}::date, ${Math.round(upMs / 1_000)}::int, ${Math.round(downMs / 1_000)}::int, ${incidents}::int, ${lastError})
      on conflict (integration_id, day) do update set
        up_seconds = known.up_seconds + excluded.up_seconds,
        down_seconds = known.down_seconds + excluded.down_seconds,
        ${counter} = known.${counter} + excluded.${counter},
        last_error = coalesce(excluded.last_error, known.last_error)`);
  }

  const writeNow = (): Promise<void> => {
    writing = writing.then(write).catch(onError);
    return writing;
  };

  return {
    saw(id, given) {
      addTime(id);
      const before = seen.get(id);
      if (!given) return void seen.delete(id);
      seen.set(id, { ...given, at: now() });
      if (given.incident === null || given.incident === before?.incident) return;
      const count = countOf(id);
      count.incidents += 1;
      count.lastError = given.lastError;
    },
    tick() {
      for (const id of seen.keys()) addTime(id);
      if (now() - writtenAt >= WRITE_MS && counted.size > 0) void writeNow();
    },
    forget: () => seen.clear(),
    flush: writeNow,
    async of(id) {
      const rows = await db.query.execute(sql`
        select to_char(day, 'YYYY-MM-DD') as day, up_seconds, down_seconds, ${counter} as incidents, last_error
        from ${table}
        where integration_id = ${id} and day >= ${dayOf(now() - (DAYS_KEPT - 1) * DAY_MS)}::date
        order by ${table.day} desc`);
      return rowsOf<Day>(rows);
    },
  };
}

/** In UTC, as all days of the API. */
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

export interface ProcessDays extends Omit<Days, "saw" | "of"> {
  saw(id: string, process: SeenProcess | undefined): void;
  of(id: string): Promise<ProcessDay[]>;
}

const IS_DOWN: readonly ProcessState[] = ["starting", "backing_off", "crash_looping"];
const HAS_CRASHED: readonly ProcessState[] = ["backing_off", "crash_looping"];

/** The days of processes. */
export function createProcessDays(options: DaysOptions): ProcessDays {
  const days = createDays(options, { table: processDays, incidents: "crashes" });
  return {
    ...days,
    saw: (id, process) => days.saw(id, process && seenProcess(process)),
    of: async (id) =>
      (await days.of(id)).map(({ incidents, last_error, ...day }) => ({
        ...day,
        crashes: incidents,
        last_error,
      })),
  };
}

const seenProcess = ({ state, next_start_at, last_error }: SeenProcess): Seen => ({
  is: state === "running" ? "up" : IS_DOWN.includes(state) ? "down" : undefined,
  // Every crash sets another time for the next start, or none for good.
  incident: HAS_CRASHED.includes(state) ? `${state} ${Number(next_start_at)}` : null,
  lastError: last_error,
});
