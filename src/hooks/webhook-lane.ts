// Delivers events to one URL: those of one session one after another, in order, and several sessions concurrently. An
// event that awaits a retry holds back later ones of its session; a receiver's Retry-After pauses all of them.

import { Webhook } from "standardwebhooks";
import { errorMessage } from "../errors.ts";
import type { GuardedPost } from "../guarded-fetch/post.ts";
import { ledBy } from "../hops.ts";
import type { Logger } from "../log.ts";
import { createKeyedQueue, type Entry } from "./keyed-queue.ts";

export interface WebhookLaneOptions {
  /** Base64, with or without "whsec_". With it each request carries the headers of Standard Webhooks. */
  secret: string | undefined;
  post: GuardedPost;
  log: Logger;
  /** Most concurrent requests to each URL. Default 4. */
  concurrency?: number;
  /** Waiting events, for each URL; beyond it the oldest are dropped. Default 1000. */
  queueLimit?: number;
  /** Characters of waiting events, for each URL; beyond it the oldest are dropped. Default 16 million. */
  queueCharacters?: number;
  /** Time limit of one request. Default 10 s. */
  timeoutMs?: number;
  /** Delays before the second and further attempts. Default 1 s and 5 s. */
  retryDelaysMs?: readonly number[];
}

/** One event on its way to one URL. */
export interface HookDelivery {
  id: string;
  body: string;
  /** Number of runs that led to the event. */
  hops: number;
  tries: number;
}

export interface WebhookLane {
  /** Deliveries of one key arrive in order. */
  add(key: string, delivery: HookDelivery): void;
  /** Attempts waiting events once more, for one time limit at most. */
  close(): Promise<void>;
}

type Timer = ReturnType<typeof setTimeout>;

/** A receiver's Retry-After is limited to this. */
const MAX_PAUSE_MS = 24 * 3600 * 1000;

export function createWebhookLane(url: string, options: WebhookLaneOptions): WebhookLane {
  const { post, log, concurrency = 4, queueLimit = 1000, queueCharacters = 16_000_000 } = options;
  const { timeoutMs = 10_000, retryDelaysMs = [1000, 5000] } = options;
  const { isUp, isDown, isOverflowing, isCaughtUp } = createReports(url, log);
  const signer = options.secret === undefined ? undefined : new Webhook(options.secret);
  const closing = new AbortController();
  const queue = createKeyedQueue<HookDelivery>();
  /** Keys whose first delivery awaits a retry. */
  const awaitingRetry = new Map<Timer, string>();
  let paused: Timer | undefined;
  let characters = 0;
  let running = 0;
  let onIdle: (() => void) | undefined;

  function trim(): void {
    while (queue.size > queueLimit || characters > queueCharacters) {
      characters -= queue.dropOldest()?.item.body.length ?? 0;
      isOverflowing();
    }
  }

  function pump(): void {
    while (running < concurrency && paused === undefined) {
      const entry = queue.take();
      if (!entry) break;
      characters -= entry.item.body.length;
      running++;
      void attempt(entry).finally(() => {
        running--;
        pump();
      });
    }
    if (queue.size === 0) isCaughtUp();
    if (running === 0 && queue.size === 0) onIdle?.();
  }

  async function attempt(entry: Entry<HookDelivery>): Promise<void> {
    const { item: delivery, key } = entry;
    delivery.tries++;
    try {
      const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]);
      const request = { body: delivery.body, headers: headersOf(delivery, signer), signal };
      const answer = await ledBy(delivery.hops, () => post(url, request));
      const { status } = answer;
      if (status >= 200 && status < 300) {
        isUp();
        queue.release(key);
        return;
      }
      isDown(delivery, `it answered ${status}`);
      const mayMend = status >= 500 || status === 408 || status === 429;
      again(entry, mayMend, (answer.retryAfterSeconds ?? 0) * 1000);
    } catch (error) {
      isDown(delivery, errorMessage(error));
      again(entry, true, 0);
    }
  }

  function again(entry: Entry<HookDelivery>, mayMend: boolean, askedMs: number): void {
    const delay = retryDelaysMs[entry.item.tries - 1];
    if (!mayMend || delay === undefined || closing.signal.aborted) {
      queue.release(entry.key);
      return;
    }
    queue.putBack(entry);
    characters += entry.item.body.length;
    trim();
    if (askedMs > 0) {
      queue.release(entry.key);
      pause(Math.min(askedMs, MAX_PAUSE_MS));
      return;
    }
    const timer = setTimeout(() => {
      awaitingRetry.delete(timer);
      queue.release(entry.key);
      pump();
    }, delay);
    awaitingRetry.set(timer, entry.key);
  }

  /** The pause applies to the whole receiver, so that nothing is sent meanwhile. */
  function pause(ms: number): void {
    clearTimeout(paused);
    paused = setTimeout(() => {
      paused = undefined;
      pump();
    }, ms);
  }

  /** Ends all waits at once. */
  function wake(): void {
    clearTimeout(paused);
    paused = undefined;
    for (const [timer, key] of awaitingRetry) {
      clearTimeout(timer);
      queue.release(key);
    }
    awaitingRetry.clear();
    pump();
  }

  return {
    add(key, delivery) {
      queue.add(key, delivery);
      characters += delivery.body.length;
      trim();
      pump();
    },
    async close() {
      wake();
      if (running === 0 && queue.size === 0) return;
      const idle = Promise.withResolvers<void>();
      onIdle = idle.resolve;
      const timer = setTimeout(() => {
        const count = queue.size + running;
        log.warning("{count} hook events for {host} were given up at shutdown", { count, host: hostOf(url) });
        closing.abort();
        while (queue.dropOldest());
        wake();
      }, timeoutMs);
      await idle.promise;
      clearTimeout(timer);
    },
  };
}

/** Logs changes of a receiver's state, each once. */
function createReports(url: string, log: Logger) {
  const host = hostOf(url);
  let down = false;
  let overflowing = false;
  return {
    isUp() {
      if (down) log.info("Hook events reach {host} again", { host });
      down = false;
    },
    isDown(delivery: HookDelivery, reason: string) {
      log.debug("Hook event {id} did not reach {host}: {reason}", { id: delivery.id, host, reason });
      if (!down) log.warning("Hook events do not reach {host}: {reason}", { host, reason });
      down = true;
    },
    isOverflowing() {
      if (!overflowing)
        log.warning("Hook events come faster than {host} accepts them; the oldest are dropped", { host });
      overflowing = true;
    },
    isCaughtUp() {
      overflowing = false;
    },
  };
}

/** The path and query of such a URL are often secret. */
const hostOf = (url: string): string => new URL(url).host;

function headersOf({ id, body }: HookDelivery, signer: Webhook | undefined): Record<string, string> {
  if (!signer) return { "content-type": "application/json" };
  const now = new Date();
  return {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": signer.sign(id, now, body),
  };
}
