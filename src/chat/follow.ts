// One run as the client of a chat sees it: a view of the stream of events, which can be continued from any of its events.

import { setImmediate } from "node:timers/promises";
import type { Database } from "../db/database.ts";
import { TASK_ENDS } from "../db/schema.ts";
import { BEGINNING, type Events } from "../events/events.ts";
import type { LoggedEvent, Placed } from "../events/log.ts";
import type { Follower } from "../events/tail.ts";
import { clientCallId } from "../sessions/call-names.ts";
import type { ChatEvent, ChatPlace, ChatStep } from "./chat-event.ts";
import type { Outcome, Outcomes } from "./outcome.ts";
import { createShownText, modelCall } from "./shown-text.ts";
import { approvalEvent, loadOpenCalls, loadStepFacts, type StepFacts, toolEvent } from "./step-facts.ts";

export interface FollowOptions {
  db: Pick<Database, "query">;
  events: Pick<Events, "openTask" | "changed" | "live">;
  outcomes: Outcomes;
}

/** Follows a run to its end, from its beginning or from the place, until `signal`. Throws `not_found`. */
export type Follow = (
  taskId: string,
  options: { from?: ChatPlace | undefined; signal: AbortSignal },
) => AsyncGenerator<ChatStep[], undefined>;

/** After so long without news, somebody looks whether the end was missed: events are deleted after a while. */
const LOOK_AGAIN_MS = 5_000;
const ENDS = ["task.completed", "task.failed", "task.cancelled", "task.waiting"];
/** A run that waits for its client is over for this stream; one that waits for another bot goes on by itself. */
const isOver = ({ status, client_calls }: Outcome): boolean =>
  status === "waiting" ? client_calls.length > 0 : (TASK_ENDS as readonly string[]).includes(status);

export function createFollow({ db, events, outcomes }: FollowOptions): Follow {
  return async function* (taskId, { from, signal }) {
    let place: ChatPlace = from ?? { task: taskId, cursor: BEGINNING, part: "", offset: 0 };
    // A client that continues was told of the calls that go on now.
    const view = createView(place, from ? await loadOpenCalls(db, place.task) : new Map());
    for (;;) {
      const { past, follower } = await events.openTask(place.task, place.cursor);
      try {
        let mustLook = true;
        let news: Placed[] = past;
        let hasMore = false;
        while (!signal.aborted) {
          const changes = events.changed(place.task, LOOK_AGAIN_MS, signal);
          try {
            const run = events.live.get(place.task);
            const written = { part: run?.part, length: run?.text.length ?? 0 };
            if (news !== past) ({ events: news, hasMore } = await follower.read());
            const own = news.filter(({ event }) => event.task_id === place.task);
            const steps = view.logged(
              own,
              await loadStepFacts(
                db,
                own.map(({ event }) => event),
              ),
            );
            if (steps.length > 0) yield steps;
            if (view.mergedInto !== undefined) break;
            if (mustLook || own.some(({ event }) => ENDS.includes(event.type))) {
              mustLook = false;
              const outcome = await outcomes.get(place.task);
              // The event that says so may be too old to be in the log.
              if (outcome.merged_into !== null) {
                yield view.merged(outcome.merged_into);
                break;
              }
              if (isOver(outcome)) {
                // The outcome may be newer than what was read of the log.
                yield view.logged(...(await rest(follower, place.task)));
                // So may what was written: a run may have been asked again and have ended since it was looked at.
                const all = events.live.get(place.task);
                if (all) yield view.live(all, all.text.length);
                yield view.ended(outcome);
                return undefined;
              }
            }
            // The past was read before the run was looked at, which may have begun between the two.
            const isUpToDate = !hasMore && news !== past;
            const live = run && isUpToDate && run.part === written.part ? view.live(run, written.length) : [];
            if (live.length > 0) yield live;
            else if (steps.length === 0 && isUpToDate) {
              mustLook = (await changes.happened) === "late";
              // A model may write thousands of pieces at once, of which each would be looked at alone.
              await setImmediate();
            }
            news = [];
          } finally {
            changes.cancel();
          }
        }
      } finally {
        follower.close();
      }
      if (view.mergedInto === undefined) return undefined;
      place = view.turnTo(view.mergedInto);
    }
  };

  async function rest(follower: Follower, task: string): Promise<[Placed[], StepFacts]> {
    const news: Placed[] = [];
    for (let hasMore = true; hasMore; ) {
      const page = await follower.read();
      news.push(...page.events.filter(({ event }) => event.task_id === task));
      hasMore = page.hasMore;
    }
    return [
      news,
      await loadStepFacts(
        db,
        news.map(({ event }) => event),
      ),
    ];
  }
}

