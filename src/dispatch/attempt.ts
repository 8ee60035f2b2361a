// One attempt of one delivery: claim → hand over → store the outcome. A dispatcher's failure and a database failure
// are kept apart: an outcome that cannot be stored is never treated as a failed delivery.

import { setTimeout as sleep } from "node:timers/promises";
import { eq } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { deliveries } from "../db/schema.ts";
import { storable } from "../db/storable.ts";
import { errorMessage, HeddleError } from "../errors.ts";
import { correlated, type Logger } from "../log.ts";
import type { SetFollowed } from "../queue/pump.ts";
import type { Job, Queue } from "../queue/queue.ts";
import type { Redactor } from "../redact.ts";
import { Permanent } from "../sdk/errors.ts";
import { networkSentence } from "../sdk/network-words.ts";
import { within } from "../within.ts";
import type { ClaimedDelivery, Hand } from "./call-dispatcher.ts";
import { claimDelivery } from "./claim.ts";
import { type DeliveryRow, fieldLocation } from "./delivery.ts";
import { createOutcomeRecorder } from "./outcome-recorder.ts";
import type { Pace } from "./pace.ts";
import { storableReceipt } from "./receipt.ts";
import type { Dispatchers } from "./registry.ts";
import { type Next, nextOf, type Outcome } from "./retry.ts";
import { MAX_BEGUN } from "./retry-schedule.ts";
import type { ConfigSealer } from "./seal-config.ts";

export interface AttemptOptions {
  db: Database;
  queue: Queue;
  hand: Hand;
  pace: Pace;
  dispatchers: Pick<Dispatchers, "get">;
  redactor: Pick<Redactor, "redact" | "hiding">;
  sealer: Pick<ConfigSealer, "open">;
  log: Logger;
  random: () => number;
  /** Time limit of one dispatcher call. Default 60 s. */
  attemptTimeoutMs?: number;
  /** Delays between attempts to store an outcome. */
  storeDelaysMs?: readonly number[];
  /** Told how an attempt ended; `error` is null if it delivered. */
  onOutcome?: (dispatchType: string, error: unknown, reason: string) => void;
}

/** Makes one attempt. Rejects when its outcome cannot be stored; the job then returns when its heartbeat expires. */
export type Attempt = (job: Job, stop: AbortSignal, setFollowed?: SetFollowed) => Promise<void>;

/** Recorded neither as delivered nor as failed: the worker is stopping, and the job returns to the queue. */
type Ended = Outcome | { is: "stopped" };

const ERROR_LENGTH = 2_000;
const ATTEMPT_TIMEOUT_MS = 60_000;
const SHORT_WAIT_SECONDS = 1;

