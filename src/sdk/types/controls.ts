// What an integration may do with its conversations, for commands such as /reset and /stop in a chat.

import type { JsonObject } from "../json.ts";

/** A channel with its settings, in the shape of the REST API; further fields are documented there. */
export interface ChannelInfo extends JsonObject {
  /** The channel's id. */
  id: string;
  /** The place: "telegram:42". */
  client_id: string;
  /** The bot that answers in it, whichever bot a message names; null: the bot that the message names. */
  bot_id: string | null;
  /** The session that messages go to; null if there is none yet. */
  active_session_id: string | null;
  /** Whether the bot answers only when it is mentioned. */
  require_mention: boolean;
}

/** waiting: for the results of a client's own tools. merged: another task's run answers its message. */
export type TaskStatus = "pending" | "running" | "waiting" | "complete" | "failed" | "cancelled" | "merged";

/** What `channels.reset` returns. */
export interface SessionReset {
  /** The new session. */
  session_id: string;
  /** The session that it replaced, which can still be read; null if there was none. */
  previous_session_id: string | null;
}

/** The channels of the integration's places. */
export interface ChannelControls {
  /** Returns the channel of a place; undefined if there is none yet. */
  get(clientId: string): Promise<ChannelInfo | undefined>;
  /**
   * Changes settings of a channel, such as `require_mention`; those left out are not changed. Throws `not_found` and
   * `validation`.
   */
  patch(clientId: string, change: JsonObject): Promise<ChannelInfo>;
  /** Starts a new session, so that the bot forgets what was said. Throws `not_found`. */
  reset(clientId: string): Promise<SessionReset>;
  /**
   * Has the next run first put notes in the place of what was said so far; `session_id` is null if nothing was said yet. Throws
   * `not_found`.
   */
  compact(clientId: string): Promise<{
    /** The session; null: there is none yet. */
    session_id: string | null;
  }>;
  /** Cancels the unfinished runs of a channel; returns the ids of their tasks. Throws `not_found`. */
  stop(clientId: string): Promise<string[]>;
}

/** What has become of a run. */
export interface TaskState {
  /** Whether it has ended, and how. */
  status: TaskStatus;
  /** The answer; null until it is complete. */
  result: string | null;
  /** Why it has failed; null otherwise. */
  error: string | null;
}

/** Single runs. */
export interface TaskControls {
  /** Returns what has become of a run. Throws `not_found`. */
  get(taskId: string): Promise<TaskState>;
  /** Cancels a run, which has no effect if it is finished; returns its status. Throws `not_found`. */
  cancel(taskId: string): Promise<TaskStatus>;
  /**
   * Puts a text in the place of a run's answer, wherever that was delivered and can be corrected; returns in how many places. The bot is
   * not told. Throws `not_found` and `validation`.
   */
  correct(taskId: string, text: string): Promise<number>;
}

/** What a person decided about a call, who is known to the integration by `by.id`. */
export interface GivenDecision {
  /** False: the call is not made. */
  approved: boolean;
  /** The person. The policy must name them among its approvers as "<integration>:<id>". */
  by: {
    /** As the service names them, checked by the integration. */
    id: string;
    /** For people. */
    name: string;
  };
  /** run: it holds for all calls of the tool in this run. Default: once. */
  choice?: "once" | "run";
  /** Told to the bot if the call is denied. */
  note?: string;
}

/** What was decided, by whom and when. */
export interface Decided {
  /** How it ended. */
  status: "approved" | "denied" | "expired" | "cancelled";
  /** The name of the person; null if nobody decided. */
  decided_by_name: string | null;
  /** ISO 8601. */
  decided_at: string | null;
}

/** Calls of tools that wait for a person. */
export interface ApprovalControls {
  /** Decides in the name of a person. Throws `forbidden` (not asked), `conflict` (decided already, or too late) and `not_found`. */
  decide(approvalId: string, decision: GivenDecision): Promise<Decided>;
}
