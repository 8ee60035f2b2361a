// The shapes that integrations and Heddle share. JSON that is stored or sent keeps snake_case; the
// functions of the SDK and their options are camelCase.

import type { Static, TSchema } from "@sinclair/typebox";
import type { JsonObject } from "./json.ts";

export type { JsonObject } from "./json.ts";

/** `type` names the dispatcher; the other fields are that dispatcher's own. */
export type DispatchConfig = { type: string } & JsonObject;

/** What one message may change for the run that it causes, and for that run only. */
export interface ExecutionConfig {
  /** A system message that stands last before the user's message. */
  system_preamble?: string;
  /** Ids of skills whose text is put into the context. */
  skills?: string[];
  /** Names of tools that the bot may use besides its own. */
  tools?: string[];
  /** A model instead of the bot's. */
  model_override?: string;
}

export interface GetOrCreateSession {
  /** The lasting name of the place, with the integration's prefix: "github:owner/repo". */
  clientId: string;
  botId: string;
  /** Where results go unless a message says otherwise. */
  dispatchConfig?: DispatchConfig;
}

export interface InjectMessage {
  /** Of `getOrCreateSession`. */
  sessionId: string;
  /** The text, as the bot is to read it. */
  content: string;
  /** Where the message came from: "github". */
  source: string;
  /** True makes a task in which the bot answers. Default false. */
  runAgent?: boolean;
  /** True hands the outcome to the session's dispatch target. Default true. */
  notify?: boolean;
  /** The target of this message's outcome, instead of the session's; used whatever `notify` is. */
  dispatchConfig?: DispatchConfig;
  /** The person who wrote it: where the message is posted, it is posted in this name. */
  author?: MessageAuthor;
  executionConfig?: ExecutionConfig;
  /** True for what a bot of the outside service wrote: it starts no run and is told to nobody, unless the channel's allow_bot_messages says so. */
  fromBot?: boolean;
  /** The sender's own id of the event, 1 to 255 characters. A second message with the same one returns the first one's result. */
  idempotencyKey?: string;
  metadata?: JsonObject;
}

/** `integration_config` holds what integrations know of the person, by integration: `{ github: { github_username } }`. */
export interface MessageAuthor {
  id?: string;
  display_name: string;
  integration_config?: JsonObject;
}

/** An event of an outside place, for every channel that is bound to it. */
export interface InjectEvent extends Omit<InjectMessage, "sessionId"> {
  /** The place it comes from, with the integration's prefix: "github:owner/repo". */
  clientId: string;
  /** Its name, as bindings filter by it: "pull_request". */
  event: string;
  /** Who answers where the channel has no bot of its own. */
  botId: string;
  /** Whether a binding lets the event through; asked after its event_filter. Inside the server only. */
  matches?: (binding: EventBinding) => boolean;
}

export interface EventBinding {
  channel_id: string;
  /** The integration's own fields of the binding. */
  config: JsonObject;
  /** Null: all events. */
  event_filter: string[] | null;
}

/** As the REST API answers it. */
export interface EventResult {
  /** "filtered": the place is bound to channels, and none of their bindings lets this event through. */
  status: "processed" | "filtered";
  /** False: no channel is bound to the place, and the message went to the place's own channel. */
  bound: boolean;
  /** One a channel. */
  results: (InjectResult & { channel_id: string })[];
}

/** As the REST API answers it. */
export interface InjectResult {
  message_id: string;
  session_id: string;
  task_id: string | null;
  /** True when the idempotency key was seen before: nothing was stored, the ids are the first message's. */
  duplicate: boolean;
}

export interface IngestDocument {
  title?: string;
  content: string;
  sessionId?: string;
  metadata?: JsonObject;
}

export interface SearchDocuments {
  query: string;
  /** Of another integration, or null for all; default: the calling integration's own documents. */
  integrationId?: string | null;
  sessionId?: string;
  /** 1 to 100; default 10. */
  limit?: number;
}

/** A document as search finds it, best first. */
export interface DocumentHit {
  id: string;
  integration_id: string | null;
  session_id: string | null;
  title: string | null;
  /** The passage that was found. */
  content: string;
  metadata: JsonObject;
  /** Higher is better; comparable within one answer only. */
  score: number;
  /** Which lane of the search found it. */
  lane: "lexical";
}

export interface StoredEntry<Value = unknown> {
  key: string;
  value: Value;
  secret: boolean;
}

export interface StoreOptions {
  /** Whether it is encrypted and kept out of logs. Default: as it was, at first false. */
  secret?: boolean;
  /** Seconds after which it is not there any more, above 0. Default: it stays. */
  ttlSeconds?: number;
}

