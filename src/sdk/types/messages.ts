// Messages, events and sessions as the SDK's functions take and return them.

import type { JsonObject } from "../json.ts";

/** Where an outcome is delivered: `type` names the dispatcher; the other fields belong to that dispatcher. */
export type DispatchConfig = {
  /** The dispatcher: "none", "webhook", "internal", or the type of an integration's dispatcher. */
  type: string;
} & JsonObject;

/** Options of a message for the run that it starts, and only for that run. */
export interface ExecutionConfig {
  /** A system message right before the user's message. */
  system_preamble?: string;
  /** Ids of skills whose text is put into the context. */
  skills?: string[];
  /** Names of tools that the bot may use in addition to its own; `*` matches any text: "github_*". */
  tools?: string[];
  /** A model to use instead of the bot's. */
  model_override?: string;
  /** Tools that the client of a chat runs itself; set by the server. */
  client_tools?: {
    /** The name by which the model calls it. */
    name: string;
    /** What it does, for the model. */
    description: string;
    /** JSON Schema of its arguments. */
    parameters: JsonObject;
    /** How long the run waits for a result; default an hour. */
    timeout_seconds?: number;
  }[];
  /** The answer must be a call of one of `client_tools`, or of the one with this name; set by the server. */
  must_call?: true | string;
  /** The client takes one call at a time; set by the server. */
  one_call?: true;
  /** JSON Schema of the answer, which is then JSON and nothing else; `deliver` gets it as `output`. */
  output_schema?: JsonObject;
}

/** What happens once the run has ended, besides the delivery of its outcome. */
export interface CallbackConfig {
  /** True sends the answer to the same session as a message that starts another run. Default false. */
  trigger_rag_loop?: boolean;
  /** True sends the outcome to `parent_session_id` as a message that starts a run there. Default false. */
  notify_parent?: boolean;
  /** The session that `notify_parent` tells. */
  parent_session_id?: string;
  /** A model for this run, unless `executionConfig` names one. */
  model_override?: string;
}

/** What `getOrCreateSession` takes. */
export interface GetOrCreateSession {
  /** The lasting name of the place, with the integration's prefix: "github:owner/repo". */
  clientId: string;
  /** The bot that answers there: "default". */
  botId: string;
  /** Where outcomes are delivered unless a message says otherwise. */
  dispatchConfig?: DispatchConfig;
}

/** What `injectMessage` takes. */
export interface InjectMessage {
  /** The id that `getOrCreateSession` returned. */
  sessionId: string;
  /** The text that the bot reads. */
  content: string;
  /** Where the message came from: "github". */
  source: string;
  /** True creates a task in which the bot answers. Default false. */
  runAgent?: boolean;
  /** True delivers the outcome to the session's dispatch target. Default true. */
  notify?: boolean;
  /** The target of this message's outcome instead of the session's; used even if `notify` is false. */
  dispatchConfig?: DispatchConfig;
  /** The person who wrote the message; where it is mirrored, it is posted under this name. */
  author?: MessageAuthor;
  /**
   * What becomes of the message if a run of its session goes: "queue" (a run of its own afterwards), "collect" (one run for
   * all that wait), "steer" (the running run gets it), "interrupt" (ends the running run). Default: the channel's choice.
   */
  whenBusy?: "queue" | "collect" | "steer" | "interrupt";
  /** Instructions, skills, tools and a model for this run only. */
  executionConfig?: ExecutionConfig;
  /** What happens once its run has ended, besides the delivery of the outcome. */
  callbackConfig?: CallbackConfig;
  /**
   * True if a bot of the outside service wrote the message: it is stored, but it starts no run and is posted nowhere
   * unless the channel's `allow_bot_messages` is true. Default false.
   */
  fromBot?: boolean;
  /**
   * The sender's id of the event, 1 to 255 characters. A second message with the same id returns the result of the
   * first.
   */
  idempotencyKey?: string;
  /** JSON that is stored with the message and passed to hooks. Default: `{}`. */
  metadata?: JsonObject;
  /** Files that the bot reads with the message: at most 10, with 15 MB in all. `content` may be empty then. */
  attachments?: MessageAttachment[];
}

/** A file that comes with a message: an image (png, jpeg, gif, webp), a text file or a PDF. */
export interface MessageAttachment {
  /** The file's name: "photo.png". */
  name: string;
  /** The file itself, in base64. */
  data: string;
  /** What the sender says that it is. The file's bytes decide; this only names the kind of a text. */
  media_type?: string;
}

/** Who wrote a message. */
export interface MessageAuthor {
  /** The person's id at the outside service. */
  id?: string;
  /** The name to show. */
  display_name: string;
  /** What integrations know about the person, by integration: `{ github: { github_username } }`. */
  integration_config?: JsonObject;
}

/** What `injectEvent` takes: an event of an outside place, for every channel that is bound to it. */
export interface InjectEvent extends Omit<InjectMessage, "sessionId"> {
  /** The place that the event comes from, with the integration's prefix: "github:owner/repo". */
  clientId: string;
  /** The event's name, by which bindings filter: "pull_request". */
  event: string;
  /** The bot that answers where a channel has none of its own. */
  botId: string;
  /** Whether a binding lets the event through; called after its event_filter. Only inside the server. */
  matches?: (binding: EventBinding) => boolean;
}

/** A channel's binding to the place of an event. */
export interface EventBinding {
  /** The channel that is bound. */
  channel_id: string;
  /** The integration's own fields of the binding. */
  config: JsonObject;
  /** Names of the events that it lets through; null: all events. */
  event_filter: string[] | null;
}

/** What `injectEvent` returns, in the shape of the REST API. */
export interface EventResult {
  /** "filtered": the place is bound to channels, and none of their bindings lets this event through. */
  status: "processed" | "filtered";
  /** False if no channel is bound to the place, so the message went to the place's own channel. */
  bound: boolean;
  /** One result per channel. */
  results: (InjectResult & {
    /** The channel that the event went into. */
    channel_id: string;
  })[];
}

/** What `injectMessage` returns, in the shape of the REST API. */
export interface InjectResult {
  /** The id of the stored message. */
  message_id: string;
  /** The session of the message. */
  session_id: string;
  /** The run that it started; null if it started none. */
  task_id: string | null;
  /** True if the idempotency key was seen before: nothing was stored, and the ids are those of the first message. */
  duplicate: boolean;
  /**
   * Parts of the message that have no effect: an `executionConfig` without `runAgent`, a tool or a skill that does not
   * exist at the moment. Missing if there are none.
   */
  warnings?: string[];
}
