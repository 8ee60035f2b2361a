// One attempt of one delivery: claim → hand → settle. What the dispatcher does is one thing, and whether its outcome
// can be stored another: a database in trouble is never taken for a failure of the other side.

import { setTimeout as sleep } from "node:timers/promises";
import { eq } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { deliveries } from "../db/schema.ts";
import { storable } from "../db/storable.ts";
import { HeddleError, messageOf } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { SetFollowed } from "../queue/pump.ts";
import type { Job, Queue } from "../queue/queue.ts";
import type { Redactor } from "../redact.ts";
import { Permanent } from "../sdk/errors.ts";
import { within } from "../within.ts";
import { claimDelivery } from "./claim.ts";
import { type DeliveryRow, placeOf } from "./delivery.ts";
import type { ClaimedDelivery, Hand } from "./hand.ts";
import { type Next, nextOf, type Outcome } from "./next.ts";
import type { Pace } from "./pace.ts";
import { storableReceipt } from "./receipt.ts";
import type { Dispatchers } from "./registry.ts";
import { MAX_BEGUN } from "./schedule.ts";
import type { ConfigSealer } from "./seal-config.ts";
import { createSettle } from "./settle.ts";

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
  /** For one call of a dispatcher. Default 60 s. */
  attemptTimeoutMs?: number;
  /** Waits between the tries to store an outcome. */
  storeDelaysMs?: readonly number[];
}

/** Makes one attempt. Rejects when its outcome cannot be stored: the job is left, and comes back by its heartbeat. */
export type Attempt = (job: Job, stop: AbortSignal, setFollowed?: SetFollowed) => Promise<void>;

/** Settled neither as delivered nor as failed: the worker stops, and the job goes back. */
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
  const { settle, settleLate } = createSettle(options);

  return async (job, stop, setFollowed = () => undefined) => {
    if (!(await isItsTurn(job, stop))) return;
    const claimed = await claimDelivery(db.query, job.subject);
    if (!claimed) {
      // Delivered already, or its task was deleted.
      await db.query.transaction((tx) => queue.complete(tx, "deliveries", job));
      return;
    }
    // What a caller gave for this delivery is hidden in what is said of it, and is nobody else's business.
    await hiding(secretsOf(claimed.row), () => attempt(claimed, job, stop, setFollowed));
  };

  /**
   * False when the job is put back until its turn comes, where its dispatcher takes only so many. Before the delivery is
   * claimed: waiting is no attempt.
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
      // The queue counts in whole seconds.
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
      sealer.open(row.dispatch_config, placeOf(row.id), (secret) => secrets.push(secret));
    } catch {
      // Whoever hands it over meets the same, and says so.
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
    const tried = { tries: row.attempts - row.attempts_before, ageSeconds: claimed.age_seconds };
    const next = nextOf(ended, tried, random());
    await settle(job, row, next, stop);
    if (next.status === "delivered") setFollowed(claimed.is_followed);
    tell(claimed, next);
  }

  /** Never waits longer than one attempt may take, whatever the dispatcher does with its signal. */
  async function handOver(claimed: ClaimedDelivery, stop: AbortSignal): Promise<Ended> {
    const { row } = claimed;
    if (row.attempts - row.attempts_before > MAX_BEGUN) {
      return failed(new Permanent("It was given up: each of its attempts ended with the server."));
    }
    const seconds = attemptTimeoutMs / 1000;
    const late = new HeddleError(
      "timeout",
      `The dispatcher "${row.dispatch_type}" did not end within ${seconds} seconds.`,
    );
    const limit = new AbortController();
    const work = hand(claimed, limit.signal);
    try {
      const receipt = await within(attemptTimeoutMs, work, { signal: stop, error: () => late });
      return { is: "delivered", receipt: storableReceipt(receipt, redact) };
    } catch (error) {
      // Only now, so that what the dispatcher makes of the abort is never taken for its outcome.
      limit.abort(error);
      if (stop.aborted && error === stop.reason) return { is: "stopped" };
      if (error === late) void takeLate(work, claimed);
      return failed(error);
    }
  }

  function failed(error: unknown): Outcome {
    return { is: "failed", error, reason: storable(redact(messageOf(error))).slice(0, ERROR_LENGTH) };
  }

  /** A receipt is a receipt also when it comes too late, as long as the delivery is not known to be made. */
  async function takeLate(work: Promise<unknown>, { row }: ClaimedDelivery): Promise<void> {
    const facts = { delivery_id: row.id, type: row.dispatch_type };
    try {
      const receipt = storableReceipt(await work, redact);
      const isTaken = await settleLate(row, receipt);
      if (isTaken) log.info("Delivery {delivery_id} by {type} was made after its time was over", facts);
    } catch (error) {
      // Its attempt has been settled as failed already, and will be repeated.
      log.debug("A late outcome of delivery {delivery_id} by {type}: {error}", {
        ...facts,
        error: redact(messageOf(error)),
      });
    }
  }

  function tell({ row, client_id }: ClaimedDelivery, next: Next): void {
    const facts = {
      delivery_id: row.id,
      place: client_id,
      task_id: row.task_id,
      type: row.dispatch_type,
      attempt: row.attempts,
    };
    switch (next.status) {
      case "delivered":
        // "none" has nowhere to go, and every answer over REST has it.
        if (row.dispatch_type === "none") return void log.debug("Nothing to deliver for {place}", facts);
        return void log.info("Delivered to {place} by {type} (task {task_id})", facts);
      case "dead":
        return void log.error(
          "Delivery {delivery_id} to {place} by {type} is dead after {attempt} attempts: {reason}",
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
