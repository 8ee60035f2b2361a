// The outbox: what has to be handed over is written together with what caused it, tried until the other
// side has it, and kept as a dead letter when it cannot be.

import { and, desc, eq, inArray, lt, sql } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";
import {
  type DeliveryPayload,
  type DeliveryStatus,
  deliveries,
  type JsonObject,
  sessions,
} from "../db/schema.ts";
import { HeddleError, messageOf } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Logger } from "../log.ts";
import type { Job, Queue } from "../queue/queue.ts";
import type { Redact } from "../redact.ts";
import { isPermanent, isRetryable, Permanent } from "../sdk/errors.ts";
import type { Delivered, DispatchContext, Dispatcher } from "../sdk/types.ts";
import type { Vault } from "../secrets/vault.ts";
import type { Dispatchers } from "./registry.ts";
import { MAX_ATTEMPTS, retryDelaySeconds } from "./schedule.ts";

export interface NewDelivery {
  task_id: string | null;
  session_id: string;
  bot_id: string;
  correlation_id: string;
  dispatch_type: string;
  /** Sealed. */
  dispatch_config: JsonObject;
  payload: DeliveryPayload;
}

export type DeliveryRow = typeof deliveries.$inferSelect;

/** With what a dispatcher is told of its place. */
interface ClaimedDelivery {
  row: DeliveryRow;
  client_id: string;
  channel_id: string;
}

export interface DeliveryFilter {
  status?: DeliveryStatus;
  task_id?: string;
  session_id?: string;
  dispatch_type?: string;
  /** Newest first; default 50. */
  limit?: number;
  /** The id of the last row of the page before. */
  cursor?: string;
}

export interface Outbox {
  /** Writes deliveries and their jobs in the transaction. Type "none" needs no delivery and makes none. */
  write(tx: Queryable, ...deliveries: NewDelivery[]): Promise<void>;
  /** Makes one attempt. Never throws for what the dispatcher does. */
  attempt(job: Job, signal: AbortSignal): Promise<void>;
  get(id: string): Promise<DeliveryRow>;
  list(filter: DeliveryFilter): Promise<DeliveryRow[]>;
  /** Tries a dead or delivered one again, with a new set of attempts. */
  redeliver(id: string): Promise<DeliveryRow>;
}

export interface OutboxOptions {
  db: Database;
  queue: Queue;
  dispatchers: Dispatchers;
  vault: Vault;
  redact: Redact;
  log: Logger;
  random?: () => number;
}

const ATTEMPT_TIMEOUT_MS = 60_000;
const ERROR_LENGTH = 2_000;

