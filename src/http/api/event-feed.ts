// The stream of GET /events: the log and the live text of all runs, in order, for one subscriber. It holds a place in the
// log and how far it has come with each running run, so a slow subscriber costs no memory.

import { type Cursor, writeCursor } from "../../events/cursor.ts";
import type { Events } from "../../events/events.ts";
import type { LiveRun } from "../../events/live.ts";
import type { LoggedEvent, Placed } from "../../events/log.ts";
import type { EventPlace } from "./event-reach.ts";
import type { StreamEvent } from "./event-stream.ts";
import { instant } from "./schemas.ts";

export interface FeedOptions {
  events: Pick<Events, "open" | "changed" | "live" | "isLost">;
  from: Cursor | undefined;
  /** Whether the subscriber asked for this event and has the scope for it. */
  wants(
    event: Pick<LoggedEvent, "type" | "task_id" | "session_id" | "channel_id" | "bot_id" | "integration_id"> &
      Partial<Pick<LoggedEvent, "scope">>,
  ): boolean;
  sees(place: EventPlace): Promise<boolean>;
  signal: AbortSignal;
  now?: () => Date;
}

const WAIT_MS = 10_000;
/** Longer texts come in several events. */
const TEXT_LENGTH = 16_000;

interface Progress {
  part: string;
  offset: number;
  notes: number;
}

export async function* feed(options: FeedOptions): AsyncGenerator<StreamEvent[], undefined> {
  const { events, from, wants, sees, signal, now = () => new Date() } = options;
  const progress = new Map<string, Progress>();
  const follower = await events.open(from);
  let id = writeCursor(follower.cursor);
  try {
    const isLost = from !== undefined && (await events.isLost(from));
    // Sent at once, so that a subscriber knows its place even if nothing happens.
    yield [
      { id, event: isLost ? "lost" : "open", data: { type: isLost ? "lost" : "open", at: instant(now()) } },
    ];
    while (!signal.aborted) {
      const changes = events.changed(null, WAIT_MS, signal);
      const batch: StreamEvent[] = [];
      try {
        const written = new Map(
          [...events.live.list()].map((run) => [run.task_id, { part: run.part, length: run.text.length }]),
        );
        const { events: placed, hasMore } = await follower.read();
        for (const one of placed) {
          const { event } = one;
          const run = events.live.get(event.task_id ?? "");
          if (run && endsText(event, run)) batch.push(...(await textOf(run, run.text.length)));
          id = writeCursor(one.cursor);
          if (wants(event) && (await sees(event))) batch.push(present(one));
        }
        id = writeCursor(follower.cursor);
        if (!hasMore) {
          for (const run of [...events.live.list()]) {
            const seen = written.get(run.task_id);
            // What a run wrote that was over before comes with its end, if that comes.
            if (run.isOver && !progress.has(run.task_id)) continue;
            if (seen?.part === run.part) batch.push(...(await textOf(run, seen.length)));
          }
          for (const taskId of progress.keys()) if (!events.live.get(taskId)) progress.delete(taskId);
        }
        if (batch.length === 0 && !hasMore) await changes.happened;
      } finally {
        changes.cancel();
      }
      if (batch.length > 0) yield batch;
    }
  } finally {
    follower.close();
  }
  return undefined;

  /** Returns what the run has written since the last call, up to `length` of its text. */
  async function textOf(run: LiveRun, length: number): Promise<StreamEvent[]> {
    const place = { ...run, integration_id: null };
    const state = progress.get(run.task_id) ?? { part: "", offset: 0, notes: 0 };
    const isNews = state.part !== run.part || state.offset < length || state.notes < run.noteCount;
    if (!isNews || !(await sees(place))) return [];
    progress.set(run.task_id, state);
    const found: StreamEvent[] = [];
    const fresh = run.notes.slice(Math.max(0, run.notes.length - (run.noteCount - state.notes)));
    state.notes = run.noteCount;
    for (const { type, data } of fresh) {
      if (wants({ ...place, type })) found.push(live(run, type, data));
    }
    if (state.part !== run.part) Object.assign(state, { part: run.part, offset: 0 });
    while (state.offset < length) {
      const text = run.text.slice(state.offset, Math.min(length, state.offset + TEXT_LENGTH));
      const data = { part: run.part, offset: state.offset, text };
      if (wants({ ...place, type: "text.delta" })) found.push(live(run, "text.delta", data));
      state.offset += text.length;
    }
    return found;
  }

  function live(run: LiveRun, type: string, data: Record<string, unknown>): StreamEvent {
    const { task_id, session_id, channel_id, bot_id } = run;
    const facts = { task_id, session_id, channel_id, bot_id, integration_id: null, correlation_id: null };
    return { id, event: type, data: { type, at: instant(now()), ...facts, data } };
  }
}

/** Whether the event comes after the text that the run shows now. */
function endsText({ type, data }: LoggedEvent, { part }: LiveRun): boolean {
  if (type === "tool.started") return Number(data.iteration) >= Number(part.split(".")[1]);
  return ["task.completed", "task.failed", "task.cancelled", "task.waiting"].includes(type);
}

function present({ event, cursor }: Placed): StreamEvent {
  const { type, created_at, task_id, session_id, channel_id, bot_id, integration_id, correlation_id, data } =
    event;
  const facts = { task_id, session_id, channel_id, bot_id, integration_id, correlation_id };
  return { id: writeCursor(cursor), event: type, data: { type, at: instant(created_at), ...facts, data } };
}
