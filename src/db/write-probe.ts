// Probes whether the database accepts writes, by writing: a database that is read-only, hangs or is damaged may still
// answer simpler queries. Used by /ready and by the server's self-check.

import { sql } from "drizzle-orm";
import { errorMessage, HeddleError } from "../errors.ts";
import { every, type Periodic } from "../every.ts";
import type { Logger } from "../log.ts";
import { within } from "../within.ts";
import type { Queryable } from "./database.ts";
import { isOutsideTrouble } from "./failure.ts";
import { serverFacts } from "./schema.ts";

/** The maximum duration of a readiness check. */
const ANSWER_MS = 3_000;
/** At most one probe in this time, however many checks there are. */
const MIN_INTERVAL_MS = 1_000;
const WATCH_EVERY_MS = 5_000;
/** A single failure means nothing, for example after the machine has slept for an hour. */
const MIN_FAILURES = 3;

export interface WriteProbe {
  /** Resolves if a write has succeeded within the last second; rejects with "unavailable" within three. */
  check(): Promise<void>;
  /**
   * Probes every few seconds, and calls `onDead` once, with the reason, when no write has succeeded for so many seconds.
   * A write that takes longer than a check waits has succeeded as well: on a machine that is overloaded the database is slow, not
   * dead. Trouble outside this process (a full disk, a server that is unreachable or read-only) does not count, because a new
   * process would not help.
   */
  watch(seconds: number, onDead: (reason: string) => void): Periodic;
}

export interface WriteProbeOptions {
  query: Queryable;
  log: Logger;
  /** A monotonic clock in milliseconds. */
  now?: () => number;
  answerMs?: number;
  watchEveryMs?: number;
}

export function createWriteProbe(options: WriteProbeOptions): WriteProbe {
  const {
    query,
    log,
    now = () => performance.now(),
    answerMs = ANSWER_MS,
    watchEveryMs = WATCH_EVERY_MS,
  } = options;
  let writing: Promise<void> | undefined;
  /** When a write last succeeded, or failed for trouble outside this process. */
  let aliveAt = now();
  let latest: { at: number; outcome: Promise<void> } | undefined;

  /** One write at a time: a hanging write must not be followed by another every second. */
  function write(): Promise<void> {
    writing ??= query
      .transaction(async (tx) => {
        // Another server may hold the row. PGlite supports this setting as well.
        await tx.execute(sql`set local lock_timeout = '2s'`);
        const value = new Date().toISOString();
        await tx
          .insert(serverFacts)
          .values({ key: "write_probe", value })
          .onConflictDoUpdate({ target: serverFacts.key, set: { value } });
      })
      .then(
        () => {
          aliveAt = now();
        },
        (error: unknown) => {
          if (isOutsideTrouble(error)) aliveAt = now();
          throw error;
        },
      )
      .finally(() => {
        writing = undefined;
      });
    return writing;
  }

  function attempt(): Promise<void> {
    if (latest && now() - latest.at < MIN_INTERVAL_MS) return latest.outcome;
    const at = now();
    const late = new HeddleError(
      "unavailable",
      `The database has not accepted a write within ${answerMs} ms.`,
    );
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
        throw new HeddleError("unavailable", "The database does not accept writes at the moment.", { cause });
      }
    },
    watch(seconds, onDead) {
      aliveAt = now();
      let seenAliveAt = aliveAt;
      let failures = 0;
      let isDead = false;
      const probe = async () => {
        try {
          await attempt();
        } catch (error) {
          failures = aliveAt === seenAliveAt ? failures + 1 : 1;
          seenAliveAt = aliveAt;
          const lasts = (now() - aliveAt) / 1000;
          if (isDead || failures < MIN_FAILURES || lasts < seconds) return;
          isDead = true;
          onDead(
            `The database has not accepted a write for ${Math.round(lasts)} seconds (${errorMessage(error)}).`,
          );
        }
      };
      return every({ name: "The check for writes", ms: watchEveryMs, run: probe, log });
    },
  };
}
