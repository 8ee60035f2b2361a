// Can the database be written? Asked of the database itself, by a write: one that can only be read, hangs, or has come to
// harm answers every easier question. For /ready, and for the server that watches itself.

import { sql } from "drizzle-orm";
import { HeddleError, messageOf } from "../errors.ts";
import { within } from "../within.ts";
import type { Queryable } from "./database.ts";
import { isOutsideTrouble } from "./failure.ts";
import { meta } from "./schema.ts";

/** Whoever asks whether a server is ready waits no longer. */
const ANSWER_MS = 3_000;
/** However many ask. */
const ONCE_IN_MS = 1_000;
const WATCH_EVERY_MS = 5_000;
/** A single failure after the machine has slept for an hour means nothing. */
const FAILURES = 3;

export interface WriteProbe {
  /** Resolves when a write has succeeded within the last second; rejects with "unavailable" within three. */
  check(): Promise<void>;
  /**
   * Looks every few seconds, and calls `onDead` once, with the reason, when none has succeeded for so long. What is not
   * this process's to mend (a full disk, a server that is away or read-only) does not count: a new process would not help.
   */
  watch(seconds: number, onDead: (reason: string) => void): { close(): void };
}

export interface WriteProbeOptions {
  query: Queryable;
  /** Milliseconds, of a clock that is never set. */
  now?: () => number;
  answerMs?: number;
  watchEveryMs?: number;
}

export function createWriteProbe(options: WriteProbeOptions): WriteProbe {
  const {
    query,
    now = () => performance.now(),
    answerMs = ANSWER_MS,
    watchEveryMs = WATCH_EVERY_MS,
  } = options;
  let writing: Promise<void> | undefined;
  let latest: { at: number; outcome: Promise<void> } | undefined;

  /** One at a time: a write that hangs must not be joined by another one each second. */
  function write(): Promise<void> {
    writing ??= query
      .transaction(async (tx) => {
        // Another server may hold the row; PGlite knows the setting as well.
        await tx.execute(sql`set local lock_timeout = '2s'`);
        const value = new Date().toISOString();
        await tx
          .insert(meta)
          .values({ key: "write_probe", value })
          .onConflictDoUpdate({ target: meta.key, set: { value } });
      })
      .finally(() => {
        writing = undefined;
      });
    return writing;
  }

  function attempt(): Promise<void> {
    if (latest && now() - latest.at < ONCE_IN_MS) return latest.outcome;
    const at = now();
    const late = new HeddleError("unavailable", `The database has taken no write within ${answerMs} ms.`);
    const outcome = within(answerMs, write(), { error: () => late });
    outcome.catch(() => undefined);
    latest = { at, outcome };
    return outcome;
  }

  return {
    async check() {
      try {
        await attempt();
      } catch (cause) {
        if (cause instanceof HeddleError && cause.code === "unavailable") throw cause;
        throw new HeddleError("unavailable", "The database takes no writes at the moment.", { cause });
      }
    },
    watch(seconds, onDead) {
      let good = now();
      let failures = 0;
      let isDead = false;
      const look = async () => {
        try {
          await attempt();
          good = now();
          failures = 0;
        } catch (error) {
          if (isOutsideTrouble(error)) {
            good = now();
            failures = 0;
            return;
          }
          failures++;
          if (isDead || failures < FAILURES || now() - good < seconds * 1000) return;
          isDead = true;
          onDead(
            `The database has taken no write for ${Math.round((now() - good) / 1000)} seconds (${messageOf(error)}).`,
          );
        }
      };
      const timer = setInterval(look, watchEveryMs);
      timer.unref();
      return { close: () => clearInterval(timer) };
    },
  };
}
