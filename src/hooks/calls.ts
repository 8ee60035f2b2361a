// Calls the callbacks that are due: for each owner those of one session one after another, in the order of its events;
// several sessions and several owners at once, so that neither holds up the others.

import { ledBy } from "../led-by.ts";
import type { Logger } from "../log.ts";
import { during } from "../runtime/activity.ts";
import type { AnyHookContext, RegisteredHook } from "../sdk/backend.ts";
import type { HookEvent } from "../sdk/types.ts";
import { within } from "../within.ts";
import { createKeyedQueue, type KeyedQueue } from "./keyed-queue.ts";

export interface CallsOptions {
  log: Logger;
  concurrency: number;
  /** Calls of one owner at once. */
  ownerConcurrency: number;
  /** Waiting calls of one owner; beyond it the oldest are dropped. */
  queueLimit: number;
  /** For one call. */
  timeoutMs: number;
}

export interface Call {
  owner: string;
  event: HookEvent;
  ctx: AnyHookContext;
  callback: RegisteredHook["callback"];
  /** Runs that led to the event: the call is made from anywhere. */
  hops: number;
}

export interface Calls {
  /** To be made after the next `start`. */
  add(call: Call): void;
  start(): void;
  /** Waits for what is due, at most one time-out long. */
  close(): Promise<void>;
}

/** What is due for one owner. */
interface Lane {
  queue: KeyedQueue<Call>;
  running: number;
  isOverflowing: boolean;
}

export function createCalls(options: CallsOptions): Calls {
  const { log, concurrency, ownerConcurrency, queueLimit, timeoutMs } = options;
  /** The owner whose turn was longest ago comes first. They are integrations, so few that their lanes stay. */
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
    log.warning("Hooks of {owner} are slower than events come: the oldest events are dropped", facts);
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
        log.warning("{count} hook calls were given up at close", { count: waiting + running });
        givenUp = true;
      });
      for (const { queue } of lanes.values()) while (queue.dropOldest());
    },
  };
}

/** A callback that never ends is waited for no longer; one that throws at once rejects like any other. */
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
