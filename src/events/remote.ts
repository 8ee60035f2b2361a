// Carries live text and wake-ups between the servers and workers of a PostgreSQL database, by NOTIFY. A process sends only
// while another one has said that it has listeners, and sends what has gathered in one statement.

import type { Database } from "../db/database.ts";
import { errorMessage } from "../errors.ts";
import { createGrowingText } from "../growing-text.ts";
import type { Logger } from "../log.ts";
import { KEPT_NOTES, type Live, type LiveRun, MOST_RUNS, type RunFacts } from "./live.ts";

const CHANNEL = "heddle_live";
const GATHER_MS = 25;
const INTEREST_EVERY_MS = 4_000;
const INTEREST_LASTS_MS = 10_000;
/** A notification holds 8,000 bytes, and a character may take six of them. */
const TEXT_LENGTH = 1_200;
const NOTE_BYTES = 7_000;

type Message = { from: string } & (
  | { kind: "interest"; asks?: string }
  | { kind: "wake" }
  | { kind: "stop" }
  | { kind: "text"; run: RunFacts; part: string; offset: number; text: string }
  | { kind: "note"; run: RunFacts; type: string; data: Record<string, unknown>; count: number }
  | { kind: "end"; run: RunFacts }
);

export interface Remote {
  /** Tells the other processes that something was committed. */
  wake(): void;
  askToStop(): void;
  /** Says at once that this process has listeners. */
  announce(): void;
  close(): Promise<void>;
}

export interface RemoteOptions {
  db: Pick<Database, "execute" | "listen">;
  log: Logger;
  live: Live;
  /** Names this process. */
  id: string;
  isFollowed(): boolean;
  onWake(): void;
  onStop(): void;
  now?: () => number;
}

