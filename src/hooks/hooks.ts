// Lifecycle events for integrations. Callbacks run off the hot path: firing never waits and never throws, and costs
// one map look-up when there are no callbacks.

import { setImmediate } from "node:timers";
import { HeddleError } from "../errors.ts";
import { hopsSoFar } from "../hops.ts";
import type { Logger } from "../log.ts";
import type { Redact } from "../redact.ts";
import type { AnyHookContext, RegisteredHook } from "../sdk/backend.ts";
import {
  HOOK_EVENTS,
  type HookContext,
  type HookEvent,
  type HookExtras,
  type HookOutcomes,
  type HookSubject,
  type JsonObject,
  type TranscriptionContext,
} from "../sdk/types.ts";
import { redactDeep } from "../secrets/redact-deep.ts";
import { callWithin, createCalls } from "./calls.ts";

export interface HooksOptions {
  log: Logger;
  /** Applied to every text of a fired event's `extra`. */
  redact: Redact;
  /** Called with every event, with or without callbacks, but without the audio of a transcription. Must not throw. */
  onEvent?: (event: HookEvent, ctx: AnyHookContext) => void;
  /** Most concurrent callbacks. Default 16. */
  concurrency?: number;
  /** Most concurrent callbacks of one owner, so that hanging ones leave room for others. Default: a quarter of all. */
  ownerConcurrency?: number;
  /** Waiting callbacks of one owner; beyond it the oldest are dropped. Default 1000. */
  queueLimit?: number;
  /** Time limit of one callback. Default 10 s. */
  timeoutMs?: number;
  /** Time limit of one override callback, which does real work such as transcription. Default 60 s. */
  overrideTimeoutMs?: number;
}

type HookCallback = RegisteredHook["callback"];

export interface Hooks {
  /** `owner` is the id of an integration. Throws `validation` for an event that does not exist. */
  register(owner: string, event: HookEvent, callback: HookCallback): void;
  /** Replaces an owner's callbacks atomically; the owner keeps its place in the order. */
  replaceOwner(owner: string, registrations: RegisteredHook[]): void;
  removeOwner(owner: string): void;
  /**
   * Returns at once; errors of callbacks are logged. An owner's callbacks are called for the events of one session in
   * order, each after the previous one has ended or run out of time. `more` joins `extra` for callbacks, and does not
   * leave the server.
   */
  fire<Event extends FiredEvent>(
    event: Event,
    ctx: HookContext<HookExtras[Event]>,
    more?: MoreOf<Event>,
  ): void;
  /** Asks the callbacks one after another for the text of a recording; returns the first that is not blank, or null. */
  override(event: "before_transcription", ctx: TranscriptionContext): Promise<string | null>;
  /** Accepts no more events and waits for queued callbacks, for one time limit at most. */
  close(): Promise<void>;
}

/** Events that only notify; their callbacks return nothing. */
export type FiredEvent = Exclude<HookEvent, "before_transcription">;

/** The facts that callbacks get in addition to the event's own. */
export type MoreOf<Event extends FiredEvent> = HookSubject &
  (Event extends keyof HookOutcomes ? HookOutcomes[Event] : unknown);

interface Listener {
  owner: string;
  callback: HookCallback;
}

export function createHooks(options: HooksOptions): Hooks {
  const { log, redact, onEvent, concurrency = 16, queueLimit = 1000 } = options;
  const { ownerConcurrency = Math.max(1, Math.floor(concurrency / 4)) } = options;
  const { timeoutMs = 10_000, overrideTimeoutMs = 60_000 } = options;
  const calls = createCalls({ log, concurrency, ownerConcurrency, queueLimit, timeoutMs });
  const owners = new Map<string, RegisteredHook[]>();
  let listeners = new Map<HookEvent, Listener[]>();
  let closed = false;

  function index(): void {
    listeners = new Map();
    for (const [owner, registrations] of owners) {
      for (const { event, callback } of registrations) {
        listeners.set(event, [...(listeners.get(event) ?? []), { owner, callback }]);
      }
    }
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
    fire(event, ctx, more) {
      const interested = listeners.get(event);
      if ((!interested && !onEvent) || closed) return;
      // A copy: the run goes on with its own objects while the callbacks read these.
      const shown: AnyHookContext = { ...ctx, extra: redactDeep(ctx.extra as JsonObject, redact) };
      onEvent?.(event, shown);
      if (!interested) return;
      const hops = hopsSoFar();
      const facts = redactDeep((more ?? {}) as JsonObject, redact);
      const complete = { ...shown, extra: { ...shown.extra, ...facts } };
      for (const listener of interested) calls.add({ ...listener, event, ctx: complete, hops });
      setImmediate(calls.start);
    },
    async override(event, { audio, ...ctx }) {
      if (!closed) onEvent?.(event, { ...ctx, extra: redactDeep(ctx.extra, redact) });
      for (const { owner, callback } of listeners.get(event) ?? []) {
        try {
          const result = await callWithin(overrideTimeoutMs, { owner, event, callback }, { ...ctx, audio });
          if (typeof result === "string" && result.trim() !== "") return result;
          if (result !== null && result !== undefined) {
            log.warning("Hook {event} of {owner} must return text; its result is ignored", { owner, event });
          }
        } catch (error) {
          log.error("Hook {event} of {owner} failed: {error}", { owner, event, error });
        }
      }
      return null;
    },
    close() {
      closed = true;
      return calls.close();
    },
  };
}

function assertEvent(event: HookEvent): void {
  if (HOOK_EVENTS.includes(event)) return;
  throw new HeddleError(
    "validation",
    `There is no hook event "${event}". The events are ${HOOK_EVENTS.join(", ")}.`,
  );
}
