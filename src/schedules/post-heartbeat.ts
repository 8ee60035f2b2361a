// What a heartbeat posts is a message of its bot, which starts no run.

import { eq } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { bots, tasks } from "../db/schema.ts";
import { attributionOf, authorOf } from "../dispatch/attribution.ts";
import type { InjectMessage } from "../sdk/types.ts";
import { BOT_POST } from "../taint/taint.ts";
import { HEARTBEAT_SOURCE } from "./heartbeat.ts";

export interface HeartbeatPostsOptions {
  query: Database["query"];
  /** See `Sessions.inject`. */
  inject(
    message: InjectMessage,
    scope: string,
    sender: { bot: { author: ReturnType<typeof authorOf>; extraMetadata: ReturnType<typeof attributionOf> } },
  ): Promise<unknown>;
}

export const createHeartbeatPosts = ({ query, inject }: HeartbeatPostsOptions) => ({
  async isHeartbeat(taskId: string): Promise<boolean> {
    const [task] = await query.select({ source: tasks.source }).from(tasks).where(eq(tasks.id, taskId));
    return task?.source === HEARTBEAT_SOURCE;
  },
  async post(
    { session_id, bot_id, call_id }: { session_id: string; bot_id: string; call_id: string },
    text: string,
  ): Promise<void> {
    const [found] = await query.select().from(bots).where(eq(bots.id, bot_id));
    const bot = found ?? { id: bot_id, name: bot_id, icon_emoji: null, icon_url: null };
    await inject(
      {
        sessionId: session_id,
        content: text,
        source: HEARTBEAT_SOURCE,
        runAgent: false,
        idempotencyKey: call_id,
        author: { display_name: bot.name },
      },
      `${BOT_POST} ${session_id}`,
      { bot: { author: authorOf(bot), extraMetadata: { ...attributionOf(bot), heartbeat: true } } },
    );
  },
});
