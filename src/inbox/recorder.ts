// Records the webhooks that made no message, off the hot path: what comes while one batch is written forms the next.

import { eq, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { isPassing } from "../db/failure.ts";
import { inboxEvents } from "../db/schema.ts";
import type { Logger } from "../log.ts";
import { createBudget } from "./budget.ts";
import { type Answer, endingOf, isJson, isToldAlready } from "./ending.ts";
import type { Incoming } from "./incoming.ts";
import type { Ending, InboxRecord, RecordOf } from "./record.ts";

/** What one integration may have recorded in a minute, besides what made messages; and what may wait in memory. */
export interface RecorderLimits {
  /** Refused before a verifier had proven the sender: anybody can send these. */
  rejectedPerMinute: number;
  rejectedBodyBytes: number;
  /** Others that no verifier has proven. */
  unprovenPerMinute: number;
  /** Somebody who has seen one can send copies of it. */
  provenPerMinute: number;
  waiting: number;
  waitingBytes: number;
}

const LIMITS: RecorderLimits = {
  rejectedPerMinute: 60,
  rejectedBodyBytes: 4 * 1024,
  unprovenPerMinute: 600,
  provenPerMinute: 6_000,
  waiting: 2_000,
  waitingBytes: 16 * 1024 * 1024,
};

export interface RecorderOptions {
  db: Database;
  log: Logger;
  recordOf: RecordOf;
  limits?: Partial<RecorderLimits>;
  now?: () => number;
}

export interface Recorder {
  /** Takes note of how a webhook ended, and returns at once. `error` is what was thrown, if anything was. */
  note(incoming: Incoming, answer: Response, error?: unknown): void;
  /** Resolves when all that was noted before is stored, or given up. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Gathers what comes close together. */
const PAUSE_MS = 50;
const RETRY_MS = 1_000;
const BATCH = 64;
/** Characters of what a sender or an integration has chosen: the inbox has all of it. */
const LOGGED_PATH = 200;
const LOGGED_REASON = 500;
const READING = new Set(["GET", "HEAD", "OPTIONS"]);

export function createRecorder({
  db,
  log,
  recordOf,
  limits: changed,
  now = () => performance.now(),
}: RecorderOptions): Recorder {
  const limits = { ...LIMITS, ...changed };
  const budget = createBudget(now);
  const noting = new Set<Promise<void>>();
  const waiting: InboxRecord[] = [];
  let waitingBytes = 0;
  let lost = 0;
  let added = 0;
  let settled = 0;
  let settling = Promise.withResolvers<void>();
  let isWriting = false;
  let writing = Promise.resolve();
  let isClosing = false;

  const add = (incoming: Incoming, ending: Ending): void => {
    const isRejected = ending.verdict === "rejected" && !incoming.isVerified;
    const kind = isRejected ? "rejected" : incoming.isVerified ? "proven" : "unproven";
    // What an operator repeats is always of interest, and what made a message has a record that this completes.
    const isCounted = incoming.replayOf === null && ending.verdict !== "accepted";
    const key = `${incoming.integrationId} ${kind}`;
    if (isCounted && !budget.take(key, limits[`${kind}PerMinute`], incoming.id)) return;
    const record = recordOf(incoming, {
      ...ending,
      ...(isRejected && { bodyLimit: limits.rejectedBodyBytes }),
    });
    if (waiting.length >= limits.waiting || waitingBytes + record.body.length > limits.waitingBytes) {
      lost += 1;
      return;
    }
    logVerdict(incoming, ending);
    waiting.push(record);
    waitingBytes += record.body.length;
    added += 1;
    if (!isWriting) writing = write();
  };

  /** One line each, and none beyond what is recorded: nobody is to fill the log. */
  const logVerdict = (incoming: Incoming, ending: Omit<Ending, "outcomes">): void => {
    const tasks = incoming.outcomes.flatMap(({ task_id }) => task_id ?? []);
    const more = [
      ...tasks.map((id) => `task ${id}`),
      ...(ending.reason === null ? [] : [ending.reason.slice(0, LOGGED_REASON)]),
    ];
    log.info("Webhook of {integration_id}: {method} {path} {verdict} ({status_code}){more}", {
      integration_id: incoming.integrationId,
      request_id: incoming.id,
      method: incoming.method,
      path: incoming.path.slice(0, LOGGED_PATH),
      verdict: ending.verdict,
      status_code: ending.statusCode,
      more: more.length === 0 ? "" : `: ${more.join("; ")}`,
    });
  };

  /** Never rejects. */
  const write = async (): Promise<void> => {
    isWriting = true;
    await pause(PAUSE_MS);
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH);
      try {
        await store(db, batch);
      } catch (error) {
        if (isPassing(error) && !isClosing) {
          await pause(RETRY_MS);
          continue;
        }
        await storeSingly(batch);
      }
      waiting.splice(0, batch.length);
      waitingBytes -= batch.reduce((sum, { body }) => sum + body.length, 0);
      settled += batch.length;
      settling.resolve();
      settling = Promise.withResolvers();
    }
    isWriting = false;
    await sayWhatIsMissing(budget.settle());
  };

  /** One of them is at fault, and the others must not be lost for it. */
  const storeSingly = async (batch: InboxRecord[]): Promise<void> => {
    for (const record of batch) {
      await store(db, [record]).catch((error: unknown) =>
        log.error("Webhook {request_id} of {integration_id} could not be recorded: {error}", {
          request_id: record.id,
          integration_id: record.integration_id,
          error,
        }),
      );
    }
  };

  const sayWhatIsMissing = async (minutes: ReturnType<typeof budget.settle>): Promise<void> => {
    for (const { key, lastId, skipped } of minutes) {
      const [integration_id, kind] = key.split(" ");
      log.warn("{skipped} {kind} webhooks of {integration_id} in one minute were not recorded", {
        skipped,
        kind,
        integration_id,
      });
      await db.query
        .update(inboxEvents)
        .set({
          reason: sql`concat_ws('; ', reason, ${`${skipped} more in this minute were not recorded`}::text)`,
        })
        .where(eq(inboxEvents.id, lastId))
        .catch((error: unknown) =>
          log.warn("The count of webhooks not recorded is lost: {error}", { error }),
        );
    }
    if (lost > 0) {
      log.error("{lost} webhooks could not be recorded: the database was too slow or away", { lost });
      lost = 0;
    }
  };

  // Minutes end also when nothing comes any more.
  const minutes = setInterval(() => {
    if (!isWriting) void sayWhatIsMissing(budget.settle());
  }, 60_000);

  /** What comes meanwhile is not waited for. */
  const flush = async (): Promise<void> => {
    await Promise.all(noting);
    const goal = added;
    while (settled < goal) {
      wake();
      await settling.promise;
    }
  };

  let wake = () => {};
  const pause = (ms: number): Promise<void> => {
    if (isClosing) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
    return promise;
  };

  return {
    note(incoming, answer, error) {
      if (isToldAlready(incoming, answer.status)) {
        return logVerdict(incoming, { verdict: "accepted", reason: null, statusCode: answer.status });
      }
      // Who only reads, or asks which methods there are, sends no webhook.
      if (READING.has(incoming.method) && incoming.outcomes.length === 0) return;
      // Before anybody else reads it.
      const copy: Answer =
        error === undefined && isJson(answer) && !answer.bodyUsed ? answer.clone() : answer;
      const noted = endingOf(incoming, copy, error)
        .then((ending) => add(incoming, ending))
        .catch((error: unknown) => log.error("A webhook was not recorded: {error}", { error }))
        .finally(() => noting.delete(noted));
      noting.add(noted);
    },
    flush,
    async close() {
      isClosing = true;
      clearInterval(minutes);
      await flush();
      await writing;
      await sayWhatIsMissing(budget.settleAll());
    },
  };
}

/** A record may be there already: of a message that the same webhook made. That one's verdict counts. */
async function store(db: Database, records: InboxRecord[]): Promise<void> {
  // In one order everywhere, so that two writers never wait for each other.
  const sorted = records.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  await db.query
    .insert(inboxEvents)
    .values(sorted)
    .onConflictDoUpdate({
      target: inboxEvents.id,
      set: {
        outcomes: sql`inbox_events.outcomes || excluded.outcomes`,
        status_code: sql`excluded.status_code`,
        reason: sql`case when excluded.verdict = 'ignored' then inbox_events.reason
          else coalesce(excluded.reason, inbox_events.reason) end`,
      },
    });
}
