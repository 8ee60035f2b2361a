import type { Events } from "../events/events.ts";
import type { RunWriter } from "../events/live.ts";
import type { LlmToolCall } from "../llm/llm.ts";
import type { Redact } from "../redact.ts";
import type { ClaimedTask } from "./claimed-task.ts";
import type { LoopEvent } from "./loop.ts";
import type { Progress } from "./tools/progress.ts";

/** Where runs can be watched while they go. */
export type Stage = { live: Pick<Events["live"], "begin"> } & Pick<Events, "committed">;

export interface CallProgress extends Progress {
  iteration: number;
  call: Pick<LlmToolCall, "id" | "name">;
}

export interface ShownRun {
  /** Call it before the event is stored. */
  show(event: LoopEvent): void;
  /** How far a call is. */
  progress(news: CallProgress): void;
  /** Call it once the event is stored, or the run has ended. */
  stored(): void;
  close(): void;
}

/** Somebody who is told about this run only. */
export type RunWatcher = Pick<ShownRun, "show" | "progress">;

/** Shows a run to those who watch it: its text as it is written, and the calls of its models. */
export function showRun(
  stage: Stage | undefined,
  task: ClaimedTask,
  redact: Redact,
  watcher?: RunWatcher,
): ShownRun {
  const writer = stage?.live.begin(
    {
      task_id: task.id,
      session_id: task.session_id,
      channel_id: task.channel_id,
      bot_id: task.bot_id,
      owner: task.owner ?? null,
    },
    task.attempt,
  );
  return {
    show(event) {
      if (writer) write(event, writer, redact);
      watcher?.show(event);
    },
    progress(news) {
      const { iteration, call, message, fraction } = news;
      writer?.note({
        type: "tool.progress",
        // A call of the model has this id only within its answer.
        data: { iteration, call_id: call.id, tool: call.name, message, fraction },
      });
      watcher?.progress(news);
    },
    stored: () => stage?.committed(),
    close: () => writer?.close(),
  };
}

function write(event: LoopEvent, writer: RunWriter, redact: Redact): void {
  const { iteration } = event;
  switch (event.type) {
    case "text":
      writer.text(iteration, event.text);
      return;
    case "model_call":
      writer.note({
        type: "turn.model_call",
        data: { iteration, model: event.model, messages: event.messageCount, tools: event.toolsCount },
      });
      return;
    case "model_answer": {
      const { model, usage, fallbackUsed, durationMs } = event.call;
      writer.note({
        type: "turn.model_answer",
        data: {
          iteration,
          model,
          fallback_used: fallbackUsed,
          duration_ms: durationMs,
          prompt_tokens: usage?.prompt_tokens ?? null,
          completion_tokens: usage?.completion_tokens ?? null,
          tool_calls: event.toolCallsCount,
        },
      });
      return;
    }
    case "model_retry": {
      writer.restart(iteration);
      const { model, delayMs, reason } = event;
      writer.note({
        type: "turn.retry",
        data: { iteration, model, delay_ms: delayMs, reason: redact(reason) },
      });
      return;
    }
  }
}
