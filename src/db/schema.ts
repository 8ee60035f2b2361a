// The whole schema, for PGlite and PostgreSQL alike. `bun run db:generate` writes the migrations from it.

import { sql } from "drizzle-orm";
import {
  bigint,
  bigserial,
  boolean,
  customType,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";

const tsvector = customType<{ data: string }>({ dataType: () => "tsvector" });

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });
const createdAt = () => instant("created_at").notNull().defaultNow();

export type JsonObject = Record<string, unknown>;

/** Facts about the database itself, such as the check value of the encryption key. */
export const meta = pgTable("meta", {
  key: text("key").primaryKey(),
  value: jsonb("value").notNull(),
});

/** An id alone is on_demand. */
export type SkillEntry = string | { id: string; mode?: "pinned" | "on_demand" };

/** An agent's configuration. `source` tells where it came from; a file is read into the table once. */
export const bots = pgTable("bots", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  description: text("description").notNull().default(""),
  system_prompt: text("system_prompt").notNull().default(""),
  model: text("model"),
  fallback_models: jsonb("fallback_models").$type<string[]>().notNull().default([]),
  tools: jsonb("tools").$type<string[]>().notNull().default([]),
  /** Ids of skills; an id alone is listed for the bot to read, a pinned one stands in every run. */
  skills: jsonb("skills").$type<SkillEntry[]>().notNull().default([]),
  /** Ids of capability bundles: tools, skills and prompt text together. */
  carapaces: jsonb("carapaces").$type<string[]>().notNull().default([]),
  max_iterations: integer("max_iterations"),
  source: text("source").$type<"file" | "api">().notNull().default("api"),
  created_at: createdAt(),
  updated_at: instant("updated_at").notNull().defaultNow(),
});

/** The bots that were once added from their files. A deleted one is not added again. */
export const seeded_bots = pgTable("seeded_bots", {
  id: text("id").primaryKey(),
  created_at: createdAt(),
});

/** The lasting place behind a client_id ("github:owner/repo"); sessions come and go in it. */
export const channels = pgTable("channels", {
  id: uuid("id").primaryKey(),
  client_id: text("client_id").notNull().unique(),
  name: text("name").notNull(),
  /** Whose it is: "integration:<id>" or "key:<id>"; null: the operator's. Its sessions, tasks and deliveries go with it. */
  owner: text("owner"),
  /** Who answers here; null: whoever a message names. */
  bot_id: text("bot_id"),
  /** Where what is said here goes; secret fields are sealed. */
  dispatch_config: jsonb("dispatch_config").$type<JsonObject>(),
  /** Whether a chat integration runs the bot only when it is addressed. */
  require_mention: boolean("require_mention").notNull().default(true),
  /** Whether messages that run nothing are kept as context. */
  passive_memory: boolean("passive_memory").notNull().default(true),
  allow_bot_messages: boolean("allow_bot_messages").notNull().default(false),
  thinking_display: text("thinking_display")
    .$type<"append" | "replace" | "hidden">()
    .notNull()
    .default("append"),
  private: boolean("private").notNull().default(false),
  model_override: text("model_override"),
  max_iterations: integer("max_iterations"),
  /** A text for every run in this channel. */
  prompt: text("prompt"),
  /** Id of the template that describes how the channel's files are laid out. */
  template_id: text("template_id"),
  /** Whether bots may work on the server's files here. */
  workspace: boolean("workspace").notNull().default(true),
  skills: jsonb("skills").$type<SkillEntry[]>().notNull().default([]),
  tools_disabled: jsonb("tools_disabled").$type<string[]>().notNull().default([]),
  /** In addition to the bot's and those of activated integrations. */
  carapaces: jsonb("carapaces").$type<string[]>().notNull().default([]),
  carapaces_disabled: jsonb("carapaces_disabled").$type<string[]>().notNull().default([]),
  created_at: createdAt(),
  updated_at: instant("updated_at").notNull().defaultNow(),
});

