// The complete schema, for both PGlite and PostgreSQL. `bun run db:generate` generates the migrations from it.

import { sql } from "drizzle-orm";
import {
  bigint,
  bigserial,
  boolean,
  customType,
  date,
  doublePrecision,
  index,
  integer,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import type { JsonObject } from "../sdk/json.ts";

const tsvector = customType<{ data: string }>({ dataType: () => "tsvector" });
/** Of any dimension, because models differ in theirs. */
const vector = customType<{ data: string }>({ dataType: () => "vector" });

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });
const createdAt = () => instant("created_at").notNull().defaultNow();

export type { JsonObject };

/** Facts about the database itself, such as the check value of the encryption key. */
export const serverFacts = pgTable("meta", {
  key: text("key").primaryKey(),
  value: jsonb("value").notNull(),
});

/** A plain id means on_demand. */
export type SkillEntry =
  | string
  | { id: string; mode?: "pinned" | "rag" | "on_demand"; similarity_threshold?: number };

/** An agent's configuration. `source` says where it came from; a file is read into the table only once. */
export const bots = pgTable("bots", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  description: text("description").notNull().default(""),
  /** How services show it: an emoji, or the address of a picture. */
  icon_emoji: text("icon_emoji"),
  icon_url: text("icon_url"),
  system_prompt: text("system_prompt").notNull().default(""),
  model: text("model"),
  fallback_models: jsonb("fallback_models").$type<string[]>().notNull().default([]),
  tools: jsonb("tools").$type<string[]>().notNull().default([]),
  /** Ids of skills. A plain id is listed for the bot to read; a pinned skill is included in every run. */
  skills: jsonb("skills").$type<SkillEntry[]>().notNull().default([]),
  /** Ids of capability bundles: tools, skills and prompt text together. */
  carapaces: jsonb("carapaces").$type<string[]>().notNull().default([]),
  /** Ids of the bots to which it may delegate; `*` stands for all. */
  delegate_bots: jsonb("delegate_bots").$type<string[]>().notNull().default([]),
  max_iterations: integer("max_iterations"),
  /** Whether its model is shown only a part of its tools if there are many. */
  tool_retrieval: boolean("tool_retrieval").notNull().default(true),
  /** The maximum number of tools that its model is shown without having searched for them; null: the server decides. */
  max_tools: integer("max_tools"),
  source: text("source").$type<"file" | "api">().notNull().default("api"),
  created_at: createdAt(),
  updated_at: instant("updated_at").notNull().defaultNow(),
});

/** Bots that were added from files. A deleted bot is not added again. */
export const seeded_bots = pgTable("seeded_bots", {
  id: text("id").primaryKey(),
  created_at: createdAt(),
});

/** The permanent conversation behind a client_id ("github:owner/repo"), in which sessions start and end. */
export const channels = pgTable("channels", {
  id: uuid("id").primaryKey(),
  client_id: text("client_id").notNull().unique(),
  name: text("name").notNull(),
  /**
   * The owner, "integration:<id>" or "key:<id>"; null means the operator. Its sessions, tasks and deliveries belong to
   * the same owner.
   */
  owner: text("owner"),
  /** The bot that answers; null: the bot that a message names. */
  bot_id: text("bot_id"),
  /** Where messages of this channel are delivered; secret fields are sealed. */
  dispatch_config: jsonb("dispatch_config").$type<JsonObject>(),
  /** Whether a chat integration runs the bot only when it is addressed. */
  require_mention: boolean("require_mention").notNull().default(true),
  /** Whether messages that start no run are kept as context. */
  passive_memory: boolean("passive_memory").notNull().default(true),
  allow_bot_messages: boolean("allow_bot_messages").notNull().default(false),
  thinking_display: text("thinking_display")
    .$type<"append" | "replace" | "hidden">()
    .notNull()
    .default("append"),
  private: boolean("private").notNull().default(false),
  /** What becomes of a message that arrives while a run of its session goes on, unless the message says otherwise. */
  when_busy: text("when_busy").$type<WhenBusy>().notNull().default("queue"),
  model_override: text("model_override"),
  max_iterations: integer("max_iterations"),
  /** Prompt text for every run in this channel. */
  prompt: text("prompt"),
  /** Id of the template that describes how the channel's files are laid out. */
  template_id: text("template_id"),
  /** Whether bots may use the server's files in this channel. */
  workspace: boolean("workspace").notNull().default(true),
  skills: jsonb("skills").$type<SkillEntry[]>().notNull().default([]),
  tools_disabled: jsonb("tools_disabled").$type<string[]>().notNull().default([]),
  /** In addition to those of the bot and of activated integrations. */
  carapaces: jsonb("carapaces").$type<string[]>().notNull().default([]),
  carapaces_disabled: jsonb("carapaces_disabled").$type<string[]>().notNull().default([]),
  created_at: createdAt(),
  updated_at: instant("updated_at").notNull().defaultNow(),
});

/** Another client_id that a channel receives messages from and sends messages to. */
export const channelBindings = pgTable(
  "channel_bindings",
  {
    id: uuid("id").primaryKey(),
    channel_id: uuid("channel_id")
      .notNull()
      .references(() => channels.id, { onDelete: "cascade" }),
    /** The integration, such as "github". */
    integration_type: text("integration_type").notNull(),
    /** "github:owner/repo"; several channels may be bound to one. */
    client_id: text("client_id").notNull(),
    display_name: text("display_name"),
    /** Null: determined by the integration's resolveDispatchConfig. Secret fields are sealed. */
    dispatch_config: jsonb("dispatch_config").$type<JsonObject>(),
    /** Names of the events forwarded to the channel; null: all. */
    event_filter: jsonb("event_filter").$type<string[]>(),
    /** The integration's own fields, declared by `binding.config_fields` in its manifest. */
    config: jsonb("config").$type<JsonObject>().notNull().default({}),
    /** Whether the channel's messages are sent there as well. */
    mirror: boolean("mirror").notNull().default(true),
    created_at: createdAt(),
    updated_at: instant("updated_at").notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex("channel_bindings_place").on(table.channel_id, table.client_id),
    index("channel_bindings_client").on(table.client_id),
  ],
);

export const PERSON_STATUSES = ["pending", "allowed", "blocked"] as const;
/** pending: has asked to talk to the bots, and nobody has decided. allowed: what this person writes counts as the operator's. */
export type PersonStatus = (typeof PERSON_STATUSES)[number];

/** People of an integration's service. Somebody who is not among them is a stranger. */
export const people = pgTable(
  "people",
  {
    id: uuid("id").primaryKey(),
    integration_id: text("integration_id").notNull(),
    /** The person's id at the service. */
    external_id: text("external_id").notNull(),
    name: text("name").notNull(),
    /** Where the person asked: a client id. */
    place: text("place"),
    status: text("status").$type<PersonStatus>().notNull(),
    /** The pairing code, sealed; null if it was used, or there is none at the moment. */
    code: text("code"),
    code_expires_at: instant("code_expires_at"),
    /** Wrong codes that were tried while this one was valid. */
    code_tries: integer("code_tries").notNull().default(0),
    asked_at: instant("asked_at"),
    /** Who allowed or blocked the person: "key:<name>". */
    decided_by: text("decided_by"),
    decided_at: instant("decided_at"),
    created_at: createdAt(),
  },
  (table) => [
    uniqueIndex("people_external").on(table.integration_id, table.external_id),
    index("people_pending").on(table.integration_id).where(sql`${table.status} = 'pending'`),
  ],
);

/** An integration whose carapaces are active in a channel. */
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
    /** Where results are delivered unless a message says otherwise; secret fields are sealed. */
    dispatch_config: jsonb("dispatch_config").$type<JsonObject>(),
    active: boolean("active").notNull().default(true),
    /**
     * The hash of the conversation as a client of the OpenAI-compatible API sends it in whole with its next message; null for
     * other sessions, and while one of its runs goes on.
     */
    transcript: text("transcript"),
    /** Tools that its runs have found, the earliest first; they stay shown to the model. */
    found_tools: jsonb("found_tools").$type<string[]>().notNull().default([]),
    /** Up to this position of its messages, the operator has read it. */
    read_position: bigint("read_position", { mode: "number" }).notNull().default(0),
    /** Somebody wants its next run to compact it, unless that was done since; null: nobody ever did. */
    compact_requested_at: timestamp("compact_requested_at", { withTimezone: true }),
    created_at: createdAt(),
  },
  (table) => [
    index("sessions_transcript").on(table.transcript).where(sql`${table.transcript} is not null`),
    uniqueIndex("sessions_active").on(table.client_id, table.bot_id).where(sql`active`),
    index("sessions_channel").on(table.channel_id),
  ],
);

export type MessageRole = "user" | "assistant" | "tool" | "system";

/** A tool call requested by the model, as stored in an assistant message. `arguments` is JSON text. */
export interface StoredToolCall {
  id: string;
  name: string;
  arguments: string;
  /** Sent back with the call to the model that made it. */
  continuation?: { model: string; fields: Record<string, unknown> };
}

