// The body of a message that is sent over the API to a session, a channel or the channels of an event.

import { type Static, t } from "elysia";
import { WHEN_BUSY } from "../../db/schema.ts";
import { storable } from "../../db/storable.ts";
import { HeddleError } from "../../errors.ts";
import { named } from "../../schema/openapi-schema.ts";
import type { InjectMessage } from "../../sdk/types.ts";
import { DispatchConfig, Id, JsonFields, nullable, oneOf } from "./schemas.ts";

const ExecutionConfig = named(
  "ExecutionConfig",
  t.Object(
    {
      system_preamble: t.Optional(t.String({ description: "A system message right before the user's." })),
      skills: t.Optional(t.Array(t.String(), { description: "Ids of skills to put into the context." })),
      tools: t.Optional(
        t.Array(t.String(), { description: "Tools in addition to the bot's own; `*` matches any text." }),
      ),
      model_override: t.Optional(t.String({ description: "A model to use instead of the bot's." })),
      output_schema: t.Optional(
        t.Record(t.String(), t.Any(), {
          description: "JSON Schema of the answer, which is then JSON and nothing else.",
        }),
      ),
    },
    { additionalProperties: false, description: "Applies only to the run that this message starts." },
  ),
);

const CallbackConfig = named(
  "CallbackConfig",
  t.Object(
    {
      trigger_rag_loop: t.Optional(
        t.Boolean({ description: "True sends the answer to the same session, as a message with a run." }),
      ),
      notify_parent: t.Optional(
        t.Boolean({ description: "True sends the outcome to parent_session_id, as a message with a run." }),
      ),
      parent_session_id: t.Optional({ ...Id, description: "The session that notify_parent tells." }),
      model_override: t.Optional(
        t.String({ description: "A model for this run, unless execution_config names one." }),
      ),
    },
    {
      additionalProperties: false,
      description: "What happens once the run has ended, besides the delivery.",
    },
  ),
);

const Author = named(
  "Author",
  t.Object(
    {
      id: t.Optional(
        t.String({ minLength: 1, maxLength: 200, description: "The person's id in the outside service." }),
      ),
      display_name: t.String({ minLength: 1, maxLength: 200, description: "The person's name." }),
      integration_config: t.Optional(
        t.Record(t.String(), t.Any(), {
          description: 'What integrations know about the person: {"github": {"github_username": "alice"}}.',
        }),
      ),
    },
    {
      additionalProperties: false,
      description: "The person who wrote the message; where it is mirrored, it is posted under this name.",
    },
  ),
);

const AttachmentInput = named(
  "NewAttachment",
  t.Object(
    {
      name: t.String({ minLength: 1, maxLength: 1_000, description: "The file's name." }),
      data: t.String({ minLength: 1, description: "The file in base64: an image, a text file or a PDF." }),
      media_type: t.Optional(
        t.String({ maxLength: 200, description: "The sender's opinion; the file's bytes decide." }),
      ),
    },
    { additionalProperties: false },
  ),
);

export const MessageFields = {
  content: t.String({ description: "The text that the bot reads." }),
  role: t.Optional(t.String({ description: "Ignored: an injected message is always a user's message." })),
  source: t.Optional(
    named(
      "Source",
      nullable(t.String({ minLength: 1, maxLength: 100 }), "Where the message came from. Default: api."),
    ),
  ),
  run_agent: t.Optional(
    named(
      "RunAgent",
      t.Boolean({ description: "True creates a task in which the bot answers. Default: false." }),
    ),
  ),
  notify: t.Optional(
    named(
      "Notify",
      t.Boolean({
        description:
          "Delivers the outcome (or, without a run, the message) to the session's target and to the channel's bindings. Default: true.",
      }),
    ),
  ),
  dispatch_config: t.Optional(nullable(DispatchConfig, "A target for this message's outcome only.")),
  author: t.Optional(nullable(Author, "The person who wrote the message.")),
  execution_config: t.Optional(nullable(ExecutionConfig, "Options of this message for its run.")),
  callback_config: t.Optional(
    nullable(CallbackConfig, "What happens once the run has ended, besides the delivery of its outcome."),
  ),
  metadata: t.Optional(
    named(
      "MessageMetadata",
      nullable(JsonFields, "Stored with the message, for tools, hooks and dispatchers."),
    ),
  ),
  attachments: t.Optional(
    named(
      "Attachments",
      nullable(
        t.Array(AttachmentInput),
        "Files that the bot reads with the message: at most 10, 15 MB in all. The text may be empty then.",
      ),
    ),
  ),
  from_bot: t.Optional(
    named(
      "FromBot",
      t.Boolean({
        description:
          "True if a bot of the outside service wrote the message: it then starts no run and is delivered nowhere unless the channel's allow_bot_messages is true. Default: false.",
      }),
    ),
  ),
  when_busy: t.Optional(
    named(
      "WhenBusy",
      oneOf(
        WHEN_BUSY,
        "What becomes of the message while a run of its session goes on. Default: the channel's.",
      ),
    ),
  ),
  idempotency_key: t.Optional(
    named(
      "IdempotencyKey",
      nullable(
        t.String({ minLength: 1, maxLength: 255 }),
        "A second message with the same key in the same place is not stored; the answer has the ids of the first. The header Idempotency-Key means the same.",
      ),
    ),
  ),
};

const MessageBody = t.Object(MessageFields);

export const Injected = named(
  "InjectedMessage",
  t.Object({
    message_id: Id,
    session_id: Id,
    task_id: nullable(Id, "Null if no run was requested."),
    duplicate: t.Boolean({
      description: "True: the idempotency key was seen before, and nothing was stored.",
    }),
    warnings: t.Optional(
      t.Array(t.String(), {
        description:
          "Parts of the message that have no effect: an execution_config without run_agent, a tool or a skill that does not exist at the moment. Missing if there are none.",
      }),
    ),
  }),
);

/** Throws `validation` if body and header have different idempotency keys. */
export function toInjectMessage(
  body: Static<typeof MessageBody>,
  request: Request,
): Omit<InjectMessage, "sessionId"> {
  const idempotencyKey = idempotencyKeyOf(request, body.idempotency_key ?? undefined);
  return {
    content: body.content,
    source: body.source ?? "api",
    runAgent: body.run_agent ?? false,
    notify: body.notify ?? true,
    ...(body.dispatch_config && { dispatchConfig: body.dispatch_config }),
    ...(body.author && { author: body.author }),
    ...(body.execution_config && { executionConfig: body.execution_config }),
    ...(body.callback_config && { callbackConfig: body.callback_config }),
    ...(body.metadata && { metadata: body.metadata }),
    ...(body.attachments?.length && { attachments: body.attachments }),
    ...(body.from_bot && { fromBot: true }),
    ...(body.when_busy && { whenBusy: body.when_busy }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  };
}

function idempotencyKeyOf(request: Request, inBody: string | undefined): string | undefined {
  const inHeader = request.headers.get("idempotency-key") || undefined;
  if (inHeader !== undefined && inBody !== undefined && inHeader !== inBody) {
    throw new HeddleError(
      "validation",
      "idempotency_key must be the same in the body and in the header Idempotency-Key.",
      {
        field: "idempotency_key",
      },
    );
  }
  const key = inBody ?? inHeader;
  return key === undefined ? undefined : storable(key);
}