/** Durable values of one integration, shared by all servers and its process. Values are JSON of at most 256 kB. */
export interface Store {
  /** Undefined when there is none. */
  get<Value = unknown>(key: string): Promise<Value | undefined>;
  /**
   * With `secret: true` it is encrypted, and each text in it is kept out of logs; left out, it stays as it was. With
   * `ttlSeconds` it is gone after that time; left out, it stays for good.
   */
  set(key: string, value: unknown, options?: StoreOptions): Promise<void>;
  /** Whether there was one. */
  delete(key: string): Promise<boolean>;
  /** By key, whose prefix `prefix` is, those after `after`; at most `limit`, 1 to 1000, by default 100. */
  list<Value = unknown>(options?: {
    prefix?: string;
    after?: string;
    limit?: number;
  }): Promise<StoredEntry<Value>[]>;
  /**
   * Reads, changes and writes with nobody in between, and returns what it wrote. `change` may be called several times,
   * so it should do nothing else; undefined takes the value away. Throws "conflict" after a hundred tries in vain.
   */
  update<Value = unknown>(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options?: StoreOptions,
  ): Promise<Value | undefined>;
}

/** What a tool, a dispatcher or a hook knows of the run that it serves. */
export interface RunContext {
  bot_id: string;
  session_id: string;
  channel_id: string;
  client_id: string;
  /** One id from the webhook to the receipt. */
  correlation_id: string;
}

export interface ToolContext extends RunContext {
  task_id: string;
  /** Aborted on cancellation, time-out and shutdown. */
  signal: AbortSignal;
}

/** JSON Schema of an object. TypeBox's `t.Object(…)` is one. */
export type ParameterSchema = TSchema | JsonObject;

/** The shape OpenAI-compatible APIs use. */
export interface OpenAiToolSchema {
  type: "function";
  function: { name: string; description?: string; parameters?: ParameterSchema };
}

export interface ToolOptions<Parameters extends ParameterSchema = ParameterSchema> {
  /** [a-zA-Z0-9_-], at most 64 characters, unique in the server. */
  name: string;
  description: string;
  parameters?: Parameters;
  /** Seconds; default 60. */
  timeoutSeconds?: number;
}

export type Arguments<Parameters> = Parameters extends TSchema ? Static<Parameters> : JsonObject;

/**
 * Arguments are validated before the call. The result is a string, or JSON. An object with `error` marks the
 * call failed; `client_action` is handed to the dispatcher, and the model then sees only `message`.
 */
export type ToolFunction<Args = JsonObject> = (args: Args, ctx: ToolContext) => unknown;

/** The finished task a dispatcher delivers. */
export interface DeliveredTask<Config = JsonObject> {
  id: string;
  status: "complete" | "failed" | "cancelled";
  bot_id: string;
  session_id: string;
  channel_id: string;
  client_id: string;
  correlation_id: string;
  dispatch_type: string;
  dispatch_config: Config & JsonObject;
}

export interface DeliverInput<Config = JsonObject> {
  task: DeliveredTask<Config>;
  /** The dispatch_config without its `type`, in the shape that the dispatcher's `config` declares. */
  config: Config;
  /** The answer; for a failed task a short text that says what went wrong. */
  result: string;
  /** True when `result` tells of an error and is no answer of the bot. */
  isError: boolean;
  /** What tools of the run asked the place to do: their `client_action`s. */
  clientActions: JsonObject[];
  extraMetadata: JsonObject;
}

export interface PostMessageInput<Config = JsonObject> {
  dispatchConfig: Config & JsonObject;
  /** The dispatch_config without its `type`, in the shape that the dispatcher's `config` declares. */
  config: Config;
  text: string;
  botId?: string;
  /** Default true. */
  replyInThread?: boolean;
  username?: string;
  iconEmoji?: string;
  iconUrl?: string;
  clientActions?: JsonObject[];
  extraMetadata?: JsonObject;
}

export interface DispatchContext {
  /** The same for every attempt of one delivery: put it where the other side can be asked for it. */
  delivery_id: string;
  /** 1 for the first attempt. */
  attempt: number;
  /** Runs that led to this delivery: whoever hands it to another server says so in the header "heddle-hops". */
  hops?: number;
  /** Aborted when the attempt takes too long or the server stops. */
  signal: AbortSignal;
  /**
   * Does a part of the delivery, unless an earlier attempt has done it: `await ctx.once("part:1", () => post(text))`. What
   * `work` returned (JSON) is kept with the delivery until that has succeeded, and returned instead. What throws is not
   * done. The names of one delivery's parts are 1 to 200 characters, or numbers.
   */
  once<Result>(name: string | number, work: () => Result | Promise<Result>): Promise<Result>;
}

/** Proof that the other side has it: an id, a URL. Any JSON. */
export interface Delivered {
  receipt: unknown;
}

/** A call that ends without an error has delivered, also when it returns nothing; `false` says that it has not. */
// biome-ignore lint/suspicious/noConfusingVoidType: an async function without a return is of Promise<void>
export type DeliverResult = Delivered | boolean | null | undefined | void;