export const messages = pgTable(
  "messages",
  {
    id: uuid("id").primaryKey(),
    session_id: uuid("session_id")
      .notNull()
      .references(() => sessions.id, { onDelete: "cascade" }),
    /** Defines the order within a session. */
    position: bigserial("position", { mode: "number" }).notNull(),
    role: text("role").$type<MessageRole>().notNull(),
    content: text("content").notNull(),
    source: text("source"),
    metadata: jsonb("metadata").$type<JsonObject>().notNull().default({}),
    tool_calls: jsonb("tool_calls").$type<StoredToolCall[]>(),
    /** With tool calls: what their model needs back while the run goes on, such as its reasoning. */
    continuation: jsonb("continuation").$type<{ model: string; fields: Record<string, unknown> }>(),
    /** For a tool message, the call it answers. */
    tool_call_id: text("tool_call_id"),
    /** The run that wrote this message; null for an incoming message. */
    task_id: uuid("task_id"),
    /** Whether a person with a key wrote it; only then are commands and mentions in it honoured. */
    from_person: boolean("from_person").notNull().default(false),
    /** Number of consecutive runs, of any Heddle, that led to this message. */
    hops: integer("hops").notNull().default(0),
    /** "<scope>:<idempotency key>"; a second message with the same key is a duplicate of the first. */
    dedupe_key: text("dedupe_key").unique(),
    created_at: createdAt(),
  },
  (table) => [
    index("messages_session").on(table.session_id, table.position),
    index("messages_task").on(table.task_id, table.position),
  ],
);

export const MEMORY_STATUSES = ["accepted", "unreviewed", "rejected"] as const;
/** unreviewed: written by a run that had read text of strangers; it takes effect when a person accepts it. */
export type MemoryStatus = (typeof MEMORY_STATUSES)[number];

/**
 * What a bot has learned. Rows are only added: a correction is the next version of its memory, and so is a request to
 * forget it, which has no text. The accepted version with the highest number applies.
 */
export const memories = pgTable(
  "memories",
  {
    id: uuid("id").primaryKey(),
    /** The same for all versions. */
    memory_id: uuid("memory_id").notNull(),
    version: integer("version").notNull(),
    bot_id: text("bot_id").notNull(),
    /** The channel that it stays in; null: the bot knows it everywhere. */
    channel_id: uuid("channel_id").references(() => channels.id, { onDelete: "cascade" }),
    /** Null: it is forgotten. */
    text: text("text"),
    status: text("status").$type<MemoryStatus>().notNull(),
    /** Where it was learned: the session, the message that the run answered, and the run. */
    session_id: uuid("session_id").notNull(),
    message_id: uuid("message_id").notNull(),
    task_id: uuid("task_id").notNull(),
    reviewed_at: instant("reviewed_at"),
    created_at: createdAt(),
  },
  (table) => [
    uniqueIndex("memories_version").on(table.memory_id, table.version),
    index("memories_bot").on(table.bot_id, table.id),
    index("memories_session").on(table.session_id),
  ],
);

export const COMPACTION_CAUSES = ["window", "length", "asked"] as const;
/** The conversation outgrew the model's window, it has more messages than a run may read, or somebody has asked for it. */
export type CompactionCause = (typeof COMPACTION_CAUSES)[number];

/**
 * How the older part of a session is sent to models, one row for each time that this changed. The newest row applies; the
 * messages themselves are kept. A place in a session is a turn (the position of the message that it answers) and the number
 * of a step in it.
 */
export const compactions = pgTable(
  "compactions",
  {
    session_id: uuid("session_id")
      .notNull()
      .references(() => sessions.id, { onDelete: "cascade" }),
    /** 1 for the session's first compaction. */
    number: integer("number").notNull(),
    /** The run that needed it. */
    task_id: uuid("task_id").notNull(),
    cause: text("cause").$type<CompactionCause>().notNull(),
    /** Takes the place of everything before `covered`; null: nothing is left out. */
    summary: text("summary"),
    covered_turn: bigint("covered_turn", { mode: "number" }).notNull(),
    covered_step: integer("covered_step").notNull(),
    /** Up to here, long results of tools are sent shortened. */
    shortened_turn: bigint("shortened_turn", { mode: "number" }).notNull(),
    shortened_step: integer("shortened_step").notNull(),
    /** How many messages the summary has taken in this time. */
    messages: integer("messages").notNull(),
    /** Estimated tokens of the whole request before and after. */
    tokens_before: integer("tokens_before").notNull(),
    tokens_after: integer("tokens_after").notNull(),
    /** The model that wrote the summary; null: none was needed, or none answered. */
    model: text("model"),
    /** Why messages were left out without a summary, or why too little was freed. */
    error: text("error"),
    created_at: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.session_id, table.number] }),
    index("compactions_task").on(table.task_id),
  ],
);

/**
 * queue: it waits for its own run. collect: it joins the others that wait. steer: the running run gets it before its next
 * model call. interrupt: it ends the running run.
 */
export const WHEN_BUSY = ["queue", "collect", "steer", "interrupt"] as const;
export type WhenBusy = (typeof WHEN_BUSY)[number];

/** waiting: until the results of calls that are made elsewhere are there, or people have decided on calls. merged: another task's run answers the message. */
export const TASK_STATUSES = [
  "pending",
  "running",
  "waiting",
  "complete",
  "failed",
  "cancelled",
  "merged",
] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];
/** A task with one of these has ended. A merged one is answered by another. */
export const TASK_ENDS: readonly string[] = ["complete", "failed", "cancelled"] satisfies TaskStatus[];

/** What dispatchers returned for the answer that they show while it is written; any JSON value. */
export type Streamed = Record<string, unknown>;

/** One run of an agent for one injected message. Its id is also the id of its queue job. */
export const tasks = pgTable(
  "tasks",
  {
    id: uuid("id").primaryKey(),
    session_id: uuid("session_id")
      .notNull()
      .references(() => sessions.id, { onDelete: "cascade" }),
    channel_id: uuid("channel_id").notNull(),
    bot_id: text("bot_id").notNull(),
    /** The message to answer; its text is the task's prompt and is stored only there. */
    message_id: uuid("message_id").notNull(),
    /** The sender, in the format of a channel's owner: it may see the outcome, whichever channel the task runs in. */
    owner: text("owner"),
    /** The same id from the webhook to the receipt. */
    correlation_id: uuid("correlation_id").notNull(),
    source: text("source"),
    status: text("status").$type<TaskStatus>().notNull().default("pending"),
    result: text("result"),
    /** The answer as data, if its execution_config has an output_schema. */
    output: jsonb("output"),
    error: text("error"),
    error_code: text("error_code"),
    /** Skills, tools and carapaces that the last run named but that do not exist. */
    warnings: jsonb("warnings").$type<string[]>().notNull().default([]),
    dispatch_type: text("dispatch_type").notNull(),
    dispatch_config: jsonb("dispatch_config").$type<JsonObject>().notNull().default({}),
    /**
     * Other targets of the outcome, fixed when the message arrived; sealed like dispatch_config, each with its type.
     */
    mirrors: jsonb("mirrors").$type<JsonObject[]>().notNull().default([]),
    execution_config: jsonb("execution_config").$type<JsonObject>().notNull().default({}),
    /** Where its answer can be read while it is written, by target: "0" is dispatch_config, "1" the first of mirrors. */
    streamed: jsonb("streamed").$type<Streamed>(),
    /** What happens once it has ended, besides the delivery of its outcome. */
    callback_config: jsonb("callback_config").$type<JsonObject>().notNull().default({}),
    /** Number of claims so far. A worker's claim is its fencing token: writes with an older claim are refused. */
    attempt: integer("attempt").notNull().default(0),
    /** Claims that ended without an outcome, because the worker was killed or cut off. */
    losses: integer("losses").notNull().default(0),
    /** How many of these ended while a tool was running, the only part of a run that can crash its worker. */
    tool_losses: integer("tool_losses").notNull().default(0),
    cancel_requested_at: instant("cancel_requested_at"),
    /** Why it is to be cancelled, if not because somebody asked for it. */
    cancel_reason: text("cancel_reason"),
    when_busy: text("when_busy").$type<WhenBusy>().notNull().default("queue"),
    /** Tasks with the same key may share a run: same sender, rights, options and targets. Null: it is never merged. */
    merge_key: text("merge_key"),
    /** The task whose run answers this one's message. */
    merged_into: uuid("merged_into"),
    /**
     * The conversation whose runs are counted to detect loops; null if a person asked, or if the answer goes nowhere.
     */
    loop_key: text("loop_key"),
    /** The schedule that sent its message. */
    schedule_id: uuid("schedule_id"),
    scheduled_at: instant("scheduled_at"),
    run_at: instant("run_at"),
    completed_at: instant("completed_at"),
    created_at: createdAt(),
  },
  (table) => [
    index("tasks_session").on(table.session_id),
    index("tasks_status").on(table.status, table.id),
    index("tasks_bot").on(table.bot_id, table.id),
    index("tasks_channel").on(table.channel_id, table.id),
    index("tasks_source").on(table.source, table.id),
    index("tasks_time").on(table.created_at, table.status),
    uniqueIndex("tasks_message").on(table.message_id),
    index("tasks_owner").on(table.owner, table.id).where(sql`${table.owner} is not null`),
    index("tasks_waiting").on(table.session_id, table.id).where(sql`${table.status} = 'pending'`),
    index("tasks_merged").on(table.merged_into).where(sql`${table.merged_into} is not null`),
    // Work that a run has delegated, by that run.
    index("tasks_delegated")
      .on(sql`(${table.dispatch_config} ->> 'task_id')`)
      .where(sql`${table.dispatch_type} = 'internal'`),
    index("tasks_loop").on(table.loop_key, table.run_at).where(sql`${table.loop_key} is not null`),
  ],
);