/** A further place that a channel hears from and speaks to. */
export const channelBindings = pgTable(
  "channel_bindings",
  {
    id: uuid("id").primaryKey(),
    channel_id: uuid("channel_id")
      .notNull()
      .references(() => channels.id, { onDelete: "cascade" }),
    /** Of the integration: "github". */
    integration_type: text("integration_type").notNull(),
    /** "github:owner/repo"; several channels may be bound to one. */
    client_id: text("client_id").notNull(),
    display_name: text("display_name"),
    /** Null: what the integration's resolveDispatchConfig says. Secret fields are sealed. */
    dispatch_config: jsonb("dispatch_config").$type<JsonObject>(),
    /** Names of events that reach the channel; null: all. */
    event_filter: jsonb("event_filter").$type<string[]>(),
    /** The integration's own fields, as `binding.config_fields` of its manifest declares them. */
    config: jsonb("config").$type<JsonObject>().notNull().default({}),
    /** Whether what is said in the channel goes there, too. */
    mirror: boolean("mirror").notNull().default(true),
    created_at: createdAt(),
    updated_at: instant("updated_at").notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex("channel_bindings_place").on(table.channel_id, table.client_id),
    index("channel_bindings_client").on(table.client_id),
  ],
);

/** An integration whose carapaces work in a channel. */
export const channelActivations = pgTable(
  "channel_activations",
  {
    channel_id: uuid("channel_id")
      .notNull()
      .references(() => channels.id, { onDelete: "cascade" }),
    integration_id: text("integration_id").notNull(),
    created_at: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.channel_id, table.integration_id] })],
);

export const sessions = pgTable(
  "sessions",
  {
    id: uuid("id").primaryKey(),
    channel_id: uuid("channel_id")
      .notNull()
      .references(() => channels.id, { onDelete: "cascade" }),
    client_id: text("client_id").notNull(),
    bot_id: text("bot_id").notNull(),
    /** Where results go unless a message says otherwise; secret fields are sealed. */
    dispatch_config: jsonb("dispatch_config").$type<JsonObject>(),
    active: boolean("active").notNull().default(true),
    created_at: createdAt(),
  },
  (table) => [
    uniqueIndex("sessions_active").on(table.client_id, table.bot_id).where(sql`active`),
    index("sessions_channel").on(table.channel_id),
  ],
);

export type MessageRole = "user" | "assistant" | "tool" | "system";

/** A call that the model asked for, as it stands in an assistant message. `arguments` is JSON text. */
export interface StoredToolCall {
  id: string;
  name: string;
  arguments: string;
}

export const messages = pgTable(
  "messages",
  {
    id: uuid("id").primaryKey(),
    session_id: uuid("session_id")
      .notNull()
      .references(() => sessions.id, { onDelete: "cascade" }),
    /** Order within a session. */
    position: bigserial("position", { mode: "number" }).notNull(),
    role: text("role").$type<MessageRole>().notNull(),
    content: text("content").notNull(),
    source: text("source"),
    metadata: jsonb("metadata").$type<JsonObject>().notNull().default({}),
    tool_calls: jsonb("tool_calls").$type<StoredToolCall[]>(),
    /** On a tool message: the call it answers. */
    tool_call_id: text("tool_call_id"),
    /** The run that wrote this message; null for a message that came in. */
    task_id: uuid("task_id"),
    /** Whether a person with a key wrote it: only then do commands and mentions in it count. */
    from_person: boolean("from_person").notNull().default(false),
    /** Runs of any Heddle that led here, one after another. */
    hops: integer("hops").notNull().default(0),
    /** "<scope>:<idempotency key>": a second message with the same key is the first one again. */
    dedupe_key: text("dedupe_key").unique(),
    created_at: createdAt(),
  },
  (table) => [
    index("messages_session").on(table.session_id, table.position),
    index("messages_task").on(table.task_id, table.position),
  ],
);

