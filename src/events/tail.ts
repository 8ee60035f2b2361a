// The newest part of the log of events, read once for all who follow it. A follower has a place of its own and is given
// what comes after it, so a slow one costs no memory: what is no longer kept here it reads from the log.

import type { Database } from "../db/database.ts";
import { errorMessage } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Cursor } from "./cursor.ts";
import { currentCursor, type Page, type Placed, readLog } from "./log.ts";

export interface Tail {
  /** Says that something was committed. */
  wake(): void;
  /** Follows from the place, or from now on. */
  open(from?: Cursor): Promise<Follower>;
  readonly isFollowed: boolean;
  close(): Promise<void>;
}

export interface Follower {
  /** Returns what has come since the last call, at most a page, without waiting for more. */
  read(): Promise<Pick<Page, "events" | "hasMore">>;
  /** The place after the last read. */
  readonly cursor: Cursor;
  close(): void;
}

export interface TailOptions {
  db: Pick<Database, "execute">;
  log: Logger;
  /** Called when the tail has grown. */
  onGrowth(): void;
  /** Finds what nobody announced: changes made by other servers and by upkeep. */
  pollMs?: number;
}

/** Pages that are kept; a page has up to 500 events, and mostly one or two. */
const KEPT_PAGES = 200;
const KEPT_EVENTS = 2_000;

export function createTail({ db, log, onGrowth, pollMs = 500 }: TailOptions): Tail {
  const followers = new Set<object>();
  let pages: Page[] = [];
  /** The number of the first kept page. */
  let first = 0;
  let head: Cursor | undefined;
  let polling: ReturnType<typeof setInterval> | undefined;
  let isDirty = true;
  let reading: Promise<void> | undefined;

  const end = () => first + pages.length;

  function keep(page: Page): void {
    head = page.cursor;
    if (page.events.length === 0) return;
    pages.push(page);
    let count = pages.reduce((sum, { events }) => sum + events.length, 0);
    while (pages.length > KEPT_PAGES || (count > KEPT_EVENTS && pages.length > 1)) {
      count -= pages.shift()?.events.length ?? 0;
      first += 1;
    }
  }

  async function advance(): Promise<void> {
    while (isDirty && head) {
      isDirty = false;
      const page = await readLog(db, head);
      // The last follower may have left meanwhile.
      if (!head) return;
      keep(page);
      if (page.hasMore) isDirty = true;
      if (page.events.length > 0) onGrowth();
    }
  }

  function refresh(): Promise<void> {
    reading ??= advance().finally(() => {
      reading = undefined;
      // A wake-up after the last look must not be lost.
      if (isDirty) wake();
    });
    return reading;
  }

  function wake(): void {
    if (!head) return;
    isDirty = true;
    refresh().catch((error) =>
      log.warning("New events could not be read: {error}", { error: errorMessage(error) }),
    );
  }

  function leave(follower: object): void {
    followers.delete(follower);
    if (followers.size > 0) return;
    clearInterval(polling);
    polling = undefined;
    head = undefined;
    first += pages.length;
    pages = [];
  }

  return {
    wake,
    get isFollowed() {
      return followers.size > 0;
    },
    async open(from) {
      const me = {};
      followers.add(me);
      polling ??= setInterval(wake, pollMs);
      let next = end();
      let cursor: Cursor;
      let isBehind = from !== undefined;
      try {
        head ??= await currentCursor(db);
        isDirty = true;
        await refresh();
        next = end();
        cursor = from ?? head;
      } catch (error) {
        leave(me);
        throw error;
      }
      /** Reads up to exactly where the kept pages begin or end, so that nothing comes twice and nothing is left out. */
      const catchUp = async (): Promise<Pick<Page, "events" | "hasMore">> => {
        isDirty = true;
        await refresh();
        const goal = head;
        if (!goal || goal.within) return { events: NONE, hasMore: true };
        const number = end();
        const { within } = cursor;
        const page = await readLog(db, {
          since: cursor.since,
          within: within ?? { snapshot: goal.since, id: 0 },
        });
        cursor = page.cursor;
        isBehind = page.hasMore || cursor.since !== goal.since;
        if (!isBehind) next = number;
        return { events: page.events, hasMore: isBehind };
      };
      return {
        get cursor() {
          return cursor;
        },
        async read() {
          // A reading under way may be of what the caller has just been told about.
          if (isDirty || reading) await refresh();
          if (isBehind || next < first) return catchUp();
          const page = pages[next - first];
          if (!page) {
            if (head) cursor = head;
            return { events: NONE, hasMore: false };
          }
          next += 1;
          cursor = page.cursor;
          return { events: page.events, hasMore: next < end() };
        },
        close: () => leave(me),
      };
    },
    async close() {
      for (const follower of [...followers]) leave(follower);
      await reading?.catch(() => undefined);
    },
  };
}

const NONE: Placed[] = [];