/** Conversations that somebody let continue after they had been taken for a loop: runs before that time do not count. */
export const loopReleases = pgTable("loop_releases", {
  /** A task's. */
  loop_key: text("loop_key").primaryKey(),
  released_at: instant("released_at").notNull(),
});

export const SCHEDULE_STATUSES = ["accepted", "unreviewed"] as const;
/** unreviewed: a bot made it in a conversation with text of strangers; it is never due until a person accepts it. */
export type ScheduleStatus = (typeof SCHEDULE_STATUSES)[number];

export const SCHEDULE_ORIGINS = ["person", "integration", "bot"] as const;
/** Who wrote its text. */
export type ScheduleOrigin = (typeof SCHEDULE_ORIGINS)[number];

/** run_once: the last missed due time runs late. record: it is only noted. */
export const MISSED_POLICIES = ["run_once", "record"] as const;
/** What becomes of a due time while the run of an earlier one goes on. */
export const OVERLAP_POLICIES = ["skip", "queue"] as const;

/** When a schedule is due; times are ISO 8601 in UTC. */
export type Timing =
  /** Five fields (minute, hour, day of month, month, day of week) on the clock of the time zone. */
  | { kind: "cron"; cron: string }
  /** Every so many seconds from `starts_at` on, whatever clocks do in between. */
  | { kind: "interval"; seconds: number; starts_at: string }
  | { kind: "once"; at: string };

/** Times of the day on the clock of a time zone, such as "22:00"; the end may be on the next day. */
export interface QuietHours {
  start: string;
  end: string;
}

/** A tool that says whether there is anything new. */
export interface PreCheck {
  tool: string;
  arguments: JsonObject;
}

export const HEARTBEAT_POSTS = ["always", "optional"] as const;
/** A schedule that lets the channel's bot look around. optional: it posts only what it decides to. */
export interface Heartbeat {
  posts: (typeof HEARTBEAT_POSTS)[number];
}

/** Messages that a channel gets at certain times. Servers look for rows whose `next_at` has come. */
export const schedules = pgTable(
  "schedules",
  {
    id: uuid("id").primaryKey(),
    name: text("name").notNull(),
    channel_id: uuid("channel_id")
      .notNull()
      .references(() => channels.id, { onDelete: "cascade" }),
    /** Null: the channel's own bot, or the one that spoke last. */
    bot_id: text("bot_id"),
    /** Who may see its runs, in the format of a channel's owner. */
    owner: text("owner"),
    origin: text("origin").$type<ScheduleOrigin>().notNull(),
    /** The run that made it; null if no bot did. */
    task_id: uuid("task_id"),
    /** How many runs led to it. */
    hops: integer("hops").notNull().default(0),
    status: text("status").$type<ScheduleStatus>().notNull(),
    enabled: boolean("enabled").notNull().default(true),
    content: text("content").notNull(),
    timing: jsonb("timing").$type<Timing>().notNull(),
    timezone: text("timezone").notNull(),
    missed: text("missed").$type<(typeof MISSED_POLICIES)[number]>().notNull(),
    overlap: text("overlap").$type<(typeof OVERLAP_POLICIES)[number]>().notNull(),
    /** What is due then is skipped. */
    quiet_hours: jsonb("quiet_hours").$type<QuietHours>(),
    /** Called before its message is sent: without anything new it is skipped. */
    pre_check: jsonb("pre_check").$type<PreCheck>(),
    /** SHA-256 of the last answer of that tool for which its message was sent. */
    seen: text("seen"),
    /** Set for the channel's heartbeat. */
    heartbeat: jsonb("heartbeat").$type<Heartbeat>(),
    /** The first due time that has not been handled; null while it is paused or unreviewed, and after the last one. */
    next_at: instant("next_at"),
    created_at: createdAt(),
    updated_at: instant("updated_at").notNull().defaultNow(),
  },
  (table) => [
    index("schedules_next").on(table.next_at).where(sql`${table.next_at} is not null`),
    index("schedules_channel").on(table.channel_id, table.id),
    uniqueIndex("schedules_heartbeat").on(table.channel_id).where(sql`${table.heartbeat} is not null`),
  ],
);

export const OCCURRENCE_STATUSES = ["due", "started", "skipped", "missed", "failed"] as const;
/**
 * due: its message is about to be stored. started: it is, and its run has begun or waits. skipped: the run of an earlier one was
 * still going, it was in quiet hours, or nothing was new. missed: no server ran. failed: there is no bot or place for it.
 */
export type OccurrenceStatus = (typeof OCCURRENCE_STATUSES)[number];

/** What became of each due time. A schedule has each due time once, however many servers see it. */
export const scheduleOccurrences = pgTable(
  "schedule_occurrences",
  {
    id: uuid("id").primaryKey(),
    schedule_id: uuid("schedule_id")
      .notNull()
      .references(() => schedules.id, { onDelete: "cascade" }),
    due_at: instant("due_at").notNull(),
    /** For a missed one: it stands for all due times up to this one. */
    until_at: instant("until_at"),
    /** Whether somebody asked for it, instead of the timing. */
    manual: boolean("manual").notNull().default(false),
    status: text("status").$type<OccurrenceStatus>().notNull(),
    reason: text("reason"),
    session_id: uuid("session_id"),
    message_id: uuid("message_id"),
    task_id: uuid("task_id"),
    created_at: createdAt(),
  },
  (table) => [
    uniqueIndex("schedule_occurrences_time").on(table.schedule_id, table.due_at),
    index("schedule_occurrences_schedule").on(table.schedule_id, table.id),
    index("schedule_occurrences_due").on(table.due_at).where(sql`${table.status} = 'due'`),
    index("schedule_occurrences_created").on(table.created_at),
  ],
);

export const DELIVERY_STATUSES = ["pending", "retrying", "delivered", "dead"] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** What a dispatcher is asked to deliver: a finished task's result or error, or a text to post. */
export interface DeliveryPayload {
  kind: "result" | "error" | "post" | "approval" | "edit" | "remove";
  /** For an edit or a removal: the delivery that it changes, and the one whose receipt says what is there. */
  changes?: { delivery_id: string; receipt_of: string };
  /** The last edit or removal of what this delivery has brought. */
  changed_by?: { delivery_id: string; kind: "edit" | "remove" };
  /** For an approval, what people are asked, and what was decided. */
  approval?: ApprovalNotice;
  text: string;
  /** The answer as data, if it was asked for with an output_schema. */
  output?: unknown;
  client_actions: JsonObject[];
  extra_metadata: JsonObject;
  /** For a post, the author shown instead of the bot. */
  author?: PostAuthor;
  /** For a post, false starts a new thread. Default: true. */
  reply_in_thread?: boolean;
  /** Number of consecutive runs, of any Heddle, that led here, including the one with this result. */
  hops?: number;
  /** What the dispatcher returned when it began to show the answer while it was written. */
  streamed?: unknown;
  /** With an error: the run was cancelled. */
  is_cancelled?: boolean;
}

/** An approval as a dispatcher is told about it. */
export interface ApprovalNotice {
  id: string;
  tool: string;
  arguments: JsonObject;
  policy: string;
  reason: string | null;
  approvers: string[];
  expires_at: string;
  status: string;
  decided_by: string | null;
  decided_at: string | null;
  /** The delivery that asked, for one that tells what was decided. */
  asked_by?: string;
}

/** As stored: an action that is a string is sealed. */
export type StoredPayload = Omit<DeliveryPayload, "client_actions"> & {
  client_actions: (JsonObject | string)[];
};

export interface PostAuthor {
  username?: string;
  icon_emoji?: string;
  icon_url?: string;
}

/** What `ctx.once` returned, by name; any JSON value. */
export type DeliveryParts = Record<string, { value: unknown }>;

