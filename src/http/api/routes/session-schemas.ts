// The schemas of sessions and messages.

import { t } from "elysia";
import { TOOL_CALL_STATUSES } from "../../../db/schema.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { SESSION_ORDERS } from "../../../sessions/list-sessions.ts";
import { ROWS } from "../list.ts";
import { MessageFields } from "../message-body.ts";
import { DispatchConfig, Id, Instant, InstantOf, JsonFields, JsonOf, nullable, oneOf } from "../schemas.ts";

export const SessionAnswer = named(
  "Session",
  t.Object({
    id: Id,
    channel_id: Id,
    client_id: t.String({ description: "The place that it belongs to." }),
    channel_name: t.String({
      description: "The `name` of its channel; the channel's `display_name` may be another one.",
    }),
    title: nullable(
      t.String(),
      "The beginning of the first message that came from outside; null: there is none.",
    ),
    bot_id: t.String({ description: "The bot that answers in it." }),
    active: t.Boolean({
      description: "Whether new messages for its client and bot go to this session.",
    }),
    dispatch_config: nullable(
      JsonFields,
      "Where outcomes are delivered unless a message says otherwise. Secret fields are masked.",
    ),
    unread: t.Integer({ description: "Answers that nobody has read yet; 100 means 100 or more." }),
    last_message_at: nullable(Instant, "When its last message came; null: it has none."),
    found_tools: t.Array(t.String(), {
      description:
        "Tools that its runs have found with search_tools, the earliest first; they stay shown to the model.",
    }),
    created_at: InstantOf("When it began."),
  }),
);

export const ReadBody = t.Object(
  {
    message_id: t.Optional(
      t.String({ format: "uuid", description: "Read up to here. Default: everything." }),
    ),
  },
  { additionalProperties: false },
);

export const FILTERS = {
  channel_id: t.Optional(Id),
  client_id: t.Optional(t.String({ description: "Only sessions of this place." })),
  bot_id: t.Optional(t.String({ description: "Only sessions of this bot." })),
  active: t.Optional(
    t.Boolean({ description: "Only sessions that are active, or only those that are not." }),
  ),
  delegated: t.Optional(
    t.Boolean({
      description: "Only sessions that began with work given by another bot, or only those that did not.",
    }),
  ),
  q: t.Optional(t.String({ description: "Text that the name or client_id of the channel must contain." })),
  order: t.Optional(
    oneOf(
      SESSION_ORDERS,
      "By which time the newest come first: when the session began (default), or when its last message came.",
    ),
  ),
  ...ROWS,
};

export const Found = named(
  "FoundSession",
  t.Object({
    session_id: Id,
    channel_id: Id,
    bot_id: t.String({
      description: "The bot that answers: the channel's own if it has one, otherwise the requested one.",
    }),
    created: t.Boolean({ description: "Whether the session is new." }),
  }),
);

export const NewSession = named(
  "NewSession",
  t.Object(
    {
      bot_id: t.Optional(t.String({ minLength: 1, maxLength: 64, description: "Default: default." })),
      client_id: t.String({
        minLength: 1,
        maxLength: 500,
        description: 'The lasting name of the place, with a prefix: "github:owner/repo".',
      }),
      dispatch_config: t.Optional(
        nullable(
          DispatchConfig,
          "Where outcomes are delivered unless a message says otherwise; replaces that of the session.",
        ),
      ),
    },
    { additionalProperties: false },
  ),
);

export const NewMessage = named("NewMessage", t.Object(MessageFields, { additionalProperties: false }));

export const MessageAnswer = named(
  "Message",
  t.Object({
    id: Id,
    session_id: Id,
    role: t.String({ description: "user, assistant, tool or system." }),
    content: t.String({ description: "The text of the message." }),
    source: nullable(t.String(), "The source that the sender gave, if any."),
    metadata: JsonOf("The metadata stored with it. Secrets are masked, and contents of files left out."),
    from_person: t.Boolean({
      description: "Whether a person with a key wrote it; only then do commands and mentions take effect.",
    }),
    task_id: nullable(Id, "The run that wrote the message; null for an injected message."),
    tool_calls: nullable(
      t.Array(
        t.Object({
          id: t.String({ description: "The id to which the result refers." }),
          name: t.String({ description: "The tool." }),
          arguments: t.String({ description: "JSON." }),
          call_id: nullable(t.String(), "The id that the stream of the run has for the call."),
          status: nullable(oneOf(TOOL_CALL_STATUSES), "How far it has come; null: it has not begun."),
          error: nullable(t.String(), "Why it failed; null if it did not."),
          duration_ms: nullable(t.Integer(), "How long it took; null while it has no result."),
        }),
      ),
      "Tool calls of the bot's answer.",
    ),
    tool_call_id: nullable(t.String(), "For a tool's result, the call that it answers."),
    attachments: t.Array(
      t.Object({
        id: Id,
        kind: oneOf(["image", "text"], "text: a text file or a PDF."),
        name: t.String({ description: "The file's name." }),
        media_type: t.String({ description: "What the file is." }),
        bytes: t.Integer({ description: "The size of the file." }),
      }),
      { description: "The files that came with it, see GET /attachments/{id}." },
    ),
    files: t.Array(
      t.Object({
        number: t.Integer({ description: "The number that fetches it." }),
        kind: oneOf(["image", "file"], "image: one that browsers show."),
        name: t.String({ description: "The file's name." }),
        caption: t.String({ description: "What the tool says about it." }),
        media_type: t.String({ description: "What the file is, as far as it is known." }),
        bytes: t.Integer({ description: "The size of the file." }),
      }),
      {
        description:
          "The files that the tool sent with the answer, see GET /sessions/{id}/messages/{message_id}/files/{number}.",
      },
    ),
    created_at: InstantOf("When it was stored."),
  }),
);
