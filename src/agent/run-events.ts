// Fires the hook events of one run, with the task, the message and the target that it concerns.

import type { FiredEvent, Hooks, MoreOf } from "../hooks/hooks.ts";
import type {
  HookExtras,
  HookMessage,
  HookOutcomes,
  HookSubject,
  JsonObject,
  MessageAuthor,
  RunContext,
} from "../sdk/types.ts";
import { maskConfig } from "../secrets/mask.ts";
import type { ClaimedTask } from "./claimed-task.ts";
import type { LoadedTurn } from "./load-turn.ts";

export interface RunEvents {
  /** `outcome` is required for events at the end of a call or run. */
  emit<Event extends FiredEvent>(
    event: Event,
    extra: HookExtras[Event],
    ...outcome: Event extends keyof HookOutcomes ? [HookOutcomes[Event]] : []
  ): void;
  /** Adds the message to later events. */
  knowMessage(turn: Pick<LoadedTurn, "metadata" | "source">): void;
}

export function createRunEvents(hooks: Pick<Hooks, "fire">, task: ClaimedTask): RunEvents {
  const context = runContext(task);
  const subject: HookSubject = {
    task_id: task.id,
    source: null,
    message: null,
    dispatch_config: { ...maskConfig(task.dispatch_config), type: task.dispatch_type },
  };
  return {
    emit(event, extra, ...[outcome]) {
      // The outcome is required above for the events that have one.
      hooks.fire(event, { ...context, extra }, { ...subject, ...outcome } as unknown as MoreOf<typeof event>);
    },
    knowMessage({ metadata, source }) {
      subject.source = source;
      subject.message = { id: task.message_id, metadata, author: authorIn(metadata) };
    },
  };
}

/** The author as `injectMessage` stores it in the metadata. */
function authorIn({ author }: JsonObject): HookMessage["author"] {
  if (typeof author !== "object" || author === null) return null;
  const { id, display_name } = author as Partial<MessageAuthor>;
  if (typeof display_name !== "string") return null;
  return { ...(typeof id === "string" && { id }), display_name };
}

export function runContext(task: ClaimedTask): RunContext {
  const { bot_id, session_id, channel_id, client_id, correlation_id } = task;
  return { bot_id, session_id, channel_id, client_id, correlation_id };
}
