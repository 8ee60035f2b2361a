// Runs hook callbacks. Those of one owner and session run one after another, in the order of the events; different
// sessions and owners run concurrently, so that neither blocks the others.

import { ledBy } from "../hops.ts";
import type { Logger } from "../log.ts";
import { during } from "../runtime/activity.ts";
import type { AnyHookContext, RegisteredHook } from "../sdk/backend.ts";
import type { HookEvent } from "../sdk/types.ts";
import { within } from "../within.ts";
import { createKeyedQueue, type KeyedQueue } from "./keyed-queue.ts";

export interface CallsOptions {
  log: Logger;
  concurrency: number;
  /** Most concurrent calls of one owner. */
  ownerConcurrency: number;
  /** Waiting calls of one owner; beyond it the oldest are dropped. */
  queueLimit: number;
  /** Time limit of one call. */
  timeoutMs: number;
}

export interface Call {
  owner: string;
  event: HookEvent;
  ctx: AnyHookContext;
  callback: RegisteredHook["callback"];
  /** Number of runs that led to the event; the call itself is made outside the run's context. */
  hops: number;
}

export interface Calls {
  /** Queues a call until the next `start`. */
  add(call: Call): void;
  start(): void;
  /** Waits for queued calls, for one time limit at most. */
  close(): Promise<void>;
}

/** The queued calls of one owner. */
interface Lane {
  queue: KeyedQueue<Call>;
  running: number;
  isOverflowing: boolean;
}

export function createCalls(options: CallsOptions): Calls {
  const { log, concurrency, ownerConcurrency, queueLimit, timeoutMs } = options;
  /**
   * The owner served longest ago comes first. Owners are integrations; they are so few that their lanes are never
   * removed.
   */
  const lanes = new Map<string, Lane>();
  let waiting = 0;
  let running = 0;
  let givenUp = false;
  let onIdle: (() => void) | undefined;

  function add(call: Call): void {
    const lane = lanes.get(call.owner) ?? { queue: createKeyedQueue(), running: 0, isOverflowing: false };
    lanes.set(call.owner, lane);
    lane.queue.add(call.ctx.session_id ?? "", call);
    waiting++;
    if (lane.queue.size <= queueLimit) return;
    lane.queue.dropOldest();
    waiting--;
    if (lane.isOverflowing) return;
    lane.isOverflowing = true;
    const facts = { owner: call.owner, limit: queueLimit };
    log.warning("Hooks of {owner} are slower than the events; the oldest events are dropped", facts);
  }

  function start(): void {
    while (running < concurrency && startNext());
    if (waiting + running === 0) onIdle?.();
  }

  function startNext(): boolean {
    for (const [owner, lane] of lanes) {
      const next = lane.running < ownerConcurrency ? lane.queue.take() : undefined;
      if (!next) continue;
      lanes.delete(owner);
      lanes.set(owner, lane);
      if (lane.queue.size === 0) lane.isOverflowing = false;
      waiting--;
      running++;
      lane.running++;
      void make(next.item).finally(() => {
        running--;
        lane.running--;
        lane.queue.release(next.key);
        start();
      });
      return true;
    }
    return false;
  }

  async function make({ owner, event, ctx, callback, hops }: Call): Promise<void> {
    try {
      await ledBy(hops, () => callWithin(timeoutMs, { owner, event, callback }, ctx));
    } catch (error) {
      if (!givenUp) log.error("Hook {event} of {owner} failed: {error}", { owner, event, error });
    }
  }

  return {
    add,
    start,
    async close() {
      if (waiting + running === 0) return;
      const idle = new Promise<void>((resolve) => {
        onIdle = resolve;
      });
      await within(timeoutMs, idle).catch(() => {
        log.warning("{count} hook calls were given up at shutdown", { count: waiting + running });
        givenUp = true;
      });
      for (const { queue } of lanes.values()) while (queue.dropOldest());
    },
  };
}

/** Limits the time of a callback; one that throws synchronously rejects like any other. */
export async function callWithin(
  ms: number,
  { owner, event, callback }: Pick<Call, "owner" | "event" | "callback">,
  ctx: AnyHookContext,
): Promise<unknown> {
  return await within(
    ms,
    during(
      () => `the hook ${event} of ${owner}`,
      async () => callback(ctx),
    ),
  );
}
