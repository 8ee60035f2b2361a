// A chat's events as server-sent events.

import type { ChatEvent, ChatPlace, ChatStep } from "../../chat/chat-event.ts";
import type { Follow } from "../../chat/follow.ts";
import { presentCall, presentOutcome } from "./chat-body.ts";
import { writePlace } from "./chat-place.ts";
import type { StreamEvent } from "./event-stream.ts";

export interface ChatRun {
  task_id: string;
  message_id: string;
  session_id: string;
}

/** Yields the events of a run; the first, unless the client continues, says what was accepted. */
export async function* chatEvents(
  follow: Follow,
  run: ChatRun,
  { from, signal, first = {} }: { from?: ChatPlace | undefined; signal: AbortSignal; first?: object },
): AsyncGenerator<StreamEvent[], undefined> {
  if (!from) {
    const place: ChatPlace = { task: run.task_id, cursor: { since: "1:1:" }, part: "", offset: 0 };
    yield [{ id: writePlace(place), event: "accepted", data: { type: "accepted", ...run, ...first } }];
  }
  for await (const steps of follow(run.task_id, { from, signal })) {
    yield steps.map((step) => written(step, run));
  }
  return undefined;
}

function written({ event, place }: ChatStep, run: ChatRun): StreamEvent {
  return {
    id: writePlace(place),
    event: event.type,
    data: { ...fieldsOf(event, run), session_id: run.session_id },
  };
}

function fieldsOf(event: ChatEvent, run: ChatRun): object {
  if (!("outcome" in event)) return event;
  const { type, outcome } = event;
  const { task_id, correlation_id, error, error_code } = outcome;
  switch (type) {
    case "response":
      return { type, ...presentOutcome(outcome, run) };
    case "error":
      return { type, code: error_code, message: error, task_id, correlation_id };
    case "tool_request":
      return { type, task_id, tool_calls: outcome.client_calls.map(presentCall) };
    case "cancelled":
      return { type, task_id, message: error };
  }
}
