// Lifecycle events for integrations. Callbacks run off the hot path: firing never waits, never throws, and costs
// a map look-up when nobody listens.

import { setImmediate } from "node:timers";
import { HeddleError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Redact } from "../redact.ts";
import type { AnyHookContext, RegisteredHook } from "../sdk/backend.ts";
import {
  HOOK_EVENTS,
  type HookContextOf,
  type HookEvent,
  type JsonObject,
  type TranscriptionContext,
} from "../sdk/types.ts";
import { within } from "../within.ts";
import { redactDeep } from "./redact-deep.ts";

export interface HooksOptions {
  log: Logger;
  /** Applied to every text of a fired event's `extra`. */
  redact: Redact;
  /** Hears of every event, with or without callbacks; not of the audio of a transcription. Must not throw. */
  onEvent?: (event: HookEvent, ctx: AnyHookContext) => void;
  /** Callbacks at once. Default 16. */
  concurrency?: number;
  /** Callbacks of one owner at once: one that hangs leaves room for the others. Default a quarter of all. */
  ownerConcurrency?: number;
  /** Waiting callbacks of one owner; beyond it the oldest are dropped. Default 1000. */
  queueLimit?: number;
  /** For one callback. Default 10 s. */
  timeoutMs?: number;
  /** For one callback of an override, which does real work such as transcription. Default 60 s. */
  overrideTimeoutMs?: number;
}

type HookCallback = RegisteredHook["callback"];

export interface Hooks {
  /** `owner` is the id of an integration. Throws `validation` for an event that does not exist. */
  register(owner: string, event: HookEvent, callback: HookCallback): void;
  /** Sets an owner's callbacks at once, in the owner's place in the order. */
  replaceOwner(owner: string, registrations: RegisteredHook[]): void;
  removeOwner(owner: string): void;
  /** Returns at once; errors of callbacks are logged. */
  fire<Event extends FiredEvent>(event: Event, ctx: HookContextOf<Event>): void;
  /** Asks the callbacks one after another for the text of a recording; the first that is not blank, else null. */
  override(event: "before_transcription", ctx: TranscriptionContext): Promise<string | null>;
  /** Takes no more events and waits for the callbacks that are due, at most one time-out long. */
  close(): Promise<void>;
}

/** Those that tell and do not ask. */
export type FiredEvent = Exclude<HookEvent, "before_transcription">;

interface Listener {
  owner: string;
  callback: HookCallback;
}

interface Job extends Listener {
  event: HookEvent;
  ctx: AnyHookContext;
}

/** What is due for one owner. */
interface Lane {
  waiting: Job[];
  running: number;
  isOverflowing: boolean;
}

export function createHooks(options: HooksOptions): Hooks {
  const { log, redact, onEvent, concurrency = 16, queueLimit = 1000 } = options;
  const { ownerConcurrency = Math.max(1, Math.floor(concurrency / 4)) } = options;
  const { timeoutMs = 10_000, overrideTimeoutMs = 60_000 } = options;
  const owners = new Map<string, RegisteredHook[]>();
  let listeners = new Map<HookEvent, Listener[]>();
  /** The owner whose turn was longest ago comes first. */
  const lanes = new Map<string, Lane>();
  let running = 0;
  let closed = false;
  let givenUp = false;
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
    const lane = lanes.get(job.owner) ?? { waiting: [], running: 0, isOverflowing: false };
    lanes.set(job.owner, lane);
    lane.waiting.push(job);
    if (lane.waiting.length <= queueLimit) return;
    lane.waiting.shift();
    if (lane.isOverflowing) return;
    lane.isOverflowing = true;
    const facts = { owner: job.owner, limit: queueLimit };
    log.warning("Hooks of {owner} are slower than events come: the oldest events are dropped", facts);
  }

  function pump(): void {
    for (let next = takeNext(); next; next = takeNext()) {
      const { lane, job } = next;
      running++;
      lane.running++;
      void runJob(job).finally(() => {
        running--;
        lane.running--;
        pump();
      });
    }
    for (const [owner, lane] of lanes) {
      if (lane.waiting.length > 0) continue;
      lane.isOverflowing = false;
      if (lane.running === 0) lanes.delete(owner);
    }
    if (lanes.size === 0) onIdle?.();
  }

  function takeNext(): { lane: Lane; job: Job } | undefined {
    if (running >= concurrency) return undefined;
    for (const [owner, lane] of lanes) {
      if (lane.running >= ownerConcurrency) continue;
      const job = lane.waiting.shift();
      if (!job) continue;
      lanes.delete(owner);
      lanes.set(owner, lane);
      return { lane, job };
    }
    return undefined;
  }

  async function runJob(job: Job): Promise<void> {
    try {
      await callWithin(timeoutMs, job.callback, job.ctx);
    } catch (error) {
      report(job.owner, job.event, error);
    }
  }

  function report(owner: string, event: HookEvent, error: unknown): void {
    if (givenUp) return;
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
      if ((!interested && !onEvent) || closed) return;
      // A copy: the run goes on with its own objects while the callbacks read these.
      const shown: AnyHookContext = { ...ctx, extra: redactDeep(ctx.extra as JsonObject, redact) };
      onEvent?.(event, shown);
      if (!interested) return;
      for (const listener of interested) enqueue({ ...listener, event, ctx: shown });
      setImmediate(pump);
    },
    async override(event, { audio, ...ctx }) {
      if (!closed) onEvent?.(event, { ...ctx, extra: redactDeep(ctx.extra, redact) });
      for (const { owner, callback } of listeners.get(event) ?? []) {
        try {
          const result = await callWithin(overrideTimeoutMs, callback, { ...ctx, audio });
          if (typeof result === "string" && result.trim() !== "") return result;
          if (result !== null && result !== undefined) {
            log.warning("Hook {event} of {owner} returned something else than text", { owner, event });
          }
        } catch (error) {
          report(owner, event, error);
        }
      }
      return null;
    },
    async close() {
      closed = true;
      if (lanes.size === 0) return;
      const idle = new Promise<void>((resolve) => {
        onIdle = resolve;
      });
      await within(timeoutMs, idle).catch(() => {
        const waiting = [...lanes.values()].reduce((sum, lane) => sum + lane.waiting.length, 0);
        log.warning("{count} hook calls were given up at close", { count: waiting + running });
        givenUp = true;
      });
      for (const lane of lanes.values()) lane.waiting.length = 0;
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

async function callWithin(ms: number, callback: HookCallback, ctx: AnyHookContext): Promise<unknown> {
  return await within(ms, Promise.resolve(callback(ctx)));
}