export const TASK_STATUSES = ["pending", "running", "complete", "failed", "cancelled"] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** One run of an agent over one injected message. Its id is also the id of its queue job. */
export const tasks = pgTable(
  "tasks",
  {
    id: uuid("id").primaryKey(),
    session_id: uuid("session_id")
      .notNull()
      .references(() => sessions.id, { onDelete: "cascade" }),
    channel_id: uuid("channel_id").notNull(),
    bot_id: text("bot_id").notNull(),
    /** The message to answer; its text is the task's prompt and is stored there only. */
    message_id: uuid("message_id").notNull(),
    /** Who sent the message, as of a channel: who may see what became of it, whoever's channel it runs in. */
    owner: text("owner"),
    /** One id from the webhook to the receipt. */
    correlation_id: uuid("correlation_id").notNull(),
    source: text("source"),
    status: text("status").$type<TaskStatus>().notNull().default("pending"),
    result: text("result"),
    error: text("error"),
    error_code: text("error_code"),
    /** What the last run went without: skills, tools, carapaces that were named and are not there. */
    warnings: jsonb("warnings").$type<string[]>().notNull().default([]),
    dispatch_type: text("dispatch_type").notNull(),
    dispatch_config: jsonb("dispatch_config").$type<JsonObject>().notNull().default({}),
    /** Further places that get the outcome, fixed when the message came in; sealed like dispatch_config, each with its type. */
    mirrors: jsonb("mirrors").$type<JsonObject[]>().notNull().default([]),
    execution_config: jsonb("execution_config").$type<JsonObject>().notNull().default({}),
    /** Claims so far. The claim a worker holds is its fence: writes of an older claim are refused. */
    attempt: integer("attempt").notNull().default(0),
    /** Claims that ended without a word: the worker was killed or cut off. */
    losses: integer("losses").notNull().default(0),
    /** Of these, how many ended while a tool ran: the one thing of a run that can take its worker down. */
    tool_losses: integer("tool_losses").notNull().default(0),
    cancel_requested_at: instant("cancel_requested_at"),
    /** The conversation whose runs are counted against loops; null when a person asked, or nobody gets the answer. */
    loop_key: text("loop_key"),
    scheduled_at: instant("scheduled_at"),
    run_at: instant("run_at"),
    completed_at: instant("completed_at"),
    created_at: createdAt(),
  },
  (table) => [
    index("tasks_session").on(table.session_id),
    index("tasks_status").on(table.status, table.id),
    uniqueIndex("tasks_message").on(table.message_id),
    index("tasks_owner").on(table.owner, table.id).where(sql`${table.owner} is not null`),
    index("tasks_loop").on(table.loop_key, table.run_at).where(sql`${table.loop_key} is not null`),
  ],
);

export const DELIVERY_STATUSES = ["pending", "retrying", "delivered", "dead"] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** What a dispatcher is asked to hand over: a finished task's result or error, or a text to post. */
export interface DeliveryPayload {
  kind: "result" | "error" | "post";
  text: string;
  client_actions: JsonObject[];
  extra_metadata: JsonObject;
  /** Of a post: as whom it is posted, when not as the bot. */
  author?: PostAuthor;
  /** Of a post: false begins a new thread. Default true. */
  reply_in_thread?: boolean;
  /** Runs of any Heddle that led here, the one that gave this result included. */
  hops?: number;
}

/** A text among the actions is one that is sealed. */
export type StoredPayload = Omit<DeliveryPayload, "client_actions"> & {
  client_actions: (JsonObject | string)[];
};

export interface PostAuthor {
  username?: string;
  icon_emoji?: string;
  icon_url?: string;
}

/** The outbox: one row for each thing to hand over, written together with what caused it. */
/** By name, what `ctx.once` returned: any JSON. */
export type DeliveryParts = Record<string, { value: unknown }>;