/** The outbox: one row for each delivery, written in the same transaction as its cause. */
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
    /** How many of these were made before the last redelivery, which starts a new series of attempts. */
    attempts_before: integer("attempts_before").notNull().default(0),
    last_error: text("last_error"),
    /** What the dispatcher returned, as proof that the receiver has it. */
    receipt: jsonb("receipt"),
    next_attempt_at: instant("next_attempt_at"),
    /** The intended wait until `next_attempt_at`, which remains valid if the clock is changed. */
    retry_seconds: integer("retry_seconds"),
    /** Deliveries with the same key are made one after another. Null: written by a version that did not order them. */
    target_key: text("target_key"),
    /** When a redelivery last put it into the queue; null: when it was created. */
    queued_at: instant("queued_at"),
    delivered_at: instant("delivered_at"),
    /**
     * Results of the dispatcher's `ctx.once` in attempts that failed afterwards, by name; null again once it is
     * delivered.
     */
    parts: jsonb("parts").$type<DeliveryParts>(),
    created_at: createdAt(),
  },
  (table) => [
    index("deliveries_task").on(table.task_id),
    index("deliveries_status").on(table.status, table.id),
    index("deliveries_time").on(table.created_at, table.status),
  ],
);

/** When the next delivery of a dispatcher or one of its lanes may be made, for dispatchers that declare a rate. */
export const deliveryPaces = pgTable("delivery_paces", {
  /** A dispatch type, or the target key of a lane. */
  key: text("key").primaryKey(),
  next_at: instant("next_at").notNull(),
});

export const INBOX_VERDICTS = ["accepted", "duplicate", "ignored", "rejected", "failed"] as const;
/**
 * The outcome of a webhook: it created messages; they already existed; the integration ignored it; it was rejected
 * (signature, rate, format); or the integration's code threw.
 */
export type InboxVerdict = (typeof INBOX_VERDICTS)[number];

/** A message that a webhook created, now or earlier. */
export interface InboxOutcome {
  message_id: string;
  session_id: string;
  task_id: string | null;
  duplicate: boolean;
}

/** How the sender of a webhook was checked, without anything that authenticates it. */
export interface SignatureCheck {
  /** "github", "slack", "hmac" and so on; "own": the integration's code. */
  scheme: string;
  /** Names of the headers that were looked at. */
  headers: string[];
  /** Why it was refused; null: it was accepted. */
  problem: string | null;
  /** Which of the secrets matched, from 1; null: none, or there is only one way to check. */
  secret_number: number | null;
  /** How many seconds ago the sender signed it, by the server's clock; null: it does not say when. */
  age_seconds: number | null;
}

/** Every received webhook. The id is the request's. */
export const inboxEvents = pgTable(
  "inbox_events",
  {
    id: uuid("id").primaryKey(),
    integration_id: text("integration_id").notNull(),
    method: text("method").notNull(),
    path: text("path").notNull(),
    /** Redacted: signatures, tokens and cookies are not stored. */
    headers: jsonb("headers").$type<Record<string, string>>().notNull(),
    /** Redacted. */
    body: text("body").notNull(),
    /** Size of the body as received. */
    body_bytes: integer("body_bytes").notNull(),
    /** True if `body` is not complete: truncated, never read, or not text. */
    body_truncated: boolean("body_truncated").notNull().default(false),
    verdict: text("verdict").$type<InboxVerdict>().notNull(),
    /** Why it was ignored, rejected or failed. */
    reason: text("reason"),
    /** Status of the response; null if the record was written before there was one. */
    status_code: integer("status_code"),
    idempotency_key: text("idempotency_key"),
    outcomes: jsonb("outcomes").$type<InboxOutcome[]>().notNull().default([]),
    /** Time from its arrival to this record. */
    duration_ms: integer("duration_ms").notNull(),
    /** Whether a verifier authenticated the sender; only then may a replay skip verification. */
    verified: boolean("verified").notNull().default(false),
    /** How the verifier of the SDK checked the sender; null: none was called. */
    signature: jsonb("signature").$type<SignatureCheck>(),
    /** The event that this one replays. */
    replay_of: uuid("replay_of"),
    created_at: createdAt(),
  },
  (table) => [
    index("inbox_events_integration").on(table.integration_id, table.id),
    index("inbox_events_verdict").on(table.verdict, table.id),
    index("inbox_events_time").on(table.created_at, table.verdict),
    index("inbox_events_key").on(table.idempotency_key),
  ],
);

/** Settings of integrations made by an operator; they take precedence over the environment. */
export const integrationSettings = pgTable(
  "integration_settings",
  {
    integration_id: text("integration_id").notNull(),
    key: text("key").notNull(),
    /** Sealed if `secret`. */
    value: text("value").notNull(),
    secret: boolean("secret").notNull(),
    updated_at: instant("updated_at").notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.integration_id, table.key] })],
);

/** An operator's decisions about an integration; without a row the defaults apply. */
export const integrationStates = pgTable("integration_states", {
  integration_id: text("integration_id").primaryKey(),
  enabled: boolean("enabled").notNull().default(true),
  process_auto_start: boolean("process_auto_start").notNull().default(true),
  /** How it was shown when it was disabled; its code does not run to say so again. */
  face: jsonb("face").$type<IntegrationFace>(),
  updated_at: instant("updated_at").notNull().defaultNow(),
});

export interface IntegrationFace {
  name: string;
  version: string | null;
  icon: string;
}

/** Data an integration stores for itself, such as cursors or endpoints. */
export const integrationStore = pgTable(
  "integration_store",
  {
    integration_id: text("integration_id").notNull(),
    key: text("key").notNull(),
    /** JSON text, sealed if `secret`. */
    value: text("value").notNull(),
    secret: boolean("secret").notNull().default(false),
    /** When the value expires; null: never. */
    expires_at: instant("expires_at"),
    updated_at: instant("updated_at").notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.integration_id, table.key] }),
    index("integration_store_expires").on(table.expires_at).where(sql`${table.expires_at} is not null`),
  ],
);

/**
 * A version of a workspace file written by a bot. Code in it runs only after a person has approved exactly this
 * content.
 */
