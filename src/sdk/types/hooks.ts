// Hook events and their arguments.

import type { JsonObject } from "../json.ts";
import type { DispatchConfig, MessageAuthor } from "./messages.ts";
import type { RunContext } from "./tools.ts";

/** The names of all hook events. */
export const HOOK_EVENTS = [
  "before_context_assembly",
  "before_llm_call",
  "after_llm_call",
  "before_tool_execution",
  "after_tool_call",
  "after_response",
  "before_transcription",
] as const;

/** The name of a hook event. */
export type HookEvent = (typeof HOOK_EVENTS)[number];

/** Each event's own facts in `extra`; these are all that HOOK_WEBHOOK_URLS receive. */
export interface HookExtras {
  /** A run starts. */
  before_context_assembly: {
    /** The text of the message that the run answers. */
    user_message: string;
  };
  /** A model is about to be called. */
  before_llm_call: {
    /** The model that is called. */
    model: string;
    /** Messages that it gets. */
    message_count: number;
    /** Tools that it may call. */
    tools_count: number;
    /** The provider that is called. */
    provider_id: string;
    /** Model calls of this run, from 1. */
    iteration: number;
  };
  /** A model has answered. */
  after_llm_call: {
    /** The model that answered. */
    model: string;
    /** Milliseconds from the call to the end of the answer. */
    duration_ms: number;
    /** Null when the provider does not tell. */
    prompt_tokens: number | null;
    /** Null when the provider does not tell. */
    completion_tokens: number | null;
    /** Null when the provider does not tell. */
    total_tokens: number | null;
    /** Tools that the answer calls. */
    tool_calls_count: number;
    /** True when another than the bot's model answered. */
    fallback_used: boolean;
    /** That other model; null when none was needed. */
    fallback_model: string | null;
    /** Model calls of this run, from 1. */
    iteration: number;
    /** The provider that was asked. */
    provider_id: string;
  };
  /** A tool is about to run with valid arguments. */
  before_tool_execution: {
    /** The tool's name. */
    tool_name: string;
    /** "local" for tools of integrations and Heddle's own. */
    tool_type: string;
    /** The arguments, as the tool gets them. */
    args: JsonObject;
    /** Model calls of this run, from 1. */
    iteration: number;
  };
  /** A tool call has ended, or was refused. */
  after_tool_call: {
    /** The tool's name. */
    tool_name: string;
    /** The arguments that the model gave. */
    tool_args: JsonObject;
    /** Milliseconds that the call took. */
    duration_ms: number;
  };
  /** A run has ended. */
  after_response: {
    /** Tool calls of the whole run. */
    tool_calls_made: number;
    /** Characters of the answer; missing when the run failed. */
    response_length?: number;
    /** True when the run failed; else missing. */
    error?: true;
  };
  /** A recording is about to be turned into text. */
  before_transcription: {
    /** "pcm_f32le" (16 kHz, mono), or a file's: "wav", "mp3", "ogg", "webm", … */
    audio_format: string;
    /** Bytes of the recording. */
    audio_size_bytes: number;
    /** Where the request comes from: the REST API or a chat. */
    source: "api" | "chat";
  };
}

/** Fields in the `extra` of each event of a run, in addition to the event's own facts. */
export interface HookSubject {
  /** The run's task. */
  task_id: string;
  /** The `source` of the message that the run answers: "github". Null if it has none. */
  source: string | null;
  /** The message that the run answers; null if the run failed before reading it. */
  message: HookMessage | null;
  /** Where the outcome is delivered, including `type`; secret fields are masked. */
  dispatch_config: DispatchConfig;
}

/** The message that a run answers. */
export interface HookMessage {
  /** Its id, as `injectMessage` returned it. */
  id: string;
  /** What was stored with it: `injectMessage`'s `metadata`. */
  metadata: JsonObject;
  /** Who wrote it; null if unknown. */
  author: Pick<MessageAuthor, "id" | "display_name"> | null;
}

/** How a tool call or a run ended, in the `extra` of the events for that end. */
export interface HookOutcomes {
  /** A tool call has ended, or was refused. */
  after_tool_call: {
    /** The result that the model reads, at most 30,000 characters. */
    result: string;
    /** Why the call counts as failed; null if it succeeded. */
    error: string | null;
  };
  /** A run has ended. */
  after_response: {
    /** How it ended. */
    status: "complete" | "failed" | "cancelled";
    /** The answer; for a run that did not complete, a short description of the error. */
    result: string;
  };
}

/** The `extra` of an event as callbacks get it. */
export type HookExtraOf<Event extends Exclude<HookEvent, "before_transcription">> = HookExtras[Event] &
  HookSubject &
  (Event extends keyof HookOutcomes ? HookOutcomes[Event] : unknown);

/** The argument of a hook's callback. */
export interface HookContext<Extra = JsonObject> extends RunContext {
  /** The event's own facts; known secrets are redacted. */
  extra: Extra;
}

/** The argument of a callback of `before_transcription`. Outside of a run, the ids are null. */
export interface TranscriptionContext {
  /** The bot of the run; null outside of one. */
  bot_id: string | null;
  /** The session of the run; null outside of one. */
  session_id: string | null;
  /** The channel of the run; null outside of one. */
  channel_id: string | null;
  /** The place of the channel; null outside of a run. */
  client_id: string | null;
  /** One id for the request and everything that it causes. */
  correlation_id: string;
  /** The recording's format and size, and where the request comes from. */
  extra: HookExtras["before_transcription"];
  /** The recording. Do not change it, because the next callback gets the same bytes. */
  audio: Uint8Array<ArrayBuffer>;
}

/** The argument of a callback, by its event. */
export type HookContextOf<Event extends HookEvent> = Event extends "before_transcription"
  ? TranscriptionContext
  : HookContext<HookExtraOf<Exclude<Event, "before_transcription">>>;

/** The result is used only for `before_transcription`: the first text that is not blank is the transcript. */
export type HookCallback<Event extends HookEvent> = (ctx: HookContextOf<Event>) => unknown;
