// Dispatchers and their arguments.

import type { JsonObject } from "../json.ts";
import type { Arguments, ParameterSchema } from "./tools.ts";

/** The finished task that a dispatcher delivers. */
export interface DeliveredTask<Config = JsonObject> {
  /** The task's id. */
  id: string;
  /** How the run ended. */
  status: "complete" | "failed" | "cancelled";
  /** The bot that ran. */
  bot_id: string;
  /** The session whose message it answered. */
  session_id: string;
  /** The channel of the session. */
  channel_id: string;
  /** The place of the channel: "github:owner/repo". */
  client_id: string;
  /** One id from the webhook to the receipt. */
  correlation_id: string;
  /** The dispatcher's type. */
  dispatch_type: string;
  /** The whole dispatch_config, `type` included. */
  dispatch_config: Config & JsonObject;
}

/** Who a text is from. Each field is there only if it is known. */
export type ExtraMetadata = {
  /** The bot that wrote it. */
  bot_id?: string;
  /** Its name for people. */
  bot_display?: string;
  /** The bot's emoji. */
  icon_emoji?: string;
  /** The address of the bot's picture. */
  icon_url?: string;
  /** Of delegated work: the bot that asked for it. */
  delegated_by?: string;
  /** The name of that bot for people. */
  delegated_by_display?: string;
  /** The run in which that bot asked for it. */
  delegation_task_id?: string;
  /** True for what a heartbeat has to say. */
  heartbeat?: boolean;
  /** The schedule of the heartbeat. */
  schedule_id?: string;
} & JsonObject;

/** The first argument of `deliver`. */
export interface DeliverInput<Config = JsonObject> {
  /** The task whose outcome it is. */
  task: DeliveredTask<Config>;
  /** The dispatch_config without its `type`, in the shape that the dispatcher's `config` declares. */
  config: Config;
  /** The answer; for a failed task, a short description of the error. */
  result: string;
  /** The answer as data, if the message had an `output_schema`; it matches that schema, and `result` is its JSON. */
  output?: unknown;
  /** True if `result` describes an error and is not an answer of the bot. */
  isError: boolean;
  /** The `client_action`s of the run's tools, for the place to carry out. */
  clientActions: JsonObject[];
  /** Who it is from, for delegated work and heartbeats; otherwise an empty object. */
  extraMetadata: ExtraMetadata;
  /**
   * What `stream` has returned for this answer: edit or finish that message instead of posting another. Missing if it has
   * returned nothing. With it, `deliver` is also called for a run that was cancelled, so that nothing half-written remains.
   */
  streamed?: unknown;
}

/** A call of a tool, as far as it is. */
export interface StreamedTool {
  /** The tool. */
  name: string;
  /** failed: it returned an error or threw, or was not allowed. */
  status: "running" | "done" | "failed";
  /** What the tool has last said about how far it is; missing if it has said nothing. */
  progress?: string;
}

/** The first argument of `stream`: the run and its answer as they are now. */
export interface StreamUpdate<Config = JsonObject> {
  /** The task whose outcome will be delivered. `tasks.cancel(task.id)` stops it. */
  task: Omit<DeliveredTask<Config>, "status">;
  /** The dispatch_config without its `type`, in the shape that the dispatcher's `config` declares. */
  config: Config;
  /** The whole dispatch_config, `type` included. */
  dispatchConfig: Config & JsonObject;
  /**
   * What the model has written, as a whole: with `display` "append" also what it wrote before it called tools (the last 20,000 characters of
   * that), with "replace" only what it has written last. What a failed try wrote is taken back; it stays empty for an answer as data.
   */
  text: string;
  /** The channel's `thinking_display`. With "hidden", `stream` is not called. */
  display: "append" | "replace";
  /** The calls of tools since the run began or continued, oldest first; the latest 100. */
  tools: StreamedTool[];
  /** What the run does: it has begun, waits for the model, for tools, or the model writes. */
  state: "started" | "thinking" | "tool" | "writing";
  /** The bot that runs. */
  botId: string;
  /** The session whose message it answers. */
  sessionId: string;
  /** What the first call that returned something has returned, in this attempt of the run or an earlier one; else null. */
  handle: unknown;
}

