// Reads event streams, above all GET /api/v1/events, and resumes where they were cut off. With fetch, because EventSource hides
// why it was refused.

import { ApiFailure } from "./failure.ts";
import { watchSeen, whenSeen } from "./seen.ts";
import { fetchSignedIn } from "./sign-in-again.ts";

export interface LiveEvent {
  /** "task.completed", "inbox.accepted", … */
  type: string;
  at: string;
  task_id: string | null;
  session_id: string | null;
  channel_id: string | null;
  bot_id: string | null;
  integration_id: string | null;
  correlation_id: string | null;
  data: Record<string, unknown>;
}

export type Connection = "connecting" | "live" | "cut";

interface FollowOptions {
  /** Filters of the route: `types`, `session_id`, `task_id`, … */
  query: Record<string, string>;
  onEvent(event: LiveEvent): void;
  /** Called when events may be missing, so that everything shown must be read again. */
  onGap(): void;
  onState(state: Connection): void;
  signal: AbortSignal;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** Follows until the signal is aborted. Each caller has a connection of its own; pages share the shell's (live.ts). */
export const followEvents = ({ query, onEvent, onGap, onState, signal }: FollowOptions): Promise<void> =>
  followStream({
    url: `/api/v1/events?${new URLSearchParams(query)}`,
    onMessage: ({ event, data }) => {
      if (event === "lost") onGap();
      else if (event !== "open") onEvent(JSON.parse(data));
    },
    onState,
    signal,
  });

interface FollowStreamOptions extends Pick<FollowOptions, "onState" | "signal"> {
  url: string;
  /** Begins after this one. */
  lastId?: string | undefined;
  onMessage(message: Message): void;
}

/**
 * Reads any of the API's event streams, and resumes after the last message when the connection is cut. While nobody sees the tab, it
 * has no connection; it resumes when the tab is shown again.
 */
export async function followStream(options: FollowStreamOptions): Promise<void> {
  const { onState, signal } = options;
  const at = { lastId: options.lastId };
  let waitMs = FIRST_WAIT_MS;
  while (!signal.aborted) {
    await whenSeen(signal, document);
    if (signal.aborted) return;
    const seen = watchSeen(signal, document);
    onState("connecting");
    try {
      await readStream({ ...options, signal: seen.signal }, at, () => {
        waitMs = FIRST_WAIT_MS;
      });
    } catch (error) {
      if (signal.aborted) return;
      // Without a sign-in or its scope, another try would be refused as well.
      if (error instanceof ApiFailure && error.status >= 400 && error.status < 429) {
        onState("cut");
        return;
      }
    } finally {
      seen.close();
    }
    if (signal.aborted) return;
    if (seen.isUnseen()) continue;
    onState("cut");
    await pause(waitMs, signal);
    waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
  }
}

/** One connection, until it ends. */
async function readStream(
  { url, onMessage, onState, signal }: FollowStreamOptions,
  at: { lastId: string | undefined },
  onOpen: () => void,
): Promise<void> {
  const headers = new Headers(at.lastId === undefined ? {} : { "last-event-id": at.lastId });
  const response = await fetchSignedIn(new Request(url, { headers, signal }));
  if (!response.ok || response.body === null) throw await ApiFailure.of(response);
  onState("live");
  onOpen();
  for await (const message of messagesOf(response.body)) {
    at.lastId = message.id ?? at.lastId;
    onMessage(message);
  }
}

export interface Message {
  id: string | undefined;
  event: string;
  data: string;
}

/** A message longer than this ends the connection, so that nothing grows without bound. */
const LONGEST_MESSAGE = 4_000_000;

/** The messages of an answer of server-sent events. */
export async function* messagesOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Message> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += value;
      if (rest.length > LONGEST_MESSAGE) throw new Error("A message of the event stream is too long.");
      const parts = rest.split("\n\n");
      rest = parts.pop() ?? "";
      for (const part of parts) {
        const message = messageOf(part);
        if (message) yield message;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function messageOf(text: string): Message | undefined {
  const message: Message = { id: undefined, event: "message", data: "" };
  for (const line of text.split("\n")) {
    const at = line.indexOf(": ");
    if (at <= 0) continue;
    const value = line.slice(at + 2);
    const name = line.slice(0, at);
    if (name === "id") message.id = value;
    else if (name === "event") message.event = value;
    else if (name === "data") message.data += value;
  }
  return message.data === "" ? undefined : message;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener(
    "abort",
    () => {
      clearTimeout(timer);
      resolve();
    },
    { once: true },
  );
  return promise;
}
