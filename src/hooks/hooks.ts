// Lifecycle events for integrations. Callbacks run off the hot path: firing never waits, never throws, and costs
// a map look-up when nobody listens.

import { setImmediate } from "node:timers";
import { HeddleError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Redact } from "../redact.ts";
import { HOOK_EVENTS, type HookCallback, type HookContext, type HookEvent } from "../sdk/types.ts";
import { redactDeep } from "./redact-deep.ts";

export interface HooksOptions {
  log: Logger;
  /** Applied to every text of a fired event's `extra`. */
  redact: Redact;
  /** Callbacks at once. Default 16. */
  concurrency?: number;
  /** Waiting callbacks; beyond it the oldest are dropped. Default 1000. */
  queueLimit?: number;
  /** For one callback. Default 10 s. */
  timeoutMs?: number;
  /** For one callback of an override, which does real work such as transcription. Default 60 s. */
  overrideTimeoutMs?: number;
}

export interface HookRegistration {
  event: HookEvent;
  callback: HookCallback;
}

export interface Hooks {
  /** `owner` is the id of an integration. Throws `validation` for an event that does not exist. */
  register(owner: string, event: HookEvent, callback: HookCallback): void;
  /** Sets an owner's callbacks at once, in the owner's place in the order. */
  replaceOwner(owner: string, registrations: HookRegistration[]): void;
  removeOwner(owner: string): void;
  /** Returns at once; errors of callbacks are logged. */
  fire(event: HookEvent, ctx: HookContext): void;
  /** Asks the callbacks one after another; the first result that is not null or undefined is returned. */
  override(event: HookEvent, ctx: HookContext): Promise<unknown>;
  /** Takes no more events and waits for the callbacks that are due, at most one time-out long. */
  close(): Promise<void>;
}

interface Listener {
  owner: string;
  callback: HookCallback;
}

interface Job extends Listener {
  event: HookEvent;
  ctx: HookContext;
}

export function createHooks(options: HooksOptions): Hooks {
  const { log, redact, concurrency = 16, queueLimit = 1000 } = options;
  const { timeoutMs = 10_000, overrideTimeoutMs = 60_000 } = options;
  const owners = new Map<string, HookRegistration[]>();
  let listeners = new Map<HookEvent, Listener[]>();
  const queue: Job[] = [];
  let running = 0;
  let overflowing = false;
  let closed = false;
  let onIdle: (() => void) | undefined;

  function index(): void {
    listeners = new Map();
    for (const [owner, registrations] of owners) {
      for (const { event, callback } of registrations) {
        listeners.set(event, [...(listeners.get(event) ?? []), { owner, callback }]);
      }
    }
  }

  function enqueue(job: Job): void {
    queue.push(job);
    if (queue.length <= queueLimit) return;
    queue.shift();
    if (overflowing) return;
    overflowing = true;
    log.warning("Hooks are slower than events come: the oldest events are dropped", { limit: queueLimit });
  }

  function pump(): void {
    while (running < concurrency) {
      const job = queue.shift();
      if (!job) break;
      running++;
      void runJob(job).finally(() => {
        running--;
        pump();
      });
    }
    if (queue.length === 0) overflowing = false;
    if (running === 0 && queue.length === 0) onIdle?.();
  }

  async function runJob(job: Job): Promise<void> {
    try {
      await callWithin(timeoutMs, job.callback, job.ctx);
    } catch (error) {
      report(job.owner, job.event, error);
    }
  }

  function report(owner: string, event: HookEvent, error: unknown): void {
    log.error("Hook {event} of {owner} failed: {error}", { owner, event, error });
  }

  return {
    register(owner, event, callback) {
      assertEvent(event);
      owners.set(owner, [...(owners.get(owner) ?? []), { event, callback }]);
      index();
    },
    replaceOwner(owner, registrations) {
      for (const { event } of registrations) assertEvent(event);
      owners.set(owner, [...registrations]);
      index();
    },
    removeOwner(owner) {
      if (owners.delete(owner)) index();
    },
    fire(event, ctx) {
      const interested = listeners.get(event);
      if (!interested || closed) return;
      // A copy: the run goes on with its own objects while the callbacks read these.
      const shown = { ...ctx, extra: redactDeep(ctx.extra, redact) };
      for (const listener of interested) enqueue({ ...listener, event, ctx: shown });
      setImmediate(pump);
    },
    async override(event, ctx) {
      for (const { owner, callback } of listeners.get(event) ?? []) {
        try {
          const result = await callWithin(overrideTimeoutMs, callback, ctx);
          if (result !== null && result !== undefined) return result;
        } catch (error) {
          report(owner, event, error);
        }
      }
      return null;
    },
    async close() {
      closed = true;
      if (running === 0 && queue.length === 0) return;
      const idle = new Promise<void>((resolve) => {
        onIdle = resolve;
      });
      await within(timeoutMs, idle).catch(() => {
        log.warning("{count} hook calls were given up at close", { count: queue.length + running });
      });
      queue.length = 0;
    },
  };
}

function assertEvent(event: HookEvent): void {
  if (HOOK_EVENTS.includes(event)) return;
  throw new HeddleError(
    "validation",
    `There is no hook event "${event}". There are: ${HOOK_EVENTS.join(", ")}.`,
  );
}

async function callWithin(ms: number, callback: HookCallback, ctx: HookContext): Promise<unknown> {
  return await within(ms, Promise.resolve(callback(ctx)));
}

/** The promise's outcome, or a rejection after `ms`; what the promise does later is ignored. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no result within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
