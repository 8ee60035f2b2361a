// POSTs results to a URL with the headers of Standard Webhooks (https://www.standardwebhooks.com).

import { Type as t } from "@sinclair/typebox";
import { Webhook } from "standardwebhooks";
import type { GuardedPost } from "../../guarded-fetch/post.ts";
import { Permanent, Retryable } from "../../sdk/errors.ts";
import { HOPS_HEADER } from "../../sdk/hops.ts";
import type { Delivered, DispatchContext, Dispatcher, JsonObject } from "../../sdk/types.ts";

export interface WebhookDispatcherOptions {
  post: GuardedPost;
  /** The secret for targets without one of their own: "whsec_" and base64. */
  signingSecret: string;
}

const CONFIG = t.Object({
  url: t.String({ format: "uri", pattern: "^https?://" }),
  secret: t.Optional(t.String({ minLength: 16, description: "Base64, with or without whsec_" })),
});

const TIMEOUT_MS = 30_000;
/** Statuses by which a receiver says that it will never accept this request. All other failures are retried. */
const FINAL_STATUSES = new Set([400, 401, 403, 404, 405, 410, 413, 415, 422]);

export function createWebhookDispatcher({ post, signingSecret }: WebhookDispatcherOptions): Dispatcher {
  const send = async (config: JsonObject, body: JsonObject, ctx: DispatchContext): Promise<Delivered> => {
    const text = JSON.stringify(body);
    const now = new Date();
    const response = await post(String(config.url), {
      body: text,
      headers: {
        "content-type": "application/json",
        [HOPS_HEADER]: String(ctx.hops ?? 0),
        "webhook-id": ctx.delivery_id,
        "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
        "webhook-signature": signer(String(config.secret ?? signingSecret)).sign(ctx.delivery_id, now, text),
      },
      signal: AbortSignal.any([ctx.signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const { status, retryAfterSeconds, redirectsTo } = response;
    // By Standard Webhooks, any 2xx status confirms the receipt, whatever the body says.
    if (status >= 200 && status < 300) return { receipt: { status } };
    const where = redirectsTo === undefined ? "" : `, a redirect to ${redirectsTo}, which is not followed`;
    const message = `The webhook answered ${status}${where}.`;
    if (FINAL_STATUSES.has(status)) throw new Permanent(message);
    throw new Retryable(message, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
  };
  return {
    config: CONFIG,
    deliver: ({ task, result, output, isError, clientActions, extraMetadata }, ctx) =>
      send(
        task.dispatch_config,
        {
          type: "task.finished",
          task_id: task.id,
          status: task.status,
          result: isError ? null : result,
          ...(output !== undefined && { output }),
          error: isError ? result : null,
          bot_id: task.bot_id,
          session_id: task.session_id,
          correlation_id: task.correlation_id,
          client_actions: clientActions,
          extra_metadata: extraMetadata,
        },
        ctx,
      ),
    postMessage: (post, ctx) =>
      send(
        post.dispatchConfig,
        {
          type: "message.posted",
          text: post.text,
          author: post.username === undefined ? null : { display_name: post.username },
          bot_id: post.botId ?? null,
          session_id: post.sessionId ?? null,
          client_actions: post.clientActions ?? [],
          extra_metadata: post.extraMetadata ?? {},
        },
        ctx,
      ),
  };
}

function signer(secret: string): Webhook {
  try {
    return new Webhook(secret);
  } catch (cause) {
    throw new Permanent("dispatch_config.secret must be base64, with or without the prefix whsec_.", {
      cause,
    });
  }
}