export async function createRemote(options: RemoteOptions): Promise<Remote> {
  const { db, log, live, id, isFollowed, onWake, onStop, now = () => performance.now() } = options;
  const interested = new Map<string, number>();
  /** What was sent of each run of this process. */
  const sent = new Map<string, { part: string; offset: number; notes: number; isOver: boolean }>();
  const changed = new Set<LiveRun>();
  const mirrored = new Map<string, LiveRun>();
  let mustWake = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sending = Promise.resolve();
  let isClosed = false;

  const isWanted = () => {
    for (const [process, until] of interested) if (until < now()) interested.delete(process);
    return interested.size > 0;
  };

  function send(messages: Message[]): void {
    if (messages.length === 0) return;
    const texts = JSON.stringify(messages.map((message) => JSON.stringify(message)));
    sending = sending.then(async () => {
      await db
        .execute(
          `select pg_notify('${CHANNEL}', message) from jsonb_array_elements_text($1::text::jsonb) with ordinality
             as given (message, nr) order by nr`,
          [texts],
        )
        .catch((error) => log.debug("Live text was not passed on: {error}", { error: errorMessage(error) }));
    });
  }

  function gather(): void {
    if (timer !== undefined || isClosed) return;
    timer = setTimeout(() => {
      timer = undefined;
      const runs = [...changed];
      changed.clear();
      const messages: Message[] = mustWake ? [{ from: id, kind: "wake" }] : [];
      mustWake = false;
      if (isWanted()) send([...messages, ...runs.flatMap(newsOf)]);
      for (const { task_id, isOver } of runs) if (isOver) sent.delete(task_id);
    }, GATHER_MS);
  }

  function newsOf(run: LiveRun): Message[] {
    const facts = factsOf(run);
    const state = sent.get(run.task_id) ?? { part: "", offset: 0, notes: run.noteCount, isOver: false };
    sent.set(run.task_id, state);
    const messages: Message[] = [];
    if (state.part !== run.part) Object.assign(state, { part: run.part, offset: 0 });
    if (state.offset === 0 && run.text.length === 0) {
      messages.push({ from: id, kind: "text", run: facts, part: run.part, offset: 0, text: "" });
    }
    while (state.offset < run.text.length) {
      const text = run.text.slice(state.offset, state.offset + TEXT_LENGTH);
      messages.push({ from: id, kind: "text", run: facts, part: run.part, offset: state.offset, text });
      state.offset += text.length;
    }
    const fresh = run.noteCount - state.notes;
    for (const [at, { type, data }] of run.notes.slice(fresh > 0 ? -fresh : run.notes.length).entries()) {
      const message: Message = {
        from: id,
        kind: "note",
        run: facts,
        type,
        data,
        count: run.noteCount - fresh + at + 1,
      };
      if (Buffer.byteLength(JSON.stringify(message)) < NOTE_BYTES) messages.push(message);
    }
    state.notes = run.noteCount;
    if (run.isOver) messages.push({ from: id, kind: "end", run: facts });
    return messages;
  }

  function receive(payload: string): void {
    const message = JSON.parse(payload) as Message;
    if (message.from === id) return;
    switch (message.kind) {
      case "interest":
        interested.set(message.from, now() + INTEREST_LASTS_MS);
        // A newcomer has missed what was sent so far, and so has one that finds a gap.
        if (message.asks !== undefined) resend(message.asks);
        return;
      case "wake":
        onWake();
        return;
      case "stop":
        onStop();
        return;
      case "text":
        if (isFollowed()) receiveText(message);
        return;
      case "note": {
        const run = mirrored.get(message.run.task_id);
        if (!run || !isFollowed()) return;
        const { type, data, count } = message;
        live.mirror(
          Object.assign(run, {
            notes: [...run.notes.slice(1 - KEPT_NOTES), { type, data }],
            noteCount: count,
          }),
        );
        return;
      }
      case "end": {
        const run = mirrored.get(message.run.task_id);
        mirrored.delete(message.run.task_id);
        if (run) live.mirror(Object.assign(run, { isOver: true }));
        return;
      }
    }
  }

  function receiveText({ run: facts, part, offset, text }: Extract<Message, { kind: "text" }>): void {
    const known = mirrored.get(facts.task_id);
    const had = known?.part === part ? known.text : createGrowingText();
    if (offset > had.length) {
      send([{ from: id, kind: "interest", asks: facts.task_id }]);
      return;
    }
    const run = known ?? { ...facts, part, text: had, notes: [], noteCount: 0, isOver: false };
    const [oldest] = mirrored.keys();
    if (mirrored.size > MOST_RUNS && oldest !== undefined) mirrored.delete(oldest);
    had.add(text.slice(had.length - offset));
    mirrored.set(facts.task_id, Object.assign(run, { part, text: had }));
    live.mirror(run);
  }

  function resend(taskId: string): void {
    for (const run of live.list()) {
      if (mirrored.get(run.task_id) === run || (taskId !== "*" && run.task_id !== taskId)) continue;
      sent.delete(run.task_id);
      changed.add(run);
      gather();
    }
  }

  live.onWrite((run) => {
    if (interested.size === 0) return;
    changed.add(run);
    gather();
  });
  const sayInterest = (asks?: string) =>
    send([{ from: id, kind: "interest", ...(asks !== undefined && { asks }) }]);
  const announcing = setInterval(() => {
    if (isFollowed()) sayInterest();
  }, INTEREST_EVERY_MS);
  const listening = await db.listen(
    CHANNEL,
    (payload) => {
      try {
        receive(payload);
      } catch (error) {
        log.debug("A notification could not be read: {error}", { error: errorMessage(error) });
      }
    },
    () => {},
  );
  return {
    wake() {
      if (interested.size === 0) return;
      mustWake = true;
      gather();
    },
    askToStop: () => send([{ from: id, kind: "stop" }]),
    announce: () => sayInterest("*"),
    async close() {
      isClosed = true;
      clearInterval(announcing);
      clearTimeout(timer);
      await listening.close();
      await sending;
    },
  };
}

const factsOf = ({ task_id, session_id, channel_id, bot_id, owner }: LiveRun): RunFacts => ({
  task_id,
  session_id,
  channel_id,
  bot_id,
  owner,
});
