// The body and the answer of a chat.

import { type Static, t } from "elysia";
import type { ClientCall, Outcome } from "../../chat/outcome.ts";
import { TASK_STATUSES, WHEN_BUSY } from "../../db/schema.ts";
import { HeddleError } from "../../errors.ts";
import { named } from "../../schema/openapi-schema.ts";
import type { ExecutionConfig } from "../../sdk/types.ts";
import { MessageFields } from "./message-body.ts";
import { DispatchConfig, Id, InstantOf, instant, JsonFields, nullable, oneOf } from "./schemas.ts";

export const DEFAULT_WAIT_SECONDS = 120;
/** The connection of a client that waits in silence is cut after 255 s. */
const MOST_WAIT_SECONDS = 240;

const ClientTool = named(
  "ClientTool",
  t.Object(
    {
      name: t.String({
        pattern: "^[A-Za-z0-9_-]{1,64}$",
        description: "Its name; it takes the place of a tool of the server with the same name.",
      }),
      description: t.String({ maxLength: 4_000, description: "What it does and when to use it." }),
      parameters: t.Optional(
        t.Record(t.String(), t.Any(), { description: "JSON Schema of an object. Default: no arguments." }),
      ),
      timeout_seconds: t.Optional(
        t.Integer({
          minimum: 1,
          maximum: 86_400,
          description: "How long the run waits for a result before it goes on without one. Default: 3600.",
        }),
      ),
    },
    { additionalProperties: false },
  ),
);

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
        oneOf(WHEN_BUSY, "What becomes of the message during a run. Default: the channel's."),
      ),
      passive: t.Optional(
        t.Boolean({ description: "True stores the message as context, without an answer." }),
      ),
      model_override: t.Optional(
        t.String({ minLength: 1, maxLength: 200, description: "A model for this run." }),
      ),
      dispatch_config: t.Optional(nullable(DispatchConfig, "Where the answer is delivered as well.")),
      client_tools: t.Optional(
        t.Array(ClientTool, {
          maxItems: 64,
          description:
            "Tools that the client carries out itself, for this run. Their calls end the answer or the stream as `tool_request`.",
        }),
      ),
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

const ClientCallAnswer = named(
  "ClientCall",
  t.Object({
    id: t.String({ description: "Names the call in `POST /tasks/{id}/tool-results`." }),
    name: t.String({ description: "The tool." }),
    arguments: t.String({ description: "What the model wrote: the arguments as JSON." }),
    expires_at: InstantOf("At this time, the run continues without a result."),
  }),
);

export const presentCall = ({ expires_at, ...call }: ClientCall) => ({
  ...call,
  expires_at: instant(expires_at),
});

/** The options for the run. Throws `validation`. */
export const executionConfigOf = ({ model_override, client_tools = [] }: ChatBody): ExecutionConfig => ({
  ...(model_override !== undefined && { model_override }),
  ...(client_tools.length > 0 && { client_tools: clientToolsIn(client_tools) }),
});

const clientToolsIn = (tools: Static<typeof ClientTool>[]) =>
  tools.map(({ parameters = NO_PARAMETERS, ...tool }, at) => {
    if (parameters.type !== "object") {
      const field = `client_tools.${at}.parameters`;
      throw new HeddleError("validation", `${field} must be JSON Schema of an object.`, { field });
    }
    return { ...tool, parameters };
  });

const NO_PARAMETERS = { type: "object", properties: {} };

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
    tool_calls: t.Array(ClientCallAnswer, {
      description:
        "Calls of the client's own tools whose results the run waits for, with the status waiting.",
    }),
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
    tool_calls: outcome.client_calls.map(presentCall),
    usage: outcome.usage,
    model: outcome.model,
    correlation_id: outcome.correlation_id,
    warnings: outcome.warnings,
  };
}

/** The answer to a message that is only stored. */
export const NO_RUN = {
  task_id: null,
  status: null,
  text: null,
  merged_into: null,
  tools_used: [],
  client_actions: [],
  tool_calls: [],
  usage: null,
  model: null,
  correlation_id: null,
};