/** The second argument of `stream`. */
export interface StreamContext {
  /** The same for all calls about one answer at one place, whatever happens to the server in between. */
  stream_id: string;
  /** The attempt of the run, from 1. */
  attempt: number;
  /** How many runs led to this answer. */
  hops: number;
  /** Aborted if the call takes longer than 10 seconds. */
  signal: AbortSignal;
}

/** The first argument of `postMessage`. */
export interface PostMessageInput<Config = JsonObject> {
  /** The whole dispatch_config, `type` included. */
  dispatchConfig: Config & JsonObject;
  /** The dispatch_config without its `type`, in the shape that the dispatcher's `config` declares. */
  config: Config;
  /** The text to post. */
  text: string;
  /** The bot that the message concerns. */
  botId?: string;
  /** The session that the message is in. */
  sessionId?: string;
  /** Whether to post it in the thread that the config names. Default true. */
  replyInThread?: boolean;
  /** The author's name, as `userAttribution` gave it. */
  username?: string;
  /** The author's emoji, as `userAttribution` gave it. */
  iconEmoji?: string;
  /** The author's picture, as `userAttribution` gave it. */
  iconUrl?: string;
  /** The `client_action`s of tools, for the place to carry out. */
  clientActions?: JsonObject[];
  /** Who it is from, for what bots post themselves; otherwise an empty object. */
  extraMetadata?: ExtraMetadata;
}

/** A call of a tool that waits for a person. */
export interface AskedApproval {
  /** For `approvals.decide`. */
  id: string;
  /** The tool. */
  tool: string;
  /** Its arguments, without secrets. */
  arguments: JsonObject;
  /** The policy that asks. */
  policy: string;
  /** Why it asks. */
  reason: string | null;
  /** Who may decide: "<integration>:<identity>", "key:<name>". */
  approvers: string[];
  /** ISO 8601. */
  expires_at: string;
  /** Anything but "pending" is final. */
  status: "pending" | "approved" | "denied" | "expired" | "cancelled";
  /** The name of the person who decided; null if nobody did. */
  decided_by: string | null;
  /** ISO 8601. */
  decided_at: string | null;
}

/** The first argument of `askApproval`. */
export interface AskApprovalInput<Config = JsonObject> {
  /** The call. */
  approval: AskedApproval;
  /** The same in a sentence. */
  text: string;
  /** The whole dispatch_config, `type` included. */
  dispatchConfig: Config & JsonObject;
  /** The dispatch_config without its `type`, in the shape that the dispatcher's `config` declares. */
  config: Config;
  /** The bot that wants to make the call. */
  botId: string;
  /** The session of the run. */
  sessionId: string;
  /** For the second call: the receipt of the one that asked, to change that message; null if there is none. */
  receipt?: unknown;
}

/** The first argument of `remove`. */
export interface RemoveInput<Config = JsonObject> {
  /** What the delivery, or the correction after it, returned as its receipt: it says which messages there are. */
  receipt: unknown;
  /** The whole dispatch_config, `type` included. */
  dispatchConfig: Config & JsonObject;
  /** The dispatch_config without its `type`, in the shape that the dispatcher's `config` declares. */
  config: Config;
  /** The bot whose answer it is. */
  botId: string;
  /** The session that the answer is in. */
  sessionId: string;
}

/** The first argument of `edit`. */
export interface EditInput<Config = JsonObject> extends RemoveInput<Config> {
  /** What is to be read instead. */
  text: string;
  /** Who it is from, as for the delivery. */
  extraMetadata: ExtraMetadata;
}

/** The second argument of `deliver`, `postMessage`, `askApproval`, `edit` and `remove`. */
export interface DispatchContext {
  /**
   * The same for every attempt of one delivery. Send it to the service, so that a repeated attempt can be recognised.
   */
  delivery_id: string;
  /** 1 for the first attempt. */
  attempt: number;
  /** How many runs led to this delivery. Pass it on to another Heddle server in the header "heddle-hops". */
  hops?: number;
  /** Aborted if the attempt takes too long or the server stops. */
  signal: AbortSignal;
  /**
   * Does a part of the delivery unless an earlier attempt has done it: `await ctx.once("part:1", () => post(text))`.
   * The result of `work` (JSON) is stored until the delivery has succeeded, and later attempts return it. A part that
   * throws counts as not done. Names of parts are 1 to 200 characters, or numbers.
   */
  once<Result>(name: string | number, work: () => Result | Promise<Result>): Promise<Result>;
}

