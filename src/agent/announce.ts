import type { Logger } from "../log.ts";
import type { LoopEvent } from "./loop.ts";
import type { RunEvents } from "./run-events.ts";

export interface Audience {
  log: Logger;
  task: { id: string };
  events: RunEvents;
}

/** Reports an event of the loop to hooks and to the log. */
export function announce(event: LoopEvent, { log, task, events }: Audience): void {
  switch (event.type) {
    case "model_call":
      events.emit("before_llm_call", {
        model: event.model,
        message_count: event.messageCount,
        tools_count: event.toolsCount,
        provider_id: event.provider,
        iteration: event.iteration,
      });
      return;
    case "model_answer": {
      const { provider, model, usage, fallbackUsed, durationMs } = event.call;
      events.emit("after_llm_call", {
        model,
        duration_ms: durationMs,
        prompt_tokens: usage?.prompt_tokens ?? null,
        completion_tokens: usage?.completion_tokens ?? null,
        total_tokens: usage ? usage.prompt_tokens + usage.completion_tokens : null,
        tool_calls_count: event.toolCallsCount,
        fallback_used: fallbackUsed,
        fallback_model: fallbackUsed ? model : null,
        iteration: event.iteration,
        provider_id: provider,
      });
      return;
    }
    case "model_retry":
      log.info("Retrying with model {model} in {delay_ms} ms: {reason}", {
        model: event.model,
        delay_ms: event.delayMs,
        reason: event.reason,
        task_id: task.id,
      });
      return;
    default:
      return;
  }
}