export const workspaceWrites = pgTable(
  "workspace_writes",
  {
    /** Relative to the workspace: "integrations/x/router.ts". */
    path: text("path").notNull(),
    /** SHA-256 of the file, hexadecimal. */
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

/** The background process of an integration, as last seen by its supervising server. */
export const processes = pgTable("processes", {
  integration_id: text("integration_id").primaryKey(),
  /** The supervising server. */
  server_id: uuid("server_id").notNull(),
  state: text("state").$type<ProcessState>().notNull(),
  pid: integer("pid"),
  started_at: instant("started_at"),
  /** Exit code of the last run; null if a signal ended it. */
  exit_code: integer("exit_code"),
  signal: text("signal"),
  restarts: integer("restarts").notNull().default(0),
  last_error: text("last_error"),
  next_start_at: instant("next_start_at"),
  /** Resident memory including descendants, as last measured. */
  memory_bytes: bigint("memory_bytes", { mode: "number" }),
  updated_at: instant("updated_at").notNull().defaultNow(),
});

/** What the process of an integration did on a day, in UTC. Kept for about ninety days. */
export const processDays = pgTable(
  "process_days",
  {
    integration_id: text("integration_id").notNull(),
    day: date("day", { mode: "string" }).notNull(),
    /** Seconds that it ran. */
    up_seconds: integer("up_seconds").notNull().default(0),
    /** Seconds that it should have run and did not. For the rest of the day it was not meant to run, or nobody knows. */
    down_seconds: integer("down_seconds").notNull().default(0),
    crashes: integer("crashes").notNull().default(0),
    /** The reason of the last crash. */
    last_error: text("last_error"),
  },
  (table) => [primaryKey({ columns: [table.integration_id, table.day] })],
);

/** How each integration was on each day, like process_days; also of those without a process. */
export const integrationDays = pgTable(
  "integration_days",
  {
    integration_id: text("integration_id").notNull(),
    day: date("day", { mode: "string" }).notNull(),
    /** Seconds that a version of it was live. */
    up_seconds: integer("up_seconds").notNull().default(0),
    /** Seconds that none was live because it did not load. */
    down_seconds: integer("down_seconds").notNull().default(0),
    /** How often it stopped loading. */
    problems: integer("problems").notNull().default(0),
    /** The reason of the last time. */
    last_error: text("last_error"),
  },
  (table) => [primaryKey({ columns: [table.integration_id, table.day] })],
);

export const LINE_SOURCES = ["stdout", "stderr", "heddle"] as const;
/** "heddle" marks messages of the supervisor. */
export type LineSource = (typeof LINE_SOURCES)[number];

/** The latest output lines of a process. */
export const processLines = pgTable(
  "process_lines",
  {
    /** Defines the order across all processes. */
    id: bigserial("id", { mode: "number" }).primaryKey(),
    integration_id: text("integration_id").notNull(),
    source: text("source").$type<LineSource>().notNull(),
    /** Redacted, and truncated if long. */
    text: text("text").notNull(),
    created_at: createdAt(),
  },
  (table) => [index("process_lines_integration").on(table.integration_id, table.id)],
);

export type DocumentKind = "document" | "skill" | "memory";

export const documents = pgTable(
  "documents",
  {
    id: uuid("id").primaryKey(),
    /** Searches never mix kinds. */
    kind: text("kind").$type<DocumentKind>().notNull().default("document"),
    /** What the text is a copy of, within its kind: a skill's id. Null for a document, which is stored only here. */
    source_id: text("source_id"),
    /** SHA-256 of what the copy was made of, hexadecimal. */
    content_hash: text("content_hash"),
    integration_id: text("integration_id"),
    /** The owner, in the format of a channel's owner. */
    owner: text("owner"),
    session_id: uuid("session_id").references(() => sessions.id, { onDelete: "cascade" }),
    /** The version of a memory that it is a copy of: what is forgotten must not stay here. */
    memory_version_id: uuid("memory_version_id").references(() => memories.id, { onDelete: "cascade" }),
    title: text("title"),
    content: text("content").notNull(),
    metadata: jsonb("metadata").$type<JsonObject>().notNull().default({}),
    created_at: createdAt(),
  },
  (table) => [
    index("documents_integration").on(table.integration_id),
    index("documents_owner").on(table.owner),
    index("documents_session").on(table.session_id),
    uniqueIndex("documents_source")
      .on(table.kind, table.source_id)
      .where(sql`${table.source_id} is not null`),
    index("documents_memory").on(table.memory_version_id).where(sql`${table.memory_version_id} is not null`),
  ],
);

/** A searchable section of a document. */
export const chunks = pgTable(
  "chunks",
  {
    id: uuid("id").primaryKey(),
    document_id: uuid("document_id")
      .notNull()
      .references(() => documents.id, { onDelete: "cascade" }),
    position: integer("position").notNull(),
    /** Headings above the section, outermost first, joined by " > ". */
    breadcrumb: text("breadcrumb").notNull(),
    content: text("content").notNull(),
    lexemes: tsvector("lexemes").notNull(),
    /** Number of word positions, for BM25's length normalisation. */
    length: integer("length").notNull(),
  },
  (table) => [index("chunks_document").on(table.document_id)],
);

/** The numbers by which the posting lists name passages. A passage without its words there yet is searched itself. */
export const passageNumbers = pgTable(
  "passage_numbers",
  {
    no: integer("no").primaryKey().generatedByDefaultAsIdentity(),
    chunk_id: uuid("chunk_id")
      .notNull()
      .unique()
      .references(() => chunks.id, { onDelete: "cascade" }),
    /** These three are those of the chunk. */
    document_id: uuid("document_id").notNull(),
    position: integer("position").notNull(),
    length: integer("length").notNull(),
    is_posted: boolean("is_posted").notNull().default(false),
  },
  (table) => [
    index("passage_numbers_document").on(table.document_id),
    index("passage_numbers_tail").on(table.no).where(sql`not ${table.is_posted}`),
  ],
);

/** The inverted index of all passages: of each word, the passages that have it, in blocks of consecutive numbers. */
export const postings = pgTable(
  "postings",
  {
    word: text("word").notNull(),
    block: integer("block").notNull(),
    /** How many entries there are. */
    count: integer("count").notNull(),
    /** A passage's number within the block, the word's occurrences and the passage's length; see search/postings.ts. */
    entries: integer("entries").array().notNull(),
  },
  (table) => [primaryKey({ columns: [table.word, table.block] }), index("postings_block").on(table.block)],
);

/**
 * A set of vectors: of one model, made at one time. A new one is made beside the one that search uses, which it replaces
 * when it is complete.
 */
export const embeddingModels = pgTable("embedding_models", {
  id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
  /** The embedder's name; vectors of different names cannot be compared. */
  name: text("name").notNull(),
  /** Null until the endpoint has answered once. */
  dimensions: integer("dimensions"),
  /** Why no more vectors are made at the moment; redacted. */
  error: text("error"),
  started_at: instant("started_at").notNull().defaultNow(),
  /** When every passage had a vector for the first time; null until then. */
  completed_at: instant("completed_at"),
});

/**
 * The vectors of passages. Each model with known dimensions has an HNSW index of its own over its rows, which
 * search/vector-index.ts creates: an index needs one dimension.
 */
export const chunkVectors = pgTable(
  "chunk_vectors",
  {
    model_id: integer("model_id")
      .notNull()
      .references(() => embeddingModels.id, { onDelete: "cascade" }),
    chunk_id: uuid("chunk_id")
      .notNull()
      .references(() => chunks.id, { onDelete: "cascade" }),
    /** That of the chunk. */
    document_id: uuid("document_id").notNull(),
    /** Null for a passage that has no vector: one without words, or one that the endpoint refuses. */
    embedding: vector("embedding"),
  },
  (table) => [
    primaryKey({ columns: [table.model_id, table.chunk_id] }),
    index("chunk_vectors_chunk").on(table.chunk_id),
  ],
);

export const KEY_ROWS = ["own", "all"] as const;
export type KeyRows = (typeof KEY_ROWS)[number];

export const apiKeys = pgTable("api_keys", {
  id: uuid("id").primaryKey(),
  name: text("name").notNull(),
  /** The first 12 characters, which identify the key to people. */
  prefix: text("prefix").notNull(),
  /** SHA-256 of the complete key, hexadecimal. */
  hash: text("hash").notNull().unique(),
  scopes: jsonb("scopes").$type<string[]>().notNull(),
  /** What Heddle created the key for, such as "integration:github"; null if a person created it. */
  owner: text("owner"),
  /** The key that created this one; revoking it revokes this one as well. Null if no stored key created it. */
  parent_id: uuid("parent_id"),
  /** Whether the key may access all rows, or only those it created itself. */
  rows: text("rows").$type<KeyRows>().notNull().default("all"),
  expires_at: instant("expires_at"),
  last_used_at: instant("last_used_at"),
  revoked_at: instant("revoked_at"),
  created_at: createdAt(),
});

/** A link with which one browser signs in, once. */
export const signInLinks = pgTable(
  "sign_in_links",
  {
    id: uuid("id").primaryKey(),
    /** SHA-256 of the token in the link, hexadecimal. */
    hash: text("hash").notNull().unique(),
    /** What the browser may do; never more than the key that made the link. */
    scopes: jsonb("scopes").$type<string[]>().notNull(),
    /** The key that made the link, as which the browser acts; null: the operator. */
    api_key_id: uuid("api_key_id").references(() => apiKeys.id, { onDelete: "cascade" }),
    expires_at: instant("expires_at").notNull(),
    used_at: instant("used_at"),
    created_at: createdAt(),
  },
  (table) => [index("sign_in_links_expires").on(table.expires_at)],
);

export const SIGN_IN_METHODS = ["link", "api_key"] as const;
export type SignInMethod = (typeof SIGN_IN_METHODS)[number];

/** A browser that is signed in. It can never do more than its key can at that moment. */
export const signIns = pgTable(
  "sign_ins",
  {
    id: uuid("id").primaryKey(),
    /** SHA-256 of the cookie, hexadecimal. */
    hash: text("hash").notNull().unique(),
    method: text("method").$type<SignInMethod>().notNull(),
    /** The key as which the browser acts; null: the operator, or the environment's API_KEY. */
    api_key_id: uuid("api_key_id").references(() => apiKeys.id, { onDelete: "cascade" }),
    /** SHA-256 of the environment's API_KEY, if it was used: another API_KEY ends the sign-in. */
    static_key_hash: text("static_key_hash"),
    /** Null: the scopes of the key. */
    scopes: jsonb("scopes").$type<string[]>(),
    /** The address at which the browser signed in, such as https://heddle.example, and its Host. Others are refused. */
    origin: text("origin").notNull(),
    host: text("host").notNull(),
    user_agent: text("user_agent").notNull(),
    /** IPv4 address or IPv6 network of the browser when it signed in. */
    address: text("address").notNull(),
    /** Accurate to a minute. */
    last_seen_at: instant("last_seen_at").notNull(),
    /** When it ends however much it is used. */
    expires_at: instant("expires_at").notNull(),
    revoked_at: instant("revoked_at"),
    created_at: createdAt(),
  },
  (table) => [index("sign_ins_expires").on(table.expires_at)],
);

export const TOOL_CALL_STATUSES = ["running", "done", "failed"] as const;
export type ToolCallStatus = (typeof TOOL_CALL_STATUSES)[number];

export const toolCalls = pgTable(
  "tool_calls",
  {
    id: uuid("id").primaryKey(),
    task_id: uuid("task_id")
      .notNull()
      .references(() => tasks.id, { onDelete: "cascade" }),
    /** The assistant message that requested the call. */
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

export const POLICY_EFFECTS = ["allow", "deny", "require_approval"] as const;
export type PolicyEffect = (typeof POLICY_EFFECTS)[number];

export const TOOL_KINDS = ["read", "write", "egress", "destructive", "schedule", "memory"] as const;
/**
 * read: changes nothing. write: changes something, or does not say that it does not. egress: reaches beyond its service.
 * destructive: what it does cannot be undone. schedule, memory: what it does affects later runs.
 */
export type ToolKind = (typeof TOOL_KINDS)[number];

/** Conditions on one argument, all of which must hold. */
export interface ArgumentCondition {
  equals?: string | number | boolean | null;
  in?: (string | number | boolean | null)[];
  prefix?: string;
  suffix?: string;
  contains?: string;
  /** `*` matches any text. */
  like?: string;
}

export const ON_TIMEOUT = ["deny", "fail", "allow"] as const;
/** deny: the model is told so. fail: the run ends as failed. allow: the call is made. */
export type OnTimeout = (typeof ON_TIMEOUT)[number];

/** How an approval is asked for. */
export interface ApprovalTerms {
  timeout_seconds: number;
  on_timeout: OnTimeout;
  /** Who may decide: "key:<name of an API key>", or "<integration>:<identity>". Empty: everyone who may decide at all. */
  approvers: string[];
}

/** A rule about calls of tools. Of the rules that fit a call, the first one decides; see policies/decide.ts. */
export const policies = pgTable("policies", {
  id: uuid("id").primaryKey(),
  name: text("name").notNull(),
  enabled: boolean("enabled").notNull().default(true),
  /** Lower numbers come first. */
  priority: integer("priority").notNull().default(100),
  effect: text("effect").$type<PolicyEffect>().notNull(),
  /** Names of tools; `*` matches any text. */
  tools: jsonb("tools").$type<string[]>().notNull(),
  /** Null: tools of every kind; else tools that are of one of them. */
  kinds: jsonb("kinds").$type<ToolKind[]>(),
  bot_id: text("bot_id"),
  channel_id: uuid("channel_id").references(() => channels.id, { onDelete: "cascade" }),
  /** The integration that the tool belongs to. */
  integration_id: text("integration_id"),
  /** Whether the run has read text of strangers; null: either. */
  tainted: boolean("tainted"),
  /** Conditions by the argument's name, or its path with dots. */
  arguments: jsonb("arguments").$type<Record<string, ArgumentCondition>>().notNull().default({}),
  /** What the model and people are told. */
  reason: text("reason"),
  approval: jsonb("approval").$type<ApprovalTerms>().notNull(),
  /** The approval whose decision wrote it; null: a person wrote it. */
  approval_id: uuid("approval_id"),
  created_at: createdAt(),
  updated_at: instant("updated_at").notNull().defaultNow(),
});

export const APPROVAL_STATUSES = ["pending", "approved", "denied", "expired", "cancelled"] as const;
/** cancelled: the run ended otherwise, so that nobody needs to decide any more. */
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];

export const APPROVAL_CHOICES = ["once", "run", "pattern", "always"] as const;
/** What else the decision holds for: nothing, the tool in this run, such arguments from now on, the bot's use of the tool from now on. */
export type ApprovalChoice = (typeof APPROVAL_CHOICES)[number];

/** A call that waits for a person, or waited. The first decision stands. */
export const approvals = pgTable(
  "approvals",
  {
    id: uuid("id").primaryKey(),
    task_id: uuid("task_id")
      .notNull()
      .references(() => tasks.id, { onDelete: "cascade" }),
    session_id: uuid("session_id").notNull(),
    channel_id: uuid("channel_id").notNull(),
    bot_id: text("bot_id").notNull(),
    correlation_id: uuid("correlation_id").notNull(),
    /** The assistant message that asked for the call, and the id of the call in it. */
    message_id: uuid("message_id").notNull(),
    call_id: text("call_id").notNull(),
    tool_name: text("tool_name").notNull(),
    /** How rules name the tool, if not by its name: "mcp:<server>/<tool>". */
    tool_reference: text("tool_reference"),
    integration_id: text("integration_id"),
    /** As people see them: redacted. */
    arguments: jsonb("arguments").$type<JsonObject>().notNull(),
    /** SHA-256 of the call as it was asked about, hexadecimal: nothing else may be carried out. */
    call_hash: text("call_hash").notNull(),
    /** The policy that asks; null: a built-in rule. */
    policy_id: uuid("policy_id"),
    policy_name: text("policy_name").notNull(),
    reason: text("reason"),
    approvers: jsonb("approvers").$type<string[]>().notNull().default([]),
    on_timeout: text("on_timeout").$type<OnTimeout>().notNull(),
    expires_at: instant("expires_at").notNull(),
    status: text("status").$type<ApprovalStatus>().notNull().default("pending"),
    choice: text("choice").$type<ApprovalChoice>(),
    /** Who decided: "key:<name>" or "<integration>:<identity>"; null: nobody did. */
    decided_by: text("decided_by"),
    /** The name of that person, for people. */
    decided_by_name: text("decided_by_name"),
    note: text("note"),
    decided_at: instant("decided_at"),
    /** When the approved call was begun: it is begun once. */
    begun_at: instant("begun_at"),
    created_at: createdAt(),
  },
  (table) => [
    uniqueIndex("approvals_call").on(table.message_id, table.call_id),
    index("approvals_task").on(table.task_id, table.id),
    index("approvals_status").on(table.status, table.id),
    index("approvals_expires").on(table.expires_at).where(sql`${table.status} = 'pending'`),
  ],
);

/** One part of a request. */
export interface ContextPart {
  /** "bot_prompt", "history", "tools" and so on. */
  source: string;
  /** Estimated tokens that were sent. */
  tokens: number;
  state: "kept" | "shortened" | "dropped";
  /** Estimated tokens that it had before it was shortened or dropped. */
  tokens_before?: number;
  /** Why it was shortened or dropped. */
  reason?: string;
}

/** What a request consisted of, by estimated tokens. */
export interface ContextReport {
  /** The model's context window. */
  window: number;
  /** What the messages may take of it. */
  budget: number;
  parts: ContextPart[];
}

/** One call of a model. It names its bot and integration, because what it cost counts even after its task is deleted. */
export const llmCalls = pgTable(
  "llm_calls",
  {
    id: uuid("id").primaryKey(),
    /** Null once the task has been deleted. */
    task_id: uuid("task_id").references(() => tasks.id, { onDelete: "set null" }),
    correlation_id: uuid("correlation_id").notNull(),
    bot_id: text("bot_id"),
    /** The integration whose message or channel it was; null if it belonged to none. */
    integration_id: text("integration_id"),
    /** The schedule that sent the message of its run. */
    schedule_id: uuid("schedule_id"),
    /** What was reserved for it in budgets; a trigger settles it, see budgets/spending.ts. Null: no budget applied. */
    reservation_id: uuid("reservation_id"),
    /** The provider's id; null: recorded by a version that knew only one. */
    provider: text("provider"),
    /** As the provider names it. */
    model: text("model").notNull(),
    iteration: integer("iteration").notNull(),
    /** All tokens that were read, including those of the next two columns. */
    prompt_tokens: integer("prompt_tokens"),
    cached_input_tokens: integer("cached_input_tokens"),
    cache_write_tokens: integer("cache_write_tokens"),
    completion_tokens: integer("completion_tokens"),
    /** US dollars; null: the price is not known, or the call failed. */
    cost_usd: numeric("cost_usd", { precision: 20, scale: 10 }),
    duration_ms: integer("duration_ms").notNull(),
    fallback_used: boolean("fallback_used").notNull().default(false),
    /** What the request consisted of; null: a call that a version without this column recorded, or one that wrote a summary. */
    context: jsonb("context").$type<ContextReport>(),
    error: text("error"),
    created_at: createdAt(),
  },
  (table) => [index("llm_calls_task").on(table.task_id), index("llm_calls_created").on(table.created_at)],
);

export const BUDGET_SCOPES = ["server", "bot", "integration", "schedule"] as const;
export type BudgetScope = (typeof BUDGET_SCOPES)[number];
export const BUDGET_METRICS = ["cost_usd", "tokens", "model_calls", "seconds", "runs"] as const;
/** seconds: the wall time of runs, without the time that they wait for people. */
export type BudgetMetric = (typeof BUDGET_METRICS)[number];
export const BUDGET_PERIODS = ["run", "hour", "day", "month"] as const;
/** Hours, days and months are those of UTC. */
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number];

/** How much of something runs may use in a period. */
export const budgets = pgTable(
  "budgets",
  {
    id: uuid("id").primaryKey(),
    scope: text("scope").$type<BudgetScope>().notNull(),
    /** The id of the bot, integration or schedule; null for the whole server. */
    subject: text("subject"),
    metric: text("metric").$type<BudgetMetric>().notNull(),
    period: text("period").$type<BudgetPeriod>().notNull(),
    amount: numeric("amount", { precision: 24, scale: 10, mode: "number" }).notNull(),
    enabled: boolean("enabled").notNull().default(true),
    created_at: createdAt(),
    updated_at: instant("updated_at").notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex("budgets_what").on(
      table.scope,
      sql`coalesce(${table.subject}, '')`,
      table.metric,
      table.period,
    ),
  ],
);

/** What has been used of a budget in one of its periods. */
export const budgetPeriods = pgTable(
  "budget_periods",
  {
    budget_id: uuid("budget_id")
      .notNull()
      .references(() => budgets.id, { onDelete: "cascade" }),
    /** "2026-11-28T14", "2026-11-28" or "2026-11"; "run <id>" for one run, "counted <id>" for a run that was counted. */
    period: text("period").notNull(),
    used: numeric("used", { precision: 24, scale: 10, mode: "number" }).notNull().default(0),
    /** What a person has added for this period; 0: nothing. */
    extended: numeric("extended", { precision: 24, scale: 10, mode: "number" }).notNull().default(0),
    /** The highest notice so far: 0, 50, 80 or 100 per cent. */
    noticed: integer("noticed").notNull().default(0),
    updated_at: instant("updated_at").notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.budget_id, table.period] }),
    index("budget_periods_updated").on(table.updated_at),
  ],
);

