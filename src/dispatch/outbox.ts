// The outbox: a delivery is written in the transaction of its cause, attempted until the target has accepted it, and
// kept as a dead letter when it cannot be delivered.

import { and, desc, eq, gte, inArray, lt, sql } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";
import { prepared } from "../db/prepared.ts";
import { deliveriesIn, type Reach } from "../db/reach.ts";
import { type DeliveryPayload, type DeliveryStatus, deliveries, type JsonObject } from "../db/schema.ts";
import { HeddleError, notFound } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Logger } from "../log.ts";
import type { NewJob, Queue } from "../queue/queue.ts";
import type { Redactor } from "../redact.ts";
import { inDelivery, type KeptActions } from "../secrets/kept-actions.ts";
import { type Attempt, type AttemptOptions, createAttempt } from "./attempt.ts";
import { createHand } from "./call-dispatcher.ts";
import { type Change, type ChangeDelivered, createChange, whyNotChanged } from "./change.ts";
import { hurry, shortenWaits } from "./clock.ts";
import { type DeliveryRow, fieldLocation } from "./delivery.ts";
import { createLaneKey } from "./lane-key.ts";
import { createOnce } from "./once.ts";
import { createPace } from "./pace.ts";
import type { Dispatchers } from "./registry.ts";
import type { ConfigSealer } from "./seal-config.ts";

export interface NewDelivery {
  task_id: string | null;
  session_id: string;
  bot_id: string;
  correlation_id: string;
  dispatch_type: string;
  /** In plain text; the outbox encrypts it. */
  dispatch_config: JsonObject;
  /** Also in plain text. */
  payload: DeliveryPayload;
}

export interface DeliveryFilter {
  status?: DeliveryStatus;
  task_id?: string;
  session_id?: string;
  dispatch_type?: string;
  bot_id?: string;
  /** The creation time's inclusive lower bound (`since`) and exclusive upper bound (`until`). */
  since?: Date | undefined;
  until?: Date | undefined;
  /** Newest first; default 50. */
  limit?: number;
  /** The id of the last row of the page before. */
  cursor?: string | undefined;
  /** Limits the result to rows in reach; undefined returns all rows. */
  reach?: Reach | undefined;
}

export interface Outbox {
  /**
   * Writes deliveries and their jobs in the transaction. Deliveries to one target are made in the order of writing.
   * Type "none" creates no delivery. Returns the ids of those that were created.
   */
  write(tx: Queryable, ...deliveries: NewDelivery[]): Promise<string[]>;
  /** Makes one attempt. Rejects only when its outcome cannot be stored. */
  attempt: Attempt;
  get(id: string): Promise<DeliveryRow>;
  list(filter: DeliveryFilter): Promise<DeliveryRow[]>;
  count(filter: DeliveryFilter): Promise<number>;
  /**
   * Attempts a dead or delivered delivery again, with a new set of attempts, after those that wait for the same
   * target.
   */
  redeliver(id: string): Promise<DeliveryRow>;
  /** Corrects or withdraws what was delivered. */
  change: ChangeDelivered;
  /** Whether a delivery can be changed in this way, unless it was withdrawn before. */
  canChange(row: DeliveryRow, kind: Change["kind"]): boolean;
  /** Orders a job of an earlier version, which did not order deliveries, among those of its target. */
  adopt: Attempt;
  /** Makes deliveries of these types that wait for another attempt due now. */
  hurry(types: readonly string[]): Promise<void>;
  /** Called periodically: shortens waits that became too long because the clock was set back. */
  shortenWaits(): Promise<void>;
}

export interface OutboxOptions {
  db: Database;
  queue: Queue;
  dispatchers: Dispatchers;
  sealer: ConfigSealer;
  actions: KeptActions;
  redactor: Pick<Redactor, "redact" | "hiding">;
  log: Logger;
  random?: () => number;
  /** See `createAttempt`. */
  attemptTimeoutMs?: number;
  storeDelaysMs?: readonly number[];
  onOutcome?: AttemptOptions["onOutcome"];
}

