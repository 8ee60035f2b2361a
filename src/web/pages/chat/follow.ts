// Follows the run of the conversation that is open, and sends messages. Only that conversation has a connection of its own:
// a browser has few of them for each server, and a run does not need one. A conversation that is opened again continues where it was left.

import { ApiFailure } from "../../api/failure.ts";
import { messagesOf as eventsOf, followStream, type Message } from "../../api/follow-events.ts";
import { queryClient } from "../../api/query-client.ts";
import { fetchSignedIn } from "../../api/sign-in-again.ts";
import type { WhenBusy } from "../../api/when-busy.ts";
import { type ChatFile, type Outgoing, setLive, setOutgoing, useConversations } from "./chat-store.ts";
import { encoded } from "./files.ts";
import { type ChatEvent, newRun, withEvent } from "./live-run.ts";
import { newKey } from "./new-key.ts";
import { isOpen, refreshConversation, tasksOf } from "./queries.ts";

interface Open {
  session: string;
  /** Ends the connection. */
  stop: AbortController;
}

let shown: string | undefined;
let open: Open | undefined;

/** The conversation on the screen; undefined: none. */
export function showConversation(session: string | undefined): void {
  shown = session;
  if (open && open.session !== session) {
    open.stop.abort();
    open = undefined;
  }
}

/** Follows this run to its end, unless one of the conversation is followed already. */
export function followRun(session: string, taskId: string, answer?: AsyncGenerator<Message>): void {
  if (shown !== session || open) return void answer?.return(undefined);
  const stop = new AbortController();
  open = { session, stop };
  setLive(session, (before) => (before?.taskId === taskId ? before : newRun(taskId)));
  void readRun({ session, taskId, answer, stop }).finally(() => {
    if (open?.stop === stop) open = undefined;
  });
}

interface ReadOptions {
  session: string;
  taskId: string;
  answer: AsyncGenerator<Message> | undefined;
  stop: AbortController;
}

async function readRun({ session, taskId, answer, stop }: ReadOptions): Promise<void> {
  const { signal } = stop;
  const batch = createBatch(session);
  const isOver = () => useConversations.getState().live[session]?.state === "ended";
  const take = (message: Message) => {
    batch.add({ type: message.event, data: JSON.parse(message.data), id: message.id });
    if (batch.hasEnd()) {
      batch.flush();
      stop.abort();
    }
  };
  signal.addEventListener("abort", () => void answer?.return(undefined), { once: true });
  try {
    if (answer) for await (const message of answer) take(message);
  } catch {
    // The connection was cut: what follows is read below.
  }
  if (!signal.aborted) {
    batch.flush();
    const { lastId } = useConversations.getState().live[session] ?? {};
    const url = `/api/v1/tasks/${taskId}/stream`;
    await followStream({ url, lastId, onMessage: take, onState: () => undefined, signal });
  }
  batch.flush();
  // A run whose conversation was left stays as far as it is known.
  if (!isOver() && signal.aborted) return;
  // What was stored takes the place of what was streamed, in one step.
  await refreshConversation(session);
  if (open?.stop === stop) open = undefined;
  setLive(session, (live) => (live?.state === "ended" || !signal.aborted ? undefined : live));
  // The next one may have begun meanwhile.
  const next = queryClient.getQueryData(tasksOf(session).queryKey)?.findLast(isOpen);
  if (next && next.id !== taskId) followRun(session, next.id);
  void queryClient.invalidateQueries({ queryKey: ["sessions"] });
}

const FRAME_MS = 40;

/** Words arrive more often than a screen is drawn. */
function createBatch(session: string) {
  let waiting: ChatEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const events = waiting;
    waiting = [];
    if (events.length > 0) setLive(session, (live) => live && events.reduce(withEvent, live));
  };
  return {
    add(event: ChatEvent) {
      waiting.push(event);
      timer ??= setTimeout(flush, FRAME_MS);
    },
    hasEnd: () => waiting.some(({ type }) => LAST.has(type)),
    flush,
  };
}

const LAST = new Set(["response", "error", "cancelled", "tool_request", "passive_stored"]);

export interface NewMessage {
  text: string;
  files: ChatFile[];
  whenBusy: WhenBusy | undefined;
}

/** Shows the message at once, and sends it. */
export function sendMessage(session: string, message: NewMessage): void {
  const outgoing: Outgoing = { ...message, key: newKey(), at: new Date().toISOString() };
  setOutgoing(session, (before) => [...before, outgoing]);
  void send(session, outgoing);
}

export function sendAgain(session: string, { error: _, ...outgoing }: Outgoing): void {
  setOutgoing(session, (before) => before.map((one) => (one.key === outgoing.key ? outgoing : one)));
  void send(session, outgoing);
}

export const discard = (session: string, key: string): void =>
  setOutgoing(session, (before) => before.filter((one) => one.key !== key));

async function send(session: string, { key, text, files, whenBusy }: Outgoing): Promise<void> {
  const note = (facts: Partial<Outgoing>) =>
    setOutgoing(session, (before) => before.map((one) => (one.key === key ? { ...one, ...facts } : one)));
  try {
    const events = await post({
      session_id: session,
      message: text,
      idempotency_key: key,
      ...(files.length > 0 && { attachments: await Promise.all(files.map(({ file }) => encoded(file))) }),
      ...(whenBusy !== undefined && { when_busy: whenBusy }),
    });
    const { value: first } = await events.next();
    if (!first) throw ApiFailure.unreachable();
    const { task_id, message_id } = JSON.parse(first.data) as { task_id: string; message_id: string };
    note({ messageId: message_id });
    followRun(session, task_id, events);
    await refreshConversation(session);
    void queryClient.invalidateQueries({ queryKey: ["sessions"] });
    discard(session, key);
    for (const { preview } of files) if (preview !== undefined) URL.revokeObjectURL(preview);
  } catch (error) {
    note({ error });
  }
}

async function post(body: object): Promise<AsyncGenerator<Message>> {
  const request = new Request("/api/v1/chat/stream", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const response = await fetchSignedIn(request).catch(() => {
    throw ApiFailure.unreachable();
  });
  if (!response.ok || response.body === null) throw await ApiFailure.of(response);
  return eventsOf(response.body);
}