/** What model calls in progress may use. It counts while its run goes on under the same claim, so that a crash frees it. */
export const budgetReservations = pgTable(
  "budget_reservations",
  {
    /** The same for all budgets of a call. */
    id: uuid("id").notNull(),
    budget_id: uuid("budget_id")
      .notNull()
      .references(() => budgets.id, { onDelete: "cascade" }),
    period: text("period").notNull(),
    task_id: uuid("task_id").notNull(),
    attempt: integer("attempt").notNull(),
    /** Null: nobody knows, so no other call may begin meanwhile. */
    amount: numeric("amount", { precision: 24, scale: 10, mode: "number" }),
    /** Whether the call has ended and is about to be recorded. */
    is_done: boolean("is_done").notNull().default(false),
    created_at: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.id, table.budget_id] }),
    index("budget_reservations_period").on(table.budget_id, table.period),
    index("budget_reservations_task").on(table.task_id),
  ],
);

export const PROVIDER_ADAPTERS = ["chat_completions", "responses", "anthropic"] as const;
export type ProviderAdapter = (typeof PROVIDER_ADAPTERS)[number];

/** US dollars per million tokens. */
export interface ModelPrices {
  input: number;
  output: number;
  /** Default: that of input. */
  cached_input?: number;
  cache_write?: number;
  /** Of sound, for models that count it; only in the table of known models. */
  minute?: number;
}

