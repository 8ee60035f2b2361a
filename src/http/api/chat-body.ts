// The body and the answer of a chat.

import { type Static, t } from "elysia";
import type { Outcome } from "../../chat/outcome.ts";
import { TASK_STATUSES, WHEN_BUSY } from "../../db/schema.ts";
import { named } from "../../schema/openapi-schema.ts";
import { MessageFields } from "./message-body.ts";
import { DispatchConfig, Id, JsonFields, nullable, oneOf } from "./schemas.ts";

export const DEFAULT_WAIT_SECONDS = 120;
/** The connection of a client that waits in silence is cut after 255 s. */
const MOST_WAIT_SECONDS = 240;

export const ChatBody = named(
  "ChatMessage",
  t.Object(
    {
      message: t.String({ description: "What the bot answers; may be empty with attachments." }),
      attachments: MessageFields.attachments,
      session_id: t.Optional(
        nullable(Id, "The session to continue. Default: the active one of client_id and bot_id."),
      ),
      channel_id: t.Optional(nullable(Id, "The channel whose active session is continued.")),
      client_id: t.Optional(
        t.String({
          minLength: 1,
          maxLength: 500,
          description: 'The lasting name of the conversation: "web:anna". Default: one of the key\'s own.',
        }),
      ),
      bot_id: t.Optional(t.String({ minLength: 1, maxLength: 64, description: "Default: default." })),
      when_busy: t.Optional(
        oneOf(WHEN_BUSY, "What becomes of the message while a run goes. Default: the channel's."),
      ),
      passive: t.Optional(
        t.Boolean({ description: "True stores the message as context, without an answer." }),
      ),
      model_override: t.Optional(
        t.String({ minLength: 1, maxLength: 200, description: "A model for this run." }),
      ),
      dispatch_config: t.Optional(nullable(DispatchConfig, "Where the answer is delivered as well.")),
      notify: MessageFields.notify,
      author: MessageFields.author,
      msg_metadata: t.Optional(nullable(JsonFields, "Stored with the message.")),
      idempotency_key: MessageFields.idempotency_key,
      timeout_seconds: t.Optional(
        t.Integer({
          minimum: 0,
          maximum: MOST_WAIT_SECONDS,
          description: `How long to wait; then the answer has the status of the run, which goes on. Default: ${DEFAULT_WAIT_SECONDS}. Without effect on a stream.`,
        }),
      ),
    },
    { additionalProperties: false },
  ),
);

export type ChatBody = Static<typeof ChatBody>;

const UsageAnswer = named(
  "ChatUsage",
  t.Object({
    prompt_tokens: t.Integer({ description: "Tokens read." }),
    cached_input_tokens: t.Integer({ description: "Of these, read from the provider's cache." }),
    completion_tokens: t.Integer({ description: "Tokens written." }),
    total_tokens: t.Integer({ description: "Both." }),
    cost_usd: nullable(t.Number(), "US dollars; null if a price is not known."),
  }),
);

export const ChatAnswer = named(
  "ChatAnswer",
  t.Object({
    task_id: nullable(
      Id,
      "The run; null for a passive message. If the message was merged, the run that answers it.",
    ),
    message_id: Id,
    session_id: Id,
    status: nullable(oneOf(TASK_STATUSES), "complete, or how far the run has come when the time was over."),
    text: nullable(t.String(), "The answer."),
    merged_into: nullable(Id, "The run that answered the message instead of its own."),
    tools_used: t.Array(t.String(), { description: "The tools that were called." }),
    client_actions: t.Array(JsonFields, { description: "What tools asked the client to do." }),
    usage: nullable(UsageAnswer, "What the run read, wrote and cost."),
    model: nullable(t.String(), "The model that answered."),
    correlation_id: nullable(Id, "One id from the message to the delivery."),
    warnings: t.Array(t.String(), { description: "What the run had to do without." }),
  }),
);

export function presentOutcome(
  outcome: Outcome,
  { task_id, message_id }: { task_id: string | null; message_id: string },
): Static<typeof ChatAnswer> {
  return {
    task_id: outcome.task_id,
    message_id,
    session_id: outcome.session_id,
    status: outcome.status,
    text: outcome.text,
    merged_into: outcome.task_id === task_id ? outcome.merged_into : outcome.task_id,
    tools_used: outcome.tools_used,
    client_actions: outcome.client_actions,
    usage: outcome.usage,
    model: outcome.model,
    correlation_id: outcome.correlation_id,
    warnings: outcome.warnings,
  };
}