export const deliveries = pgTable(
  "deliveries",
  {
    id: uuid("id").primaryKey(),
    task_id: uuid("task_id").references(() => tasks.id, { onDelete: "cascade" }),
    session_id: uuid("session_id").notNull(),
    bot_id: text("bot_id").notNull(),
    correlation_id: uuid("correlation_id").notNull(),
    dispatch_type: text("dispatch_type").notNull(),
    dispatch_config: jsonb("dispatch_config").$type<JsonObject>().notNull(),
    payload: jsonb("payload").$type<StoredPayload>().notNull(),
    status: text("status").$type<DeliveryStatus>().notNull().default("pending"),
    attempts: integer("attempts").notNull().default(0),
    /** Of these, how many were made before the last redelivery: each one starts a new set of attempts. */
    attempts_before: integer("attempts_before").notNull().default(0),
    last_error: text("last_error"),
    /** What the dispatcher returned: proof that the other side has it. */
    receipt: jsonb("receipt"),
    next_attempt_at: instant("next_attempt_at"),
    /** How long the wait until `next_attempt_at` was meant to be: it still holds when the clock has been set. */
    retry_seconds: integer("retry_seconds"),
    /** Deliveries with the same one are made one after another. Null: written by a version that did not order them. */
    target_key: text("target_key"),
    /** When it was last put into the queue, by a redelivery; null: when it was made. */
    queued_at: instant("queued_at"),
    delivered_at: instant("delivered_at"),
    /** What its dispatcher did with `ctx.once` in attempts that failed after it, by name; null again once it is delivered. */
    parts: jsonb("parts").$type<DeliveryParts>(),
    created_at: createdAt(),
  },
  (table) => [
    index("deliveries_task").on(table.task_id),
    index("deliveries_status").on(table.status, table.id),
  ],
);

/** When the next delivery of a dispatcher, or of one of its lanes, may be made: for those that declare a rate. */
export const deliveryPaces = pgTable("delivery_paces", {
  /** A dispatch type, or the target key of a lane. */
  key: text("key").primaryKey(),
  next_at: instant("next_at").notNull(),
});

export const INBOX_VERDICTS = ["accepted", "duplicate", "ignored", "rejected", "failed"] as const;
/**
 * What became of a webhook: it made messages; they were there already; the integration had no use for it; it was
 * refused (signature, rate, form); or the integration's code threw.
 */
export type InboxVerdict = (typeof INBOX_VERDICTS)[number];

/** A message that a webhook made, or had made before. */
export interface InboxOutcome {
  message_id: string;
  session_id: string;
  task_id: string | null;
  duplicate: boolean;
}

/** Every webhook that came in, once. The id is that of the request. */
export const inboxEvents = pgTable(
  "inbox_events",
  {
    id: uuid("id").primaryKey(),
    integration_id: text("integration_id").notNull(),
    method: text("method").notNull(),
    path: text("path").notNull(),
    /** Redacted: signatures, tokens and cookies are not kept. */
    headers: jsonb("headers").$type<Record<string, string>>().notNull(),
    /** Redacted. */
    body: text("body").notNull(),
    /** As it came. */
    body_bytes: integer("body_bytes").notNull(),
    /** True when `body` is not the whole: cut, never read, or not text. */
    body_truncated: boolean("body_truncated").notNull().default(false),
    verdict: text("verdict").$type<InboxVerdict>().notNull(),
    /** Why it was ignored, rejected or failed. */
    reason: text("reason"),
    /** Of the answer; null when the record was written before there was one. */
    status_code: integer("status_code"),
    idempotency_key: text("idempotency_key"),
    outcomes: jsonb("outcomes").$type<InboxOutcome[]>().notNull().default([]),
    /** From its arrival to this record. */
    duration_ms: integer("duration_ms").notNull(),
    /** Whether a verifier has proven the sender: only then may a replay go without its proof. */
    verified: boolean("verified").notNull().default(false),
    /** The event that this one repeats. */
    replay_of: uuid("replay_of"),
    created_at: createdAt(),
  },
  (table) => [
    index("inbox_events_integration").on(table.integration_id, table.id),
    index("inbox_events_verdict").on(table.verdict, table.id),
    index("inbox_events_created").on(table.created_at),
    index("inbox_events_key").on(table.idempotency_key),
  ],
);