export function createOutbox(options: OutboxOptions): Outbox {
  const { db, queue, dispatchers, vault, redact, log, random = Math.random } = options;

  const write: Outbox["write"] = async (tx, ...wanted) => {
    const rows = wanted
      .filter(({ dispatch_type }) => dispatch_type !== "none")
      .map((delivery) => ({ id: newId(), ...delivery }));
    if (rows.length === 0) return;
    await Promise.all([
      tx.insert(deliveries).values(rows),
      queue.enqueueAll(
        tx,
        "deliveries",
        rows.map(({ id }) => ({ subject: id })),
      ),
    ]);
  };

  /** Counts the attempt before it is made: after a crash the next one knows that it is not the first. */
  const claim = async (id: string): Promise<ClaimedDelivery | undefined> => {
    const [claimed] = await db.query
      .update(deliveries)
      .set({ attempts: sql`${deliveries.attempts} + 1` })
      .from(sessions)
      .where(
        and(
          eq(deliveries.id, id),
          inArray(deliveries.status, ["pending", "retrying"]),
          eq(sessions.id, deliveries.session_id),
        ),
      )
      .returning({ row: deliveries, client_id: sessions.client_id, channel_id: sessions.channel_id });
    return claimed;
  };

  const settle = (job: Job, id: string, change: Partial<DeliveryRow>, retryAt?: Date) =>
    db.query.transaction(async (tx) => {
      await Promise.all([
        tx
          .update(deliveries)
          .set({ ...change, next_attempt_at: retryAt ?? null })
          .where(eq(deliveries.id, id)),
        queue.complete(tx, "deliveries", job),
        ...(retryAt ? [queue.enqueue(tx, "deliveries", { subject: id, startAfter: retryAt })] : []),
      ]);
    });

  const attempt: Outbox["attempt"] = async (job, signal) => {
    const claimed = await claim(job.subject);
    if (!claimed) {
      // Delivered already, or its task was deleted.
      await db.query.transaction((tx) => queue.complete(tx, "deliveries", job));
      return;
    }
    const { row } = claimed;
    const facts = {
      delivery_id: row.id,
      task_id: row.task_id,
      type: row.dispatch_type,
      attempt: row.attempts,
    };
    try {
      const { receipt } = await hand(
        claimed,
        AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)]),
      );
      await settle(job, row.id, { status: "delivered", receipt, delivered_at: new Date(), last_error: null });
      log.debug("Delivered {delivery_id} by {type}", facts);
    } catch (error) {
      const reason = redact(messageOf(error)).slice(0, ERROR_LENGTH);
      const tries = row.attempts - row.attempts_before;
      if (isPermanent(error) || tries >= MAX_ATTEMPTS) {
        await settle(job, row.id, { status: "dead", last_error: reason });
        log.error("Delivery {delivery_id} by {type} is dead after {attempt} attempts: {reason}", {
          ...facts,
          reason,
        });
        return;
      }
      const asked = isRetryable(error) ? (error.retryAfterSeconds ?? 0) : 0;
      const seconds = Math.max(retryDelaySeconds(tries, random()), asked);
      await settle(
        job,
        row.id,
        { status: "retrying", last_error: reason },
        new Date(Date.now() + seconds * 1000),
      );
      log.warn("Delivery {delivery_id} by {type} failed, next attempt in {seconds} s: {reason}", {
        ...facts,
        seconds: Math.round(seconds),
        reason,
      });
    }
  };

  const hand = async (claimed: ClaimedDelivery, signal: AbortSignal): Promise<Delivered> => {
    const { row } = claimed;
    const dispatcher = dispatchers.get(row.dispatch_type);
    if (!dispatcher) {
      // Its integration may be quarantined or on its way back: worth another try.
      throw new Error(`No integration provides the dispatch type "${row.dispatch_type}" now.`);
    }
    const ctx: DispatchContext = { delivery_id: row.id, attempt: row.attempts, signal };
    const handed =
      row.payload.kind === "post"
        ? await post(dispatcher, row, ctx)
        : await deliver(dispatcher, claimed, ctx);
    if (handed === null || typeof handed !== "object" || !("receipt" in handed)) {
      throw new Error(`The dispatcher "${row.dispatch_type}" returned no receipt.`);
    }
    return { receipt: handed.receipt ?? null };
  };

  const deliver = async (
    dispatcher: Dispatcher,
    { row, client_id, channel_id }: ClaimedDelivery,
    ctx: DispatchContext,
  ): Promise<Delivered> => {
    const isError = row.payload.kind === "error";
    return dispatcher.deliver(
      {
        task: {
          id: String(row.task_id),
          status: isError ? "failed" : "complete",
          bot_id: row.bot_id,
          session_id: row.session_id,
          channel_id,
          client_id,
          correlation_id: row.correlation_id,
          dispatch_type: row.dispatch_type,
          dispatch_config: vault.openConfig(row.dispatch_config),
        },
        result: row.payload.text,
        isError,
        clientActions: row.payload.client_actions,
        extraMetadata: row.payload.extra_metadata,
      },
      ctx,
    );
  };

  const post = async (dispatcher: Dispatcher, row: DeliveryRow, ctx: DispatchContext): Promise<Delivered> => {
    if (!dispatcher.postMessage) throw new Permanent(`The dispatcher "${row.dispatch_type}" takes no posts.`);
    const author = row.payload.author ?? {};
    return dispatcher.postMessage(
      {
        dispatchConfig: vault.openConfig(row.dispatch_config),
        text: row.payload.text,
        botId: row.bot_id,
        replyInThread: row.payload.reply_in_thread ?? true,
        ...(author.username && { username: author.username }),
        ...(author.icon_emoji && { iconEmoji: author.icon_emoji }),
        ...(author.icon_url && { iconUrl: author.icon_url }),
        clientActions: row.payload.client_actions,
        extraMetadata: row.payload.extra_metadata,
      },
      ctx,
    );
  };

  const get: Outbox["get"] = async (id) => {
    const [row] = await db.query.select().from(deliveries).where(eq(deliveries.id, id));
    if (!row) throw new HeddleError("not_found", `There is no delivery ${id}.`);
    return row;
  };

  return {
    write,
    attempt,
    get,
    list: ({ status, task_id, session_id, dispatch_type, limit = 50, cursor }) =>
      db.query
        .select()
        .from(deliveries)
        .where(
          and(
            status && eq(deliveries.status, status),
            task_id ? eq(deliveries.task_id, task_id) : undefined,
            session_id ? eq(deliveries.session_id, session_id) : undefined,
            dispatch_type ? eq(deliveries.dispatch_type, dispatch_type) : undefined,
            cursor ? lt(deliveries.id, cursor) : undefined,
          ),
        )
        .orderBy(desc(deliveries.id))
        .limit(limit),
    redeliver: (id) =>
      db.query.transaction(async (tx) => {
        const [row] = await tx
          .update(deliveries)
          .set({
            status: "pending",
            attempts_before: sql`${deliveries.attempts}`,
            last_error: null,
            next_attempt_at: null,
          })
          .where(and(eq(deliveries.id, id), inArray(deliveries.status, ["dead", "delivered"])))
          .returning();
        if (row) {
          await queue.enqueue(tx, "deliveries", { subject: id });
          return row;
        }
        // Over the transaction: the embedded database has no second connection.
        const [waiting] = await tx.select().from(deliveries).where(eq(deliveries.id, id));
        if (!waiting) throw new HeddleError("not_found", `There is no delivery ${id}.`);
        throw new HeddleError("conflict", `Delivery ${id} is ${waiting.status}: it will be tried anyway.`);
      }),
  };
}
