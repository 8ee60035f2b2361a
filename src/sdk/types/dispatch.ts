// Dispatchers, and what they are handed.

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

/** The first argument of `deliver`. */
export interface DeliverInput<Config = JsonObject> {
  /** The task whose outcome it is. */
  task: DeliveredTask<Config>;
  /** The dispatch_config without its `type`, in the shape that the dispatcher's `config` declares. */
  config: Config;
  /** The answer; for a failed task a short text that says what went wrong. */
  result: string;
  /** True when `result` describes an error and is not an answer of the bot. */
  isError: boolean;
  /** What tools of the run asked the place to do: their `client_action`s. */
  clientActions: JsonObject[];
  /** For now an empty object. */
  extraMetadata: JsonObject;
}

/** The first argument of `postMessage`. */
export interface PostMessageInput<Config = JsonObject> {
  /** The whole dispatch_config, `type` included. */
  dispatchConfig: Config & JsonObject;
  /** The dispatch_config without its `type`, in the shape that the dispatcher's `config` declares. */
  config: Config;
  /** The text to post. */
  text: string;
  /** The bot that it concerns. */
  botId?: string;
  /** The session that the message is in. */
  sessionId?: string;
  /** Whether it belongs into the thread that the config names. Default true. */
  replyInThread?: boolean;
  /** The author's name, as `userAttribution` gave it. */
  username?: string;
  /** The author's emoji, as `userAttribution` gave it. */
  iconEmoji?: string;
  /** The author's picture, as `userAttribution` gave it. */
  iconUrl?: string;
  /** What tools asked the place to do. */
  clientActions?: JsonObject[];
  /** For now an empty object. */
  extraMetadata?: JsonObject;
}

/** The second argument of `deliver` and `postMessage`. */
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
   * `work` returned (JSON) is kept with the delivery until that has succeeded, and returned instead. A part that throws
   * counts as not done. The names of one delivery's parts are 1 to 200 characters, or numbers.
   */
  once<Result>(name: string | number, work: () => Result | Promise<Result>): Promise<Result>;
}

/** What a successful delivery returns. */
export interface Delivered {
  /** Proof that the other side has it: an id, a URL. Any JSON. */
  receipt: unknown;
}

/** A call that ends without an error has delivered, also when it returns nothing; `false` says that it has not. */
// biome-ignore lint/suspicious/noConfusingVoidType: an async function without a return is of Promise<void>
export type DeliverResult = Delivered | boolean | null | undefined | void;

/** How many deliveries are begun, on all servers together. */
export interface DispatchRate {
  /** Deliveries of this type in a second: 0.5 is one in two seconds. */
  perSecond?: number;
  /** Deliveries of each lane in a second. */
  perLane?: number;
}

/** Delivers outcomes. Throw `Permanent` to give up at once; whatever else is thrown is tried again. */
export interface Dispatcher<Config = JsonObject, Schema = ParameterSchema> {
  /** JSON Schema of the dispatch_config without `type`; checked when a message is injected. */
  config?: Schema;
  /**
   * JSON Schema of the receipt, for a service whose answer always has an id or a URL. A receipt that does not fit, such as
   * one with the id missing because a login page answered, does not count as delivered and is tried again.
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