/** How many deliveries are begun, on all servers together. */
export interface DispatchRate {
  /** Of this type, a second: 0.5 is one in two seconds. */
  perSecond?: number;
  /** Of each lane, a second. */
  perLane?: number;
}

/** Throw `Permanent` to give up at once; whatever else is thrown is tried again. */
export interface Dispatcher<Config = JsonObject, Schema = ParameterSchema> {
  /** JSON Schema of the dispatch_config without `type`; checked when a message is injected. */
  config?: Schema;
  /**
   * JSON Schema of the receipt, for a service whose answer always has an id or a URL. A receipt that does not fit, such as
   * one with the id missing because a login page answered, is no delivery and is tried again.
   */
  receipt?: ParameterSchema;
  /**
   * Names the lane of a dispatch_config, such as its room: deliveries of one type and lane are made one after another, in
   * the order in which they were written, and one that waits for its next attempt holds up its own lane alone. Secret
   * fields are masked. Default: the whole dispatch_config without its secrets.
   */
  lane?(config: Config): string | number;
  /** The older name of `lane`. */
  targetOf?(dispatchConfig: Config): string;
  /** For a service that takes only so many. Deliveries wait for their turn, and no attempt is counted meanwhile. */
  rate?: DispatchRate;
  /** Hands over the outcome of a run. Its receipt is what the other side calls it. */
  deliver(input: DeliverInput<Config>, ctx: DispatchContext): Promise<DeliverResult> | DeliverResult;
  /** Posts a text that no task made. Without it the dispatcher takes none. */
  postMessage?(input: PostMessageInput<Config>, ctx: DispatchContext): Promise<DeliverResult> | DeliverResult;
}

/** A dispatcher whose `config` schema gives the type of what it is handed. */
export type DispatcherOf<Schema extends ParameterSchema> = Dispatcher<Arguments<Schema>, Schema>;

export const HOOK_EVENTS = [
  "before_context_assembly",
  "before_llm_call",
  "after_llm_call",
  "before_tool_execution",
  "after_tool_call",
  "after_response",
  "before_transcription",
] as const;
export type HookEvent = (typeof HOOK_EVENTS)[number];

/** What an event tells in `extra`. */
export interface HookExtras {
  before_context_assembly: { user_message: string };
  before_llm_call: {
    model: string;
    message_count: number;
    tools_count: number;
    provider_id: string;
    /** Model calls of this run, from 1. */
    iteration: number;
  };
  after_llm_call: {
    /** The one that answered. */
    model: string;
    duration_ms: number;
    /** Null when the provider does not tell. */
    prompt_tokens: number | null;
    completion_tokens: number | null;
    total_tokens: number | null;
    tool_calls_count: number;
    fallback_used: boolean;
    fallback_model: string | null;
    iteration: number;
    provider_id: string;
  };
  before_tool_execution: { tool_name: string; tool_type: string; args: JsonObject; iteration: number };
  after_tool_call: { tool_name: string; tool_args: JsonObject; duration_ms: number };
  /** `response_length` is missing when the run failed; `error` is true then. */
  after_response: { tool_calls_made: number; response_length?: number; error?: true };
  before_transcription: {
    /** "pcm_f32le" (16 kHz, mono), or a file's: "wav", "mp3", "ogg", "webm", … */
    audio_format: string;
    audio_size_bytes: number;
    source: "api" | "chat";
  };
}

export interface HookContext<Extra = JsonObject> extends RunContext {
  extra: Extra;
}

/** Of `before_transcription`, which may happen outside of any run. */
export interface TranscriptionContext {
  bot_id: string | null;
  session_id: string | null;
  channel_id: string | null;
  client_id: string | null;
  correlation_id: string;
  extra: HookExtras["before_transcription"];
  /** The recording. Not to be changed: the next callback gets the same. */
  audio: Uint8Array<ArrayBuffer>;
}

export type HookContextOf<Event extends HookEvent> = Event extends "before_transcription"
  ? TranscriptionContext
  : HookContext<HookExtras[Event]>;

/** Only `before_transcription` reads the result: the first text that is not blank is taken. */
export type HookCallback<Event extends HookEvent> = (ctx: HookContextOf<Event>) => unknown;

/** A user as `userAttribution` sees one. */
export interface AttributedUser {
  display_name: string | null;
  integration_config: JsonObject;
}

export interface IntegrationMeta {
  integrationType: string;
  /** With the colon: "github:". */
  clientIdPrefix: string;
  /** Fields of a post that name the user: `username`, `icon_emoji`, `icon_url`. */
  userAttribution?: (user: AttributedUser) => Promise<JsonObject> | JsonObject;
  /** channel id → name to show. */
  resolveDisplayNames?: (
    channels: { id: string; client_id: string }[],
  ) => Promise<Record<string, string>> | Record<string, string>;
  /** The dispatch_config for a client_id, or null. */
  resolveDispatchConfig?: (clientId: string) => Promise<DispatchConfig | null> | DispatchConfig | null;
}