/** What a successful delivery returns. */
export interface Delivered {
  /** Proof that the service has it, such as an id or a URL. Any JSON. */
  receipt: unknown;
}

/** A call that returns has delivered, even without a result; `false` means that it has not. */
// biome-ignore lint/suspicious/noConfusingVoidType: an async function without a return has the type Promise<void>
export type DeliverResult = Delivered | boolean | null | undefined | void;

/** How many deliveries may start, on all servers together. */
export interface DispatchRate {
  /** Deliveries of this type per second; 0.5 is one every two seconds. */
  perSecond?: number;
  /** Deliveries per second in each lane. */
  perLane?: number;
}

/** Delivers outcomes. Throw `Permanent` to give up at once; after any other error the delivery is retried. */
export interface Dispatcher<Config = JsonObject, Schema = ParameterSchema> {
  /** JSON Schema of the dispatch_config without `type`; checked when a message is injected. */
  config?: Schema;
  /**
   * JSON Schema of the receipt, for a service whose answer always has an id or a URL. If the receipt does not match,
   * for example because a login page answered, the attempt counts as failed and is retried.
   */
  receipt?: ParameterSchema;
  /**
   * Returns the lane of a dispatch_config, such as its room. Deliveries of one type and lane are made one after
   * another, in the order in which they were created; one that waits for its next attempt blocks only its own lane.
   * Secret fields are masked. Default: the whole dispatch_config without its secrets.
   */
  lane?(config: Config): string | number;
  /** The former name of `lane`. */
  targetOf?(dispatchConfig: Config): string;
  /** For a service with a rate limit. Waiting deliveries use up no attempts. */
  rate?: DispatchRate;
  /** Delivers the outcome of a run. The receipt identifies it at the service. */
  deliver(input: DeliverInput<Config>, ctx: DispatchContext): Promise<DeliverResult> | DeliverResult;
  /**
   * Shows the answer while it is written. Called when the run begins and whenever there is news, never twice at once for one
   * place and at most every `streamEvery` seconds; what came in between is in the next call. The first result that is not
   * null (JSON: the id of a message) is kept as the `handle`. `Permanent` ends the streaming of this run, `Retryable` holds
   * it for its Retry-After; no error affects the run. After the last call has ended, `deliver` gets the handle as `streamed`.
   */
  stream?(update: StreamUpdate<Config>, ctx: StreamContext): Promise<unknown> | unknown;
  /** Seconds from one call of `stream` to the next for one answer: 0.2 to 60, default 1. */
  streamEvery?: number;
  /** Posts a text that no task produced. Without it, the dispatcher does not support such texts. */
  postMessage?(input: PostMessageInput<Config>, ctx: DispatchContext): Promise<DeliverResult> | DeliverResult;
  /**
   * Asks people about a call of a tool. Called again once it is decided, with the new `status`, so that nobody answers in vain.
   * Without it, the place is not asked.
   */
  askApproval?(input: AskApprovalInput<Config>, ctx: DispatchContext): Promise<DeliverResult> | DeliverResult;
  /**
   * Corrects what was delivered or posted: puts a text in its place. Returns the receipt of what is there now, or nothing if that has
   * not changed. Without it, the answers of this type cannot be corrected.
   */
  edit?(input: EditInput<Config>, ctx: DispatchContext): Promise<DeliverResult> | DeliverResult;
  /** Withdraws what was delivered or posted. Without it, the answers of this type cannot be withdrawn. */
  remove?(input: RemoveInput<Config>, ctx: DispatchContext): Promise<DeliverResult> | DeliverResult;
}

/** A dispatcher whose `config` schema types its arguments. */
export type DispatcherOf<Schema extends ParameterSchema> = Dispatcher<Arguments<Schema>, Schema>;