/** What an operator set for an integration; it comes before the environment. */
export const integrationSettings = pgTable(
  "integration_settings",
  {
    integration_id: text("integration_id").notNull(),
    key: text("key").notNull(),
    /** Sealed when `secret`. */
    value: text("value").notNull(),
    secret: boolean("secret").notNull(),
    updated_at: instant("updated_at").notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.integration_id, table.key] })],
);

/** What an operator decided about an integration; without a row everything is as by default. */
export const integrationStates = pgTable("integration_states", {
  integration_id: text("integration_id").primaryKey(),
  enabled: boolean("enabled").notNull().default(true),
  process_auto_start: boolean("process_auto_start").notNull().default(true),
  updated_at: instant("updated_at").notNull().defaultNow(),
});

/** What an integration keeps for itself: cursors, marks, endpoints. */
export const integrationStore = pgTable(
  "integration_store",
  {
    integration_id: text("integration_id").notNull(),
    key: text("key").notNull(),
    /** JSON text, sealed when `secret`. */
    value: text("value").notNull(),
    secret: boolean("secret").notNull().default(false),
    /** From then on it is not there any more; null: never. */
    expires_at: instant("expires_at"),
    updated_at: instant("updated_at").notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.integration_id, table.key] }),
    index("integration_store_expires").on(table.expires_at).where(sql`${table.expires_at} is not null`),
  ],
);

/** A file of the workspace as a bot wrote it, once. Code in it runs only when a person has approved just this content. */
export const workspaceWrites = pgTable(
  "workspace_writes",
  {
    /** Below the workspace: "integrations/x/router.ts". */
    path: text("path").notNull(),
    /** Of the file's bytes, hex. */
    sha256: text("sha256").notNull(),
    bot_id: text("bot_id").notNull(),
    task_id: uuid("task_id"),
    approved_at: instant("approved_at"),
    written_at: instant("written_at").notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.path, table.sha256] }),
    index("workspace_writes_content").on(table.sha256),
  ],
);

export const PROCESS_STATES = [
  "waiting",
  "starting",
  "running",
  "stopping",
  "backing_off",
  "crash_looping",
  "stopped",
] as const;
export type ProcessState = (typeof PROCESS_STATES)[number];

/** The background process of an integration, as the server that supervises it last saw it. */
export const processes = pgTable("processes", {
  integration_id: text("integration_id").primaryKey(),
  /** Of the supervising server. */
  server_id: uuid("server_id").notNull(),
  state: text("state").$type<ProcessState>().notNull(),
  pid: integer("pid"),
  started_at: instant("started_at"),
  /** Of the last run that ended; null when a signal ended it. */
  exit_code: integer("exit_code"),
  signal: text("signal"),
  restarts: integer("restarts").notNull().default(0),
  last_error: text("last_error"),
  next_start_at: instant("next_start_at"),
  /** Resident, of all that it started, too; as last measured. */
  memory_bytes: bigint("memory_bytes", { mode: "number" }),
  updated_at: instant("updated_at").notNull().defaultNow(),
});

export const LINE_SOURCES = ["stdout", "stderr", "heddle"] as const;
/** "heddle": what the supervisor says in between. */
export type LineSource = (typeof LINE_SOURCES)[number];

/** The last lines that a process wrote. */
export const processLines = pgTable(
  "process_lines",
  {
    /** Order, over all processes. */
    id: bigserial("id", { mode: "number" }).primaryKey(),
    integration_id: text("integration_id").notNull(),
    source: text("source").$type<LineSource>().notNull(),
    /** Redacted, and cut when it was long. */
    text: text("text").notNull(),
    created_at: createdAt(),
  },
  (table) => [index("process_lines_integration").on(table.integration_id, table.id)],
);