export function createAttempt(options: AttemptOptions): Attempt {
  const {
    db,
    queue,
    hand,
    sealer,
    pace,
    dispatchers,
    log,
    random,
    attemptTimeoutMs = ATTEMPT_TIMEOUT_MS,
  } = options;
  const { redact, hiding } = options.redactor;
  const { record, recordLate } = createOutcomeRecorder(options);

  return async (job, stop, setFollowed = () => undefined) => {
    if (!(await isItsTurn(job, stop))) return;
    const claimed = await claimDelivery(db.query, job.subject);
    if (!claimed) {
      // It has already been delivered, or its task was deleted.
      await db.query.transaction((tx) => queue.complete(tx, "deliveries", job));
      return;
    }
    // Secrets in this delivery's own config are redacted from its errors and receipt, and from nothing else.
    await hiding(secretsOf(claimed.row), () =>
      correlated(claimed.row.correlation_id, () => attempt(claimed, job, stop, setFollowed)),
    );
  };

  /**
   * Returns false when the dispatcher's rate limit puts the job back until its turn. This happens before the delivery
   * is claimed, so that waiting does not count as an attempt.
   */
  async function isItsTurn(job: Job, stop: AbortSignal): Promise<boolean> {
    const rate = job.group === undefined ? undefined : dispatchers.get(job.group)?.rate;
    if (!rate || job.group === undefined) return true;
    const [row] = await db.query
      .select({ id: deliveries.id, lane: deliveries.target_key })
      .from(deliveries)
      .where(eq(deliveries.id, job.subject));
    if (!row) return true;
    const delivery = { id: row.id, type: job.group, lane: row.lane ?? row.id };
    for (;;) {
      const seconds = await pace.secondsUntilTurn(delivery, rate);
      if (seconds === 0) return true;
      if (seconds > SHORT_WAIT_SECONDS) {
        await db.query.transaction((tx) => queue.defer(tx, "deliveries", job, Math.ceil(seconds)));
        return false;
      }
      // The queue schedules in whole seconds.
      await sleep(seconds * 1000, undefined, { signal: stop }).catch(() => undefined);
      if (stop.aborted) {
        await queue.release("deliveries", job);
        return false;
      }
    }
  }

  function secretsOf(row: DeliveryRow): string[] {
    const secrets: string[] = [];
    try {
      sealer.open(row.dispatch_config, fieldLocation(row.id), (secret) => secrets.push(secret));
    } catch {
      // Calling the dispatcher fails for the same reason and reports it.
    }
    return secrets;
  }

  async function attempt(
    claimed: ClaimedDelivery,
    job: Job,
    stop: AbortSignal,
    setFollowed: SetFollowed,
  ): Promise<void> {
    const ended = await handOver(claimed, stop);
    if (ended.is === "stopped") {
      await queue.release("deliveries", job);
      return;
    }
    const { row } = claimed;
    if (ended.is === "failed") options.onOutcome?.(row.dispatch_type, ended.error, ended.reason);
    else options.onOutcome?.(row.dispatch_type, null, "");
    const tried = { tries: row.attempts - row.attempts_before, ageSeconds: claimed.age_seconds };
    const next = nextOf(ended, tried, random());
    await record(job, row, next, stop);
    if (next.status === "delivered") setFollowed(claimed.is_followed);
    logOutcome(claimed, next);
  }

  /** Waits no longer than the time limit, even if the dispatcher ignores its signal. */
  async function handOver(claimed: ClaimedDelivery, stop: AbortSignal): Promise<Ended> {
    const { row } = claimed;
    if (row.attempts - row.attempts_before > MAX_BEGUN) {
      return failed(
        new Permanent("The delivery was given up, because the server stopped during each of its attempts."),
      );
    }
    const seconds = attemptTimeoutMs / 1000;
    const late = new HeddleError(
      "timeout",
      `The dispatcher "${row.dispatch_type}" did not finish within ${seconds} seconds.`,
    );
    const limit = new AbortController();
    const work = hand(claimed, limit.signal);
    try {
      const receipt = await within(attemptTimeoutMs, work, { signal: stop, error: () => late });
      return { is: "delivered", receipt: storableReceipt(receipt, redact) };
    } catch (error) {
      // Aborted only now, so that the dispatcher's reaction to the abort is not mistaken for its outcome.
      limit.abort(error);
      if (stop.aborted && error === stop.reason) return { is: "stopped" };
      if (error === late) void takeLate(work, claimed);
      return failed(error);
    }
  }

  function failed(error: unknown): Outcome {
    return {
      is: "failed",
      error,
      reason: storable(redact(networkSentence(error) ?? errorMessage(error))).slice(0, ERROR_LENGTH),
    };
  }

  /** A receipt that arrives after the time limit still counts unless the delivery has been recorded as made. */
  async function takeLate(work: Promise<unknown>, { row }: ClaimedDelivery): Promise<void> {
    const facts = { delivery_id: row.id, type: row.dispatch_type };
    try {
      const receipt = storableReceipt(await work, redact);
      const isTaken = await recordLate(row, receipt);
      if (isTaken) log.info("Delivery {delivery_id} by {type} succeeded after its time limit", facts);
    } catch (error) {
      // Its attempt has already been recorded as failed and will be repeated.
      log.debug("Delivery {delivery_id} by {type} failed after its time limit: {error}", {
        ...facts,
        error: redact(errorMessage(error)),
      });
    }
  }

  function logOutcome({ row, client_id }: ClaimedDelivery, next: Next): void {
    const facts = {
      delivery_id: row.id,
      place: client_id,
      task_id: row.task_id,
      type: row.dispatch_type,
      attempt: row.attempts,
    };
    switch (next.status) {
      case "delivered":
        // "none" delivers nothing, and every answer over REST has this type.
        if (row.dispatch_type === "none") return void log.debug("Nothing to deliver for {place}", facts);
        return void log.info("{done} {place} by {type} (task {task_id})", {
          ...facts,
          done: DONE[row.payload.kind] ?? "Delivered to",
        });
      case "dead":
        return void log.error(
          "Delivery {delivery_id} to {place} by {type} is dead after attempt {attempt}: {reason}",
          {
            ...facts,
            reason: next.reason,
          },
        );
      case "retrying":
        return void log.warn(
          "Delivery {delivery_id} to {place} by {type} failed, next attempt in {seconds} s: {reason}",
          { ...facts, seconds: Math.round(next.seconds), reason: next.reason },
        );
    }
  }
}

const DONE: Partial<Record<string, string>> = { edit: "Corrected at", remove: "Withdrawn from" };
