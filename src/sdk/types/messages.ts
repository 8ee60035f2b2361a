// Messages, events and sessions, as the SDK's functions take and return them.

import type { JsonObject } from "../json.ts";

/** Where an outcome goes: `type` names the dispatcher; the other fields are that dispatcher's own. */
export type DispatchConfig = {
  /** The dispatcher: "none", "webhook", "internal", or the type of an integration's. */
  type: string;
} & JsonObject;

/** What one message may change for the run that it starts, and for that run only. */
export interface ExecutionConfig {
  /** A system message that stands last before the user's message. */
  system_preamble?: string;
  /** Ids of skills whose text is put into the context. */
  skills?: string[];
  /** Names of tools that the bot may use besides its own; `*` stands for any text: "github_*". */
  tools?: string[];
  /** A model instead of the bot's. */
  model_override?: string;
}

/** What `getOrCreateSession` takes. */
export interface GetOrCreateSession {
  /** The lasting name of the place, with the integration's prefix: "github:owner/repo". */
  clientId: string;
  /** The bot that answers there: "default". */
  botId: string;
  /** Where outcomes go unless a message says otherwise. */
  dispatchConfig?: DispatchConfig;
}

/** What `injectMessage` takes. */
export interface InjectMessage {
  /** The id that `getOrCreateSession` returned. */
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
  /** Instructions, skills, tools and a model for this run only. */
  executionConfig?: ExecutionConfig;
  /**
   * True for what a bot of the outside service wrote: the message is kept, but it starts no run and is posted nowhere, unless
   * the channel's `allow_bot_messages` is true. Default false.
   */
  fromBot?: boolean;
  /** The sender's own id of the event, 1 to 255 characters. A second message with the same one returns the first one's result. */
  idempotencyKey?: string;
  /** JSON that is kept with the message, and that hooks get. Default: `{}`. */
  metadata?: JsonObject;
}

/** Who wrote a message. */
export interface MessageAuthor {
  /** What the outside service calls the person. */
  id?: string;
  /** The name to show. */
  display_name: string;
  /** What integrations know of the person, by integration: `{ github: { github_username } }`. */
  integration_config?: JsonObject;
}

/** What `injectEvent` takes: an event of an outside place, for every channel that is bound to it. */
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
  /** False: no channel is bound to the place, and the message went to the place's own channel. */
  bound: boolean;
  /** One for each channel. */
  results: (InjectResult & {
    /** The channel that the event went into. */
    channel_id: string;
  })[];
}

/** What `injectMessage` returns, in the shape of the REST API. */
export interface InjectResult {
  /** The id of the stored message. */
  message_id: string;
  /** The session that it was put into. */
  session_id: string;
  /** The run that it started; null when it started none. */
  task_id: string | null;
  /** True when the idempotency key was seen before: nothing was stored, the ids are the first message's. */
  duplicate: boolean;
  /**
   * What of the message has no effect: an `executionConfig` without `runAgent`, a tool or a skill that does not exist
   * now. Missing when there is nothing to say.
   */
  warnings?: string[];
}