/** What an operator knows about a model; it takes precedence over the table of known models. */
export interface ModelFacts {
  context_window?: number;
  max_output_tokens?: number;
  /** Whether it sees images. */
  images?: boolean;
  /** Whether it reads PDFs by itself. */
  pdfs?: boolean;
  prices?: ModelPrices;
}

/** An endpoint with models, besides the one that the environment names. */
export const providers = pgTable(
  "providers",
  {
    id: text("id").primaryKey(),
    name: text("name").notNull(),
    adapter: text("adapter").$type<ProviderAdapter>().notNull(),
    /** Null: the address of the adapter's own vendor. Its query, such as Azure's api-version, is part of each request. */
    base_url: text("base_url"),
    /** Sealed. */
    api_key: text("api_key"),
    /** Sent with each request; the values are sealed. */
    headers: jsonb("headers").$type<Record<string, string>>().notNull().default({}),
    /** What a model does not take, by model, "*" for all of them: set by hand, or learned from a refusal. */
    unsupported: jsonb("unsupported").$type<Record<string, string[]>>().notNull().default({}),
    models: jsonb("models").$type<Record<string, ModelFacts>>().notNull().default({}),
    /** For bots that name no model. */
    default_model: text("default_model"),
    is_default: boolean("is_default").notNull().default(false),
    created_at: createdAt(),
    updated_at: instant("updated_at").notNull().defaultNow(),
  },
  (table) => [uniqueIndex("providers_default").on(table.is_default).where(sql`${table.is_default}`)],
);

export const MCP_TRANSPORTS = ["http", "stdio"] as const;
export type McpTransport = (typeof MCP_TRANSPORTS)[number];

/** MCP servers whose tools bots may get. Those of $HEDDLE_HOME/mcp.yaml are not among them. */
export const mcpServers = pgTable("mcp_servers", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  transport: text("transport").$type<McpTransport>().notNull(),
  /** Of "http". Sealed if it contains a secret. */
  url: text("url"),
  /** Of "http"; the values are sealed. */
  headers: jsonb("headers").$type<Record<string, string>>().notNull().default({}),
  /** Of "http": a client that was registered by hand, with its secret sealed. */
  oauth: jsonb("oauth").$type<JsonObject>(),
  /** Of "stdio". */
  command: text("command"),
  args: jsonb("args").$type<string[]>().notNull().default([]),
  /** Of "stdio"; the values are sealed. */
  env: jsonb("env").$type<Record<string, string>>().notNull().default({}),
  is_enabled: boolean("is_enabled").notNull().default(true),
  timeout_seconds: integer("timeout_seconds").notNull().default(60),
  /** Whether its address may be one of a private network. */
  allow_private: boolean("allow_private").notNull().default(false),
  /** Whether what it says of its tools (that they only read, for instance) is believed. */
  trust_annotations: boolean("trust_annotations").notNull().default(false),
  created_at: createdAt(),
  updated_at: instant("updated_at").notNull().defaultNow(),
});

/** What is known of MCP servers of both kinds, so that a run has its tools before a server has been asked again. */
export const mcpStates = pgTable("mcp_states", {
  server_id: text("server_id").primaryKey(),
  /** What the list belongs to: a hash of the server's address or command. */
  fingerprint: text("fingerprint").notNull().default(""),
  /** As the server listed them. */
  tools: jsonb("tools").$type<JsonObject[]>().notNull().default([]),
  listed_at: instant("listed_at"),
  protocol_version: text("protocol_version"),
  server_name: text("server_name"),
  server_version: text("server_version"),
  /** Since somebody signed in: the tokens and what belongs to them, sealed. */
  oauth: text("oauth"),
  /** When the access token ends; null: it is not known, or there is none. */
  oauth_expires_at: instant("oauth_expires_at"),
  /** Until when one server has the sole right to exchange the refresh token, which many servers accept once. */
  oauth_claimed_until: instant("oauth_claimed_until"),
  updated_at: instant("updated_at").notNull().defaultNow(),
});

/** Coding agents that are stored; others are declared in acp.yaml. */
export const codingAgents = pgTable("coding_agents", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  command: text("command").notNull(),
  args: jsonb("args").$type<string[]>().notNull().default([]),
  /** The values are sealed. */
  env: jsonb("env").$type<Record<string, string>>().notNull().default({}),
  is_enabled: boolean("is_enabled").notNull().default(true),
  timeout_seconds: integer("timeout_seconds").notNull().default(1_800),
  created_at: createdAt(),
  updated_at: instant("updated_at").notNull().defaultNow(),
});

/** What the last test of a coding agent found, of both kinds. */
export const codingAgentTests = pgTable("coding_agent_tests", {
  agent_id: text("agent_id").primaryKey(),
  /** What was tested: a hash of its command. */
  fingerprint: text("fingerprint").notNull(),
  /** Null: it began a session. */
  error: text("error"),
  agent_name: text("agent_name"),
  agent_version: text("agent_version"),
  tested_at: instant("tested_at").notNull(),
});

export const CODING_SESSION_STATUSES = ["running", "done", "failed", "stopped", "unknown"] as const;
export type CodingSessionStatus = (typeof CODING_SESSION_STATUSES)[number];

/** Pieces of work of coding agents. */
export const codingSessions = pgTable(
  "coding_sessions",
  {
    id: uuid("id").primaryKey(),
    agent_id: text("agent_id").notNull(),
    task_id: uuid("task_id")
      .notNull()
      .references(() => tasks.id, { onDelete: "cascade" }),
    session_id: uuid("session_id").notNull(),
    bot_id: text("bot_id").notNull(),
    folder: text("folder").notNull(),
    /** What it was asked to do, as people see it: redacted, and cut. */
    asked: text("asked").notNull(),
    status: text("status").$type<CodingSessionStatus>().notNull().default("running"),
    error: text("error"),
    /** As many files as it says it has changed. */
    changed_files: integer("changed_files"),
    ended_at: instant("ended_at"),
    created_at: createdAt(),
  },
  (table) => [
    index("coding_sessions_agent").on(table.agent_id, table.id),
    index("coding_sessions_task").on(table.task_id),
  ],
);

export const MCP_QUESTION_STATUSES = ["pending", "answered", "declined", "expired", "cancelled"] as const;
export type McpQuestionStatus = (typeof MCP_QUESTION_STATUSES)[number];

