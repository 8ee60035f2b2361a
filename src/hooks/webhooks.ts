// Tells other servers of every hook event: HOOK_WEBHOOK_URLS. Nothing waits for them, and what they do not take is
// lost after a few tries.

import { setImmediate } from "node:timers";
import { Webhook } from "standardwebhooks";
import { messageOf } from "../errors.ts";
import type { GuardedPost } from "../guarded-fetch/post.ts";
import { newId } from "../ids.ts";
import type { Logger } from "../log.ts";
import type { AnyHookContext } from "../sdk/backend.ts";
import type { HookEvent } from "../sdk/types.ts";

export interface HookWebhooksOptions {
  urls: readonly string[];
  /** Base64, with or without "whsec_". With it each request carries the headers of Standard Webhooks. */
  secret: string | undefined;
  post: GuardedPost;
  log: Logger;
  /** Requests at once, for each URL. Default 4. */
  concurrency?: number;
  /** Waiting events, for each URL; beyond it the oldest are dropped. Default 1000. */
  queueLimit?: number;
  /** Characters of waiting events, for each URL; the same. Default 16 million. */
  queueCharacters?: number;
  /** For one request. Default 10 s. */
  timeoutMs?: number;
  /** Waits before the tries after the first. Default 1 s and 5 s. */
  retryDelaysMs?: readonly number[];
}

export interface HookWebhooks {
  /** Returns at once and never throws; `ctx` is redacted already and is not changed afterwards. */
  send(event: HookEvent, ctx: AnyHookContext): void;
  /** Takes no more events and waits for what is due, at most one time-out long. */
  close(): Promise<void>;
}

/** One event on its way to one URL. */
interface Parcel {
  id: string;
  body: string;
  tries: number;
}

export function createHookWebhooks(options: HookWebhooksOptions): HookWebhooks {
  const lanes = options.urls.map((url) => createLane(url, options));
  let fresh: { event: HookEvent; ctx: AnyHookContext; at: Date }[] = [];
  let closed = false;

  function flush(): void {
    const events = fresh;
    fresh = [];
    for (const { event, ctx, at } of events) {
      const parcel = { id: newId(), body: JSON.stringify(bodyOf(event, ctx, at)), tries: 0 };
      for (const lane of lanes) lane.add({ ...parcel });
    }
  }

  return {
    send(event, ctx) {
      if (closed || lanes.length === 0) return;
      // Writing the JSON is left for after the run's own work.
      if (fresh.push({ event, ctx, at: new Date() }) === 1) setImmediate(flush);
    },
    async close() {
      closed = true;
      flush();
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}

/** The guide's format; its times end in an offset, not in "Z", which older readers of ISO 8601 do not know. */
function bodyOf(event: HookEvent, ctx: AnyHookContext, at: Date) {
  const { bot_id, session_id, channel_id, client_id, correlation_id, extra } = ctx;
  return {
    event,
    timestamp: at.toISOString().replace("Z", "+00:00"),
    context: { bot_id, session_id, channel_id, client_id, correlation_id },
    data: extra,
  };
}

function createLane(url: string, { secret, post, log, ...options }: HookWebhooksOptions) {
  const { concurrency = 4, queueLimit = 1000, queueCharacters = 16_000_000 } = options;
  const { timeoutMs = 10_000, retryDelaysMs = [1000, 5000] } = options;
  // The path and the query of such a URL are often a secret.
  const { host } = new URL(url);
  const signer = secret === undefined ? undefined : new Webhook(secret);
  const ending = new AbortController();
  const waiting: Parcel[] = [];
  const resting = new Map<ReturnType<typeof setTimeout>, Parcel>();
  let waitingCharacters = 0;
  let running = 0;
  let isOverflowing = false;
  let isDown = false;
  let onIdle: (() => void) | undefined;

  function add(parcel: Parcel): void {
    waiting.push(parcel);
    waitingCharacters += parcel.body.length;
    while (waiting.length > queueLimit || waitingCharacters > queueCharacters) {
      waitingCharacters -= waiting.shift()?.body.length ?? 0;
      if (isOverflowing) continue;
      isOverflowing = true;
      log.warning("Hook events come faster than {host} takes them: the oldest are dropped", { host });
    }
    pump();
  }

  function pump(): void {
    while (running < concurrency) {
      const parcel = waiting.shift();
      if (!parcel) break;
      waitingCharacters -= parcel.body.length;
      running++;
      void attempt(parcel).finally(() => {
        running--;
        pump();
      });
    }
    if (waiting.length === 0) isOverflowing = false;
    if (running === 0 && waiting.length === 0 && resting.size === 0) onIdle?.();
  }

  async function attempt(parcel: Parcel): Promise<void> {
    parcel.tries++;
    try {
      const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(timeoutMs)]);
      const { status } = await post(url, { body: parcel.body, headers: headersOf(parcel, signer), signal });
      if (status >= 200 && status < 300) return isTaken();
      failed(parcel, `it answered ${status}`, status >= 500 || status === 408 || status === 429);
    } catch (error) {
      failed(parcel, messageOf(error), true);
    }
  }

  function isTaken(): void {
    if (isDown) log.info("Hook events reach {host} again", { host });
    isDown = false;
  }

  function failed(parcel: Parcel, reason: string, mayMend: boolean): void {
    log.debug("Hook event {id} did not reach {host}: {reason}", { id: parcel.id, host, reason });
    if (!isDown) log.warning("Hook events do not reach {host}: {reason}", { host, reason });
    isDown = true;
    const delay = retryDelaysMs[parcel.tries - 1];
    if (!mayMend || delay === undefined || ending.signal.aborted) return;
    const timer = setTimeout(() => {
      resting.delete(timer);
      add(parcel);
    }, delay);
    resting.set(timer, parcel);
    // Those that rest are as many as those that wait, at most.
    const [oldest] = resting.keys();
    if (resting.size <= queueLimit || oldest === undefined) return;
    clearTimeout(oldest);
    resting.delete(oldest);
  }

  function wakeAll(): Parcel[] {
    const parcels = [...resting.values()];
    for (const timer of resting.keys()) clearTimeout(timer);
    resting.clear();
    return parcels;
  }

  return {
    add,
    async close() {
      for (const parcel of wakeAll()) add(parcel);
      if (running === 0 && waiting.length === 0) return;
      const idle = Promise.withResolvers<void>();
      onIdle = idle.resolve;
      const timer = setTimeout(() => {
        const count = waiting.length + running + resting.size;
        log.warning("{count} hook events for {host} were given up at close", { count, host });
        waiting.length = 0;
        wakeAll();
        ending.abort();
        pump();
      }, timeoutMs);
      await idle.promise;
      clearTimeout(timer);
    },
  };
}

function headersOf({ id, body }: Parcel, signer: Webhook | undefined): Record<string, string> {
  if (!signer) return { "content-type": "application/json" };
  const now = new Date();
  return {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": signer.sign(id, now, body),
  };
}
