// Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).

import type { Validity } from "../auth.ts";
import { type Asking, askAgain, breakOff } from "../gateway/while-allowed.ts";

export interface StreamEvent {
  /** The client sends it as Last-Event-ID when it reconnects. */
  id?: string;
  event?: string;
  /** A text is sent as it is. */
  data: unknown;
}

export interface EventStreamOptions {
  /**
   * Yields batches of events. The next batch is requested only after the client took the last, so a slow client
   * blocks no other.
   */
  batches: AsyncIterator<StreamEvent[]>;
  /** Ends the stream. */
  signal: AbortSignal;
  /** The stream ends when the key or the sign-in that opened it does. Left out for a stream that ends by itself. */
  validity?: Validity;
  /** Called once when the stream has ended, whoever ended it. */
  onEnd?: () => void;
  /** Called with the error that the batches threw, after which the connection is cut: the client may resume. */
  onBreak: (error: unknown) => void;
  /** How often a silent stream shows that it is there. Default: 15 s. */
  keepAliveMs?: number;
}

/** Proxies commonly close a connection that is silent for a minute. */
const KEEP_ALIVE_MS = 15_000;
const RECONNECT_MS = 2_000;
/** A client that takes nothing for so many keep-alive periods is cut off; it may resume. */
const STALLED_PERIODS = 4;

export const EVENT_STREAM = "text/event-stream";

export function eventStream(options: EventStreamOptions): Response {
  const { batches, signal, validity, onEnd, onBreak, keepAliveMs = KEEP_ALIVE_MS } = options;
  const text = new TextEncoder();
  let keepAlive: ReturnType<typeof setInterval> | undefined;
  let asking: Asking | undefined;
  let isOver = false;
  let stalled = 0;
  let end = (): void => {};
  const over = (): void => {
    if (isOver) return;
    isOver = true;
    clearInterval(keepAlive);
    // The signal may be the server's, which outlives every stream.
    signal.removeEventListener("abort", end);
    asking?.stop();
    onEnd?.();
    // A generator that has thrown has nothing left to end.
    void batches.return?.()?.catch(() => undefined);
  };
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      end = () => {
        if (isOver) return;
        over();
        controller.close();
      };
      if (signal.aborted) return end();
      signal.addEventListener("abort", end, { once: true });
      if (validity) asking = askAgain(validity, end);
      // Sent at once, so that the client gets the headers before the first event.
      controller.enqueue(text.encode(`retry: ${RECONNECT_MS}\n\n`));
      keepAlive = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) {
          stalled = 0;
          controller.enqueue(text.encode(": keep-alive\n\n"));
        } else if (++stalled >= STALLED_PERIODS) end();
      }, keepAliveMs);
    },
    async pull(controller) {
      // The client has taken something, however slow it is.
      stalled = 0;
      try {
        const { done, value = [] } = await batches.next();
        if (isOver) return;
        if (!done) return controller.enqueue(text.encode(value.map(written).join("")));
        over();
        controller.close();
      } catch (error) {
        if (isOver) return;
        over();
        onBreak(error);
        breakOff(controller);
      }
    },
    cancel: over,
  });
  return new Response(body, {
    headers: { "content-type": EVENT_STREAM, "cache-control": "no-store", "x-accel-buffering": "no" },
  });
}

const written = ({ id, event, data }: StreamEvent): string =>
  `${id === undefined ? "" : `id: ${id}\n`}${event === undefined ? "" : `event: ${event}\n`}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
