// Adds a result to another session, whose bot reads it with the next message.

import { Type as t } from "@sinclair/typebox";
import { HeddleError } from "../../errors.ts";
import { Permanent } from "../../sdk/errors.ts";
import type { DispatchContext, Dispatcher, InjectMessage, InjectResult } from "../../sdk/types.ts";

export interface InternalDispatcherOptions {
  inject: (message: InjectMessage, hops: number) => Promise<InjectResult>;
}

const CONFIG = t.Object({ session_id: t.String({ format: "uuid" }) });

export function createInternalDispatcher({ inject }: InternalDispatcherOptions): Dispatcher {
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
    ).catch((error: unknown) => {
      // A deleted session will not come back, so a retry would not help.
      if (!(error instanceof HeddleError) || error.retryable) throw error;
      throw new Permanent(error.message, { cause: error });
    });
    return { receipt: { message_id, session_id } };
  };
  return {
    config: CONFIG,
    deliver({ task, result, isError }, ctx) {
      const outcome = isError ? "failed" : "finished";
      const content = `Task ${task.id} of ${task.bot_id} ${outcome}:\n\n${result}`;
      return put(task.dispatch_config.session_id, content, ctx);
    },
    postMessage: ({ dispatchConfig, text }, ctx) => put(dispatchConfig.session_id, text, ctx),
  };
}