export const documents = pgTable(
  "documents",
  {
    id: uuid("id").primaryKey(),
    integration_id: text("integration_id"),
    /** Whose it is, as of a channel. */
    owner: text("owner"),
    session_id: uuid("session_id").references(() => sessions.id, { onDelete: "cascade" }),
    title: text("title"),
    content: text("content").notNull(),
    metadata: jsonb("metadata").$type<JsonObject>().notNull().default({}),
    created_at: createdAt(),
  },
  (table) => [
    index("documents_integration").on(table.integration_id),
    index("documents_owner").on(table.owner),
  ],
);

/** A searchable piece of a document. */
export const chunks = pgTable(
  "chunks",
  {
    id: uuid("id").primaryKey(),
    document_id: uuid("document_id")
      .notNull()
      .references(() => documents.id, { onDelete: "cascade" }),
    position: integer("position").notNull(),
    /** Headings above the piece, outermost first, joined by " > ". */
    breadcrumb: text("breadcrumb").notNull(),
    content: text("content").notNull(),
    lexemes: tsvector("lexemes").notNull(),
    /** Number of word positions, for BM25's length normalisation. */
    length: integer("length").notNull(),
  },
  (table) => [
    index("chunks_document").on(table.document_id),
    index("chunks_lexemes").using("gin", table.lexemes),
  ],
);

export const KEY_ROWS = ["own", "all"] as const;
export type KeyRows = (typeof KEY_ROWS)[number];

export const apiKeys = pgTable("api_keys", {
  id: uuid("id").primaryKey(),
  name: text("name").notNull(),
  /** The first 12 characters, to recognise a key by. */
  prefix: text("prefix").notNull(),
  /** SHA-256 of the whole key, hex. */
  hash: text("hash").notNull().unique(),
  scopes: jsonb("scopes").$type<string[]>().notNull(),
  /** What Heddle made it for: "integration:github"; null for one that a person made. */
  owner: text("owner"),
  /** The key that made it and takes it along when it is revoked; null for one that no stored key made. */
  parent_id: uuid("parent_id"),
  /** Whether it reaches everybody's rows, or those alone that it made itself. */
  rows: text("rows").$type<KeyRows>().notNull().default("all"),
  expires_at: instant("expires_at"),
  last_used_at: instant("last_used_at"),
  revoked_at: instant("revoked_at"),
  created_at: createdAt(),
});

export type ToolCallStatus = "running" | "done" | "failed";

export const toolCalls = pgTable(
  "tool_calls",
  {
    id: uuid("id").primaryKey(),
    task_id: uuid("task_id")
      .notNull()
      .references(() => tasks.id, { onDelete: "cascade" }),
    /** The assistant message that asked for the call. */
    message_id: uuid("message_id").notNull(),
    call_id: text("call_id").notNull(),
    correlation_id: uuid("correlation_id").notNull(),
    tool_name: text("tool_name").notNull(),
    arguments: text("arguments").notNull(),
    status: text("status").$type<ToolCallStatus>().notNull(),
    error: text("error"),
    iteration: integer("iteration").notNull(),
    duration_ms: integer("duration_ms"),
    created_at: createdAt(),
  },
  (table) => [
    uniqueIndex("tool_calls_call").on(table.message_id, table.call_id),
    index("tool_calls_task").on(table.task_id),
  ],
);

export const llmCalls = pgTable(
  "llm_calls",
  {
    id: uuid("id").primaryKey(),
    task_id: uuid("task_id")
      .notNull()
      .references(() => tasks.id, { onDelete: "cascade" }),
    correlation_id: uuid("correlation_id").notNull(),
    model: text("model").notNull(),
    iteration: integer("iteration").notNull(),
    prompt_tokens: integer("prompt_tokens"),
    completion_tokens: integer("completion_tokens"),
    duration_ms: integer("duration_ms").notNull(),
    fallback_used: boolean("fallback_used").notNull().default(false),
    error: text("error"),
    created_at: createdAt(),
  },
  (table) => [index("llm_calls_task").on(table.task_id)],
);