/** Turns what happened into events with their places. */
function createView(start: ChatPlace, openCalls: Map<string, string>) {
  const shown = createShownText(start.part, start.offset);
  let { task, cursor } = start;
  let mergedInto: string | undefined;

  const placed = (list: ChatEvent[]): ChatStep[] => {
    const place = { task, cursor, part: shown.part, offset: shown.offset };
    return list.map((event) => ({ event, place }));
  };

  /** What comes before an event: the rest of the text that it ends. */
  function before({ type, data }: LoggedEvent, { texts }: StepFacts): ChatStep[] {
    if (type === "task.started") return placed(shown.attempt(Number(data.attempt)));
    const iteration = Number(data.iteration);
    if (type !== "tool.started" || shown.isFinished(iteration)) return [];
    const text = texts.get(String(data.message_id)) ?? "";
    const rest = placed(shown.complete(text));
    shown.finish(iteration);
    return text.trim() === "" ? rest : [...rest, ...placed([{ type: "assistant_text", text }])];
  }

  function merge(into: string): ChatEvent {
    mergedInto = into;
    return { type: "merged", task_id: task, merged_into: into };
  }

  function know(rowId: string, { calls }: StepFacts): void {
    const call = calls.get(rowId);
    if (call) openCalls.set(modelCall(call.iteration, call.call_id), clientCallId(rowId));
  }

  /** Progress of a call that the client has not been told of is left out: more will follow. */
  function named(told: ChatEvent[]): ChatEvent[] {
    return told.flatMap((event): ChatEvent[] => {
      if (event.type !== "tool_progress") return [event];
      const call_id = openCalls.get(event.call_id);
      return call_id === undefined ? [] : [{ ...event, call_id }];
    });
  }

  function itself(event: LoggedEvent, facts: StepFacts): ChatEvent[] {
    const { type, data } = event;
    if (type === "tool.started") know(String(data.tool_call_id), facts);
    switch (type) {
      case "task.started":
        return [{ type: "started", attempt: Number(data.attempt) }];
      case "task.released":
        return [{ type: "queued", task_id: task, reason: "The run went back to the queue." }];
      case "task.merged":
        return [merge(String(data.merged_into))];
      case "tool.started":
      case "tool.completed":
      case "tool.failed":
        return toolEvent(event, facts);
      default:
        return type.startsWith("approval.") ? approvalEvent(event, facts) : [];
    }
  }

  return {
    get mergedInto() {
      return mergedInto;
    },
    logged: (news: Placed[], facts: StepFacts): ChatStep[] =>
      news.flatMap((one) => {
        const first = before(one.event, facts);
        cursor = one.cursor;
        return [...first, ...placed(itself(one.event, facts))];
      }),
    merged: (into: string): ChatStep[] => placed([merge(into)]),
    live: (...written: Parameters<typeof shown.live>): ChatStep[] => placed(named(shown.live(...written))),
    ended(outcome: Outcome): ChatStep[] {
      const text = outcome.status === "complete" ? shown.complete(outcome.text ?? "") : [];
      return placed([...text, { type: lastEvent(outcome), outcome }]);
    },
    /** Goes on with the run that answers the merged message. */
    turnTo(other: string): ChatPlace {
      task = other;
      mergedInto = undefined;
      shown.otherRun();
      return { task, cursor, part: "", offset: 0 };
    },
  };
}

function lastEvent({ status }: Outcome): "response" | "cancelled" | "tool_request" | "error" {
  if (status === "complete") return "response";
  if (status === "cancelled") return "cancelled";
  return status === "waiting" ? "tool_request" : "error";
}
