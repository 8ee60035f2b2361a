// What a worker knows of a task when it has claimed it, which every part of a run reads.

import type { WhenBusy } from "../db/schema.ts";
import type { ExecutionConfig, JsonObject } from "../sdk/types.ts";

/** A task claimed by a worker. */
export interface ClaimedTask {
  id: string;
  session_id: string;
  channel_id: string;
  client_id: string;
  bot_id: string;
  message_id: string;
  /** The sender, in the format of a channel's owner. */
  owner?: string | null;
  /** The schedule that sent the message. */
  schedule_id?: string | null;
  correlation_id: string;
  when_busy?: WhenBusy;
  /** Tasks with the same key may join the run. */
  merge_key?: string | null;
  /** Whether messages that may join it waited when it was claimed. */
  mayJoin?: boolean;
  /** Claims so far; the fence of every write. */
  attempt: number;
  /** When it was first claimed. */
  run_at: Date;
  execution_config: ExecutionConfig;
  dispatch_type: string;
  /** The stored form: without the type, with sealed secrets. */
  dispatch_config: JsonObject;
}
