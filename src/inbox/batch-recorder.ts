// Records webhooks that caused no message, in batches after their requests were answered.

import { eq, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { isPassing } from "../db/failure.ts";
import { inboxEvents } from "../db/schema.ts";
import { createWriteBehind } from "../db/write-behind.ts";
import { every } from "../every.ts";
import type { Logger } from "../log.ts";
import type { Incoming } from "./incoming.ts";
import type { InboxRecord, RecordOf, WebhookOutcome } from "./record.ts";
import { createRecordLimit } from "./record-limit.ts";
import { type Answer, isFullyRecorded, isJson, outcomeOf } from "./webhook-outcome.ts";

/** How many webhooks without messages are recorded per integration and minute, and how much may wait in memory. */
export interface RecorderLimits {
  /** Webhooks refused before a verifier authenticated the sender; anybody can send these. */
  rejectedPerMinute: number;
  rejectedBodyBytes: number;
  /** Other webhooks whose sender no verifier has authenticated. */
  unprovenPerMinute: number;
  /** Webhooks of authenticated senders; anyone who has seen one can send copies of it. */
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
  /** Records the outcome of a webhook without waiting. `error` is what the handler threw, if anything. */
  record(incoming: Incoming, answer: Response, error?: unknown): void;
  /** Resolves when everything recorded before is stored or lost. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

interface Arrived {
  record: InboxRecord;
  /** When the webhook arrived, by `performance.now()`. */
  at: number;
}

/** How long a batch waits for more webhooks. */
const LINGER_MS = 50;
const BATCH = 64;
/** How many characters of path and reason are logged; the inbox has all of them. */
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
  const limit = createRecordLimit(now);
  const pending = new Set<Promise<void>>();
  let refused = 0;

  const behind = createWriteBehind<Arrived>({
    write: (arrived) => store(db, arrived),
    limit: BATCH,
    lingerMs: LINGER_MS,
    maxItems: limits.waiting,
    maxBytes: limits.waitingBytes,
    bytesOf: ({ record }) => record.body.length,
    afterFailure: (error) => (isPassing(error) ? "retry" : "split"),
    onLost(arrived, error) {
      for (const { id, integration_id } of arrived.map(({ record }) => record))
        log.error("Webhook {request_id} of {integration_id} could not be recorded: {error}", {
          request_id: id,
          integration_id,
          error,
        });
    },
  });

  const add = (incoming: Incoming, outcome: WebhookOutcome): void => {
    const isRejected = outcome.verdict === "rejected" && !incoming.isVerified;
    const kind = isRejected ? "rejected" : incoming.isVerified ? "proven" : "unproven";
    // A replay by an operator is always recorded, and for a webhook with messages this only completes an existing
    // record.
    const isCounted = incoming.replayOf === null && outcome.verdict !== "accepted";
    const key = `${incoming.integrationId} ${kind}`;
    if (isCounted && !limit.take(key, limits[`${kind}PerMinute`], incoming.id)) return;
    const record = recordOf(incoming, {
      ...outcome,
      ...(isRejected && { bodyLimit: limits.rejectedBodyBytes }),
    });
    if (behind.add({ record, at: incoming.arrivedAt })) logVerdict(incoming, outcome);
    else refused += 1;
  };

  /** Logs one line per recorded webhook, and none for skipped ones, so that senders cannot fill the log. */
  const logVerdict = (incoming: Incoming, outcome: Omit<WebhookOutcome, "outcomes">): void => {
    const tasks = incoming.outcomes.flatMap(({ task_id }) => task_id ?? []);
    const more = [
      ...tasks.map((id) => `task ${id}`),
      ...(outcome.reason === null ? [] : [outcome.reason.slice(0, LOGGED_REASON)]),
    ];
    log.info("Webhook of {integration_id}: {method} {path} {verdict} ({status_code}){more}", {
      integration_id: incoming.integrationId,
      request_id: incoming.id,
      method: incoming.method,
      path: incoming.path.slice(0, LOGGED_PATH),
      verdict: outcome.verdict,
      status_code: outcome.statusCode,
      more: more.length === 0 ? "" : `: ${more.join("; ")}`,
    });
  };

  const reportMissing = async (minutes: ReturnType<typeof limit.takeEnded>): Promise<void> => {
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
          log.warn("The number of skipped webhooks could not be stored: {error}", { error }),
        );
    }
    if (refused > 0) {
      log.error("{refused} webhooks could not be recorded: the database was too slow or unreachable", {
        refused,
      });
      refused = 0;
    }
  };

  // A minute must also end if nothing more arrives. Its last record must be stored before the count is added to it.
  const minutes = every({
    name: "Counting webhooks that were not recorded",
    ms: 60_000,
    log,
    async run() {
      await flush();
      await reportMissing(limit.takeEnded());
    },
  });

  /** Does not wait for webhooks that arrive in the meantime. */
  const flush = async (): Promise<void> => {
    await Promise.all(pending);
    await behind.flush();
  };

  return {
    record(incoming, answer, error) {
      if (isFullyRecorded(incoming, answer.status)) {
        return logVerdict(incoming, { verdict: "accepted", reason: null, statusCode: answer.status });
      }
      // GET, HEAD and OPTIONS requests are not webhooks.
      if (READING.has(incoming.method) && incoming.outcomes.length === 0) return;
      // Cloned before the answer is read elsewhere.
      const copy: Answer =
        error === undefined && isJson(answer) && !answer.bodyUsed ? answer.clone() : answer;
      const recorded = outcomeOf(incoming, copy, error)
        .then((outcome) => add(incoming, outcome))
        .catch((error: unknown) => log.error("A webhook was not recorded: {error}", { error }))
        .finally(() => pending.delete(recorded));
      pending.add(recorded);
    },
    flush,
    async close() {
      await Promise.all(pending);
      await behind.close();
      await minutes.close();
      await reportMissing(limit.takeAll());
    },
  };
}

/** A message of the same webhook may have stored a record already; that record's verdict is kept. */
async function store(db: Database, arrived: Arrived[]): Promise<void> {
  // Sorted, so that two writers cannot deadlock.
  const sorted = arrived.toSorted(({ record: a }, { record: b }) => (a.id < b.id ? -1 : 1));
  const writtenAt = performance.now();
  await db.query
    .insert(inboxEvents)
    .values(
      sorted.map(({ record, at }) => ({
        ...record,
        // The arrival time by the database's clock, since the batch is written some time later.
        created_at: sql`now() - ${writtenAt - at} * interval '1 millisecond'`,
      })),
    )
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
