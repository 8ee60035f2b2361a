// What an integration may do with its conversations, as /reset and /stop of a chat need it.

import type { JsonObject } from "../json.ts";

/** A channel with its settings, in the shape of the REST API; further fields are documented there. */
export interface ChannelInfo extends JsonObject {
  /** The channel's id. */
  id: string;
  /** The place: "telegram:42". */
  client_id: string;
  /** The bot that answers in it, whoever is asked for; null: each message's own. */
  bot_id: string | null;
  /** The session that messages go to; null when there is none yet. */
  active_session_id: string | null;
  /** Whether the bot answers only when it is mentioned. */
  require_mention: boolean;
}

/** What `channels.reset` returns. */
export interface SessionReset {
  /** The new session. */
  session_id: string;
  /** The session that it replaced, which stays and can be read; null when there was none. */
  previous_session_id: string | null;
}

/** The channels of the integration's places. */
export interface ChannelControls {
  /** Returns the channel of a place; undefined when there is none yet. */
  get(clientId: string): Promise<ChannelInfo | undefined>;
  /** Changes settings of a channel, such as `require_mention`; those left out stay. Throws `not_found` and `validation`. */
  patch(clientId: string, change: JsonObject): Promise<ChannelInfo>;
  /** Begins a new session, so that the bot forgets what was said. Throws `not_found`. */
  reset(clientId: string): Promise<SessionReset>;
  /** Cancels the runs of a channel that are not over; returns the ids of their tasks. Throws `not_found`. */
  stop(clientId: string): Promise<string[]>;
}

/** Single runs. */
export interface TaskControls {
  /** Cancels a run, which is a no-op for one that is over; returns its status. Throws `not_found`. */
  cancel(taskId: string): Promise<"pending" | "running" | "complete" | "failed" | "cancelled">;
}