/** What an MCP server asks a person in the middle of a call. */
export const mcpQuestions = pgTable(
  "mcp_questions",
  {
    id: uuid("id").primaryKey(),
    task_id: uuid("task_id")
      .notNull()
      .references(() => tasks.id, { onDelete: "cascade" }),
    session_id: uuid("session_id").notNull(),
    bot_id: text("bot_id").notNull(),
    server_id: text("server_id").notNull(),
    /** How rules name the tool that was called. */
    tool_reference: text("tool_reference").notNull(),
    message: text("message").notNull(),
    /** JSON Schema of the answer, with plain fields. */
    schema: jsonb("schema").$type<JsonObject>().notNull(),
    status: text("status").$type<McpQuestionStatus>().notNull().default("pending"),
    /** Sealed, until the call has taken it. */
    answer: text("answer"),
    answered_by: text("answered_by"),
    answered_at: instant("answered_at"),
    expires_at: instant("expires_at").notNull(),
    /** The call that waits for it in `mcp_waits`, and the name that the server has for the question; null: the connection waits. */
    wait_id: uuid("wait_id"),
    input_name: text("input_name"),
    created_at: createdAt(),
  },
  (table) => [
    index("mcp_questions_task").on(table.task_id, table.id),
    index("mcp_questions_status").on(table.status, table.id),
  ],
);

export const MCP_WAIT_STATUSES = ["waiting", "ready", "woken", "sent"] as const;

/** Calls of MCP servers' tools whose runs are suspended: until people have answered, or the server has done a task. */
export const mcpWaits = pgTable(
  "mcp_waits",
  {
    /** The id of the call, as tools know it. */
    id: uuid("id").primaryKey(),
    task_id: uuid("task_id")
      .notNull()
      .references(() => tasks.id, { onDelete: "cascade" }),
    server_id: text("server_id").notNull(),
    kind: text("kind").$type<"questions" | "task">().notNull(),
    /** ready: the run is to go on. woken: it was told so, once. sent: the call was made again; what became of it is not known yet. */
    status: text("status").$type<(typeof MCP_WAIT_STATUSES)[number]>().notNull().default("waiting"),
    /** What the server wants back: its state, or the id of its task. Sealed. */
    state: text("state").notNull(),
    /** How often the server has asked in this call. */
    rounds: integer("rounds").notNull().default(1),
    /** When it is looked at next, and until when at all. */
    due_at: instant("due_at").notNull(),
    ends_at: instant("ends_at").notNull(),
    created_at: createdAt(),
  },
  (table) => [index("mcp_waits_task").on(table.task_id), index("mcp_waits_due").on(table.due_at)],
);

/** What is known about the connections of integrations to their services. */
export const connections = pgTable(
  "connections",
  {
    integration_id: text("integration_id").notNull(),
    name: text("name").notNull(),
    status: text("status").$type<"connecting" | "connected" | "degraded" | "reauth_required">().notNull(),
    /** Why it is degraded, or as whom it is connected. */
    detail: text("detail"),
    /** Whether a listener in a server reports it. */
    is_listener: boolean("is_listener").notNull().default(false),
    /** When it got this status. */
    since: instant("since").notNull().defaultNow(),
    /** When the service was last heard. */
    alive_at: instant("alive_at"),
  },
  (table) => [primaryKey({ columns: [table.integration_id, table.name] })],
);

/** People who are at an authorization server at this moment, to sign Heddle in at an MCP server. */
export const mcpSignIns = pgTable("mcp_sign_ins", {
  /** SHA-256 of the state that comes back with the person, hexadecimal. */
  state_hash: text("state_hash").primaryKey(),
  server_id: text("server_id").notNull(),
  /** The sign-in or key of the person who began it; nobody else can finish it. */
  person: text("person").notNull(),
  /** What finishing it takes, sealed. */
  sealed: text("sealed").notNull(),
  expires_at: instant("expires_at").notNull(),
});

/** Accounts at outside services in which people have signed Heddle in for an integration. */
export const oauthAccounts = pgTable("oauth_accounts", {
  /** The integration and the name that it gave the account: "mail/google". */
  id: text("id").primaryKey(),
  /** The tokens and what belongs to them, sealed. */
  oauth: text("oauth"),
  /** When the access token ends; null: it is not known, or there is none. */
  oauth_expires_at: instant("oauth_expires_at"),
  /** Until when one server has the sole right to exchange the refresh token, which many services accept once. */
  oauth_claimed_until: instant("oauth_claimed_until"),
  updated_at: instant("updated_at").notNull().defaultNow(),
});

/** People who are at a service at this moment, to sign Heddle in for an integration. */
export const oauthSignIns = pgTable("oauth_sign_ins", {
  /** SHA-256 of the state that comes back with the person, hexadecimal. */
  state_hash: text("state_hash").primaryKey(),
  account_id: text("account_id").notNull(),
  /** The sign-in or key of the person who began it; nobody else can finish it. */
  person: text("person").notNull(),
  /** What finishing it takes, sealed. */
  sealed: text("sealed").notNull(),
  expires_at: instant("expires_at").notNull(),
});

/**
 * The log of what happens, kept for about two days. Triggers write it (see the migration that creates it), so that every
 * statement that changes a task, a delivery, a webhook's record or a process is covered, in the same transaction.
 */
export const events = pgTable(
  "events",
  {
    id: bigserial("id", { mode: "number" }).primaryKey(),
    /** The transaction that wrote it. Ids are not in the order of commits, so readers go by transactions. */
    tx: bigint("tx", { mode: "number" }).notNull().default(sql`(pg_current_xact_id()::text::bigint)`),
    type: text("type").notNull(),
    task_id: uuid("task_id"),
    session_id: uuid("session_id"),
    channel_id: uuid("channel_id"),
    bot_id: text("bot_id"),
    integration_id: text("integration_id"),
    /** The sender of the task, in the format of a channel's owner. */
    owner: text("owner"),
    correlation_id: uuid("correlation_id"),
    /** What a key needs to see an event that an integration has published; null: what its type needs. */
    scope: text("scope"),
    /** Facts, no content: whoever may see that is given the id of the row. */
    data: jsonb("data").$type<JsonObject>().notNull().default({}),
    created_at: createdAt(),
  },
  (table) => [index("events_tx").on(table.tx, table.id), index("events_task").on(table.task_id, table.id)],
);

/** Results of tools that were too long for a model, whole. */
export const toolResults = pgTable(
  "tool_results",
  {
    id: uuid("id").primaryKey(),
    session_id: uuid("session_id")
      .notNull()
      .references(() => sessions.id, { onDelete: "cascade" }),
    task_id: uuid("task_id")
      .notNull()
      .references(() => tasks.id, { onDelete: "cascade" }),
    tool_name: text("tool_name").notNull(),
    content: text("content").notNull(),
    created_at: createdAt(),
  },
  (table) => [
    index("tool_results_session").on(table.session_id, table.created_at),
    index("tool_results_task").on(table.task_id),
  ],
);

/** A file that came with a message. */
export const attachments = pgTable(
  "attachments",
  {
    id: uuid("id").primaryKey(),
    message_id: uuid("message_id")
      .notNull()
      .references(() => messages.id, { onDelete: "cascade" }),
    position: integer("position").notNull(),
    kind: text("kind").$type<"image" | "text">().notNull(),
    name: text("name").notNull(),
    media_type: text("media_type").notNull(),
    bytes: integer("bytes").notNull(),
    /** The file itself in base64. Null: of a text that was stored before files were. */
    data: text("data"),
    /** What the model reads of a text file or a PDF. */
    content: text("content"),
    created_at: createdAt(),
  },
  (table) => [index("attachments_message").on(table.message_id, table.position)],
);

/** What a fixture's run did, and which expectations it did not meet. */
export interface EvalResult {
  name: string;
  bot_id: string;
  /** None: it passed. */
  problems: string[];
  answer: string | null;
  /** The tools that were called, in order. */
  tools: string[];
  model_calls: number;
  tokens: number;
  /** US dollars; null if the price is not known. */
  cost_usd: number | null;
  seconds: number;
}

/** Runs of `heddle eval` whose results were stored. */
export const evalRuns = pgTable(
  "eval_runs",
  {
    id: uuid("id").primaryKey(),
    /** The folder of the fixtures; runs of one name are compared. */
    name: text("name").notNull(),
    /** Who stored it, in the format of a channel's owner; null: the operator. */
    owner: text("owner"),
    /** Null: a script answered. */
    model: text("model"),
    passed: integer("passed").notNull(),
    failed: integer("failed").notNull(),
    tokens: bigint("tokens", { mode: "number" }).notNull(),
    cost_usd: numeric("cost_usd", { mode: "number" }),
    seconds: doublePrecision("seconds").notNull(),
    results: jsonb("results").$type<EvalResult[]>().notNull(),
    created_at: createdAt(),
  },
  (table) => [index("eval_runs_name").on(table.name, table.id)],
);
