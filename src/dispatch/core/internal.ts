// Gives a result to another session: to the call that waits for it, or as a message that its bot reads with the next one.

import { Type as t } from "@sinclair/typebox";
import { HeddleError } from "../../errors.ts";
import { Permanent, Retryable } from "../../sdk/errors.ts";
import type { DispatchContext, Dispatcher, InjectMessage, InjectResult } from "../../sdk/types.ts";

export interface InternalDispatcherOptions {
  inject: (message: InjectMessage, hops: number) => Promise<InjectResult>;
  /** Starts a run with the outcome of a task. */
  callBack: (
    call: { taskId: string; sessionId: string; content: string; idempotencyKey: string },
    hops: number,
  ) => Promise<InjectResult>;
  /**
   * Gives the result to a tool call of a run of the session. "early": the run has not paused yet; "over": it does not wait for the
   * result any more; "unwanted": it was cancelled.
   */
  answer: (
    call: { taskId: string; sessionId: string; callId: string },
    content: string,
  ) => Promise<"answered" | "early" | "over" | "unwanted">;
}

const CONFIG = t.Object({
  session_id: t.String({ format: "uuid" }),
  /** The run that waits for the result, and its call. */
  task_id: t.Optional(t.String({ format: "uuid" })),
  tool_call_id: t.Optional(t.String({ maxLength: 200 })),
  /** Whether the answer is also posted where that run's conversation takes place, and whether in its thread. */
  post: t.Optional(t.Union([t.Literal("thread"), t.Literal("place")])),
  /** Whether the message starts a run. */
  run_agent: t.Optional(t.Boolean()),
});
/** A run pauses milliseconds after it has delegated work. */
const EARLY_SECONDS = 1;

export function createInternalDispatcher(options: InternalDispatcherOptions): Dispatcher {
  const { inject, callBack, answer } = options;
  const put = async (sessionId: unknown, content: string, { delivery_id, hops = 0 }: DispatchContext) => {
    const { message_id, session_id } = await inject(
      {
        sessionId: String(sessionId),
        content,
        source: "internal",
        notify: false,
        idempotencyKey: delivery_id,
      },
      hops,
    ).catch(unlessPassing);
    return { receipt: { message_id, session_id } };
  };
  return {
    config: CONFIG,
    async deliver({ task, result, isError }, ctx) {
      const { session_id, task_id: taskId, tool_call_id: callId } = task.dispatch_config;
      if (typeof taskId === "string" && typeof callId === "string") {
        const call = { taskId, callId, sessionId: String(session_id) };
        const taken = await answer(call, JSON.stringify(isError ? { error: result } : { result }));
        if (taken === "answered") return { receipt: { task_id: taskId } };
        if (taken === "unwanted") return { receipt: { task_id: taskId, skipped: "the run was cancelled" } };
        if (taken === "early") {
          throw new Retryable("The run that waits for the result has not paused yet.", {
            retryAfter: EARLY_SECONDS,
          });
        }
      }
      const outcome = isError ? "failed" : "finished";
      const content = `Task ${task.id} of ${task.bot_id} ${outcome}:\n\n${result}`;
      if (task.dispatch_config.run_agent !== true) return put(session_id, content, ctx);
      const call = {
        taskId: task.id,
        sessionId: String(session_id),
        content,
        idempotencyKey: ctx.delivery_id,
      };
      const { message_id, task_id } = await callBack(call, ctx.hops ?? 0).catch(unlessPassing);
      return { receipt: { message_id, session_id, task_id } };
    },
    postMessage: ({ dispatchConfig, text }, ctx) => put(dispatchConfig.session_id, text, ctx),
  };
}

/** A deleted session will not come back, so a retry would not help. */
function unlessPassing(error: unknown): never {
  if (!(error instanceof HeddleError) || error.retryable) throw error;
  throw new Permanent(error.message, { cause: error });
}