export function createOutbox(options: OutboxOptions): Outbox {
  const { db, queue, sealer, actions, random = Math.random } = options;
  const laneKey = createLaneKey(options);
  const keyOf = (row: DeliveryRow) =>
    row.target_key ?? laneKey(row.dispatch_type, sealer.open(row.dispatch_config, fieldLocation(row.id)));

  const write: Outbox["write"] = async (tx, ...wanted) => {
    const rows = wanted
      .filter(({ dispatch_type }) => dispatch_type !== "none")
      .map(({ dispatch_config: config, payload, ...delivery }) => {
        const id = newId();
        return {
          id,
          ...delivery,
          payload: { ...payload, client_actions: actions.keep(payload.client_actions, inDelivery(id)) },
          dispatch_config: sealer.seal({ ...config, type: delivery.dispatch_type }, fieldLocation(id)),
          target_key: laneKey(delivery.dispatch_type, config),
        };
      });
    if (rows.length === 0) return [];
    const jobs = rows.map(jobOf);
    const [row] = rows;
    const inserted =
      row && rows.length === 1 ? insertOne(tx).execute(row) : tx.insert(deliveries).values(rows);
    await Promise.all([inserted, queue.enqueueAll(tx, "deliveries", jobs)]);
    return rows.map(({ id }) => id);
  };

  const find = async (query: Queryable, id: string): Promise<DeliveryRow | undefined> => {
    const [row] = await query.select().from(deliveries).where(eq(deliveries.id, id));
    return row;
  };
  return {
    write,
    attempt: createAttempt({
      ...options,
      random,
      hand: createHand({ ...options, once: createOnce({ db, redact: options.redactor.redact }) }),
      pace: createPace({ db }),
    }),
    adopt: (job) =>
      db.query.transaction(async (tx) => {
        const row = await find(tx, job.subject);
        if (row) await queue.enqueue(tx, "deliveries", jobOf({ ...row, target_key: keyOf(row) }));
        await queue.complete(tx, "unordered_deliveries", job);
      }),
    change: createChange({ ...options, write }),
    canChange: (row, kind) => whyNotChanged(row, kind, options.dispatchers) === undefined,
    hurry: (types) => hurry(options, types),
    shortenWaits: () => shortenWaits(options),
    async get(id) {
      const row = await find(db.query, id);
      if (!row) throw notFound("delivery", id);
      return row;
    },
    list: ({ limit = 50, ...filter }) =>
      db.query
        .select()
        .from(deliveries)
        .where(conditionOf(filter, db.query))
        .orderBy(desc(deliveries.id))
        .limit(limit),
    count: async (filter) => db.query.$count(deliveries, conditionOf(filter, db.query)),
    redeliver: (id) =>
      db.query.transaction(async (tx) => {
        const [row] = await tx
          .update(deliveries)
          .set({
            status: "pending",
            attempts_before: sql`${deliveries.attempts}`,
            queued_at: sql`now()`,
            last_error: null,
            next_attempt_at: null,
          })
          .where(and(eq(deliveries.id, id), inArray(deliveries.status, ["dead", "delivered"])))
          .returning();
        if (row) {
          await queue.enqueue(tx, "deliveries", jobOf({ ...row, target_key: keyOf(row) }));
          return row;
        }
        // Uses the transaction's connection: the embedded database has no second one.
        const waiting = await find(tx, id);
        if (!waiting) throw notFound("delivery", id);
        throw new HeddleError(
          "conflict",
          `Delivery ${id} is ${waiting.status}, so it will be attempted anyway.`,
        );
      }),
  };
}

/** Most runs have one. */
const insertOne = prepared((query) =>
  query.insert(deliveries).values({
    id: sql.placeholder("id"),
    task_id: sql.placeholder("task_id"),
    session_id: sql.placeholder("session_id"),
    bot_id: sql.placeholder("bot_id"),
    correlation_id: sql.placeholder("correlation_id"),
    dispatch_type: sql.placeholder("dispatch_type"),
    dispatch_config: sql.placeholder("dispatch_config"),
    payload: sql.placeholder("payload"),
    target_key: sql.placeholder("target_key"),
  }),
);

const jobOf = (row: { id: string; target_key: string; dispatch_type: string }): NewJob => ({
  id: newId(),
  subject: row.id,
  key: row.target_key,
  group: row.dispatch_type,
});

const conditionOf = (
  {
    status,
    task_id,
    session_id,
    dispatch_type,
    bot_id,
    since,
    until,
    cursor,
    reach,
  }: Omit<DeliveryFilter, "limit">,
  query: Queryable,
) =>
  and(
    status && eq(deliveries.status, status),
    task_id ? eq(deliveries.task_id, task_id) : undefined,
    session_id ? eq(deliveries.session_id, session_id) : undefined,
    dispatch_type ? eq(deliveries.dispatch_type, dispatch_type) : undefined,
    bot_id ? eq(deliveries.bot_id, bot_id) : undefined,
    since && gte(deliveries.created_at, since),
    until && lt(deliveries.created_at, until),
    cursor ? lt(deliveries.id, cursor) : undefined,
    reach && deliveriesIn(query, reach),
  );
