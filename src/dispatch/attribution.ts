// Who a text is from, as dispatchers are told: the bot that wrote it, and the bot that asked for it.

import type { JsonObject, PostAuthor } from "../db/schema.ts";

export interface ShownBot {
  id: string;
  name: string;
  icon_emoji: string | null;
  icon_url: string | null;
}

/** The names that a message of delegated work has in its metadata. */
const WHO_ASKED = ["delegated_by", "delegated_by_display", "delegation_task_id"] as const;

/** How a service shows what the bot posts itself. */
export const authorOf = ({ name, icon_emoji, icon_url }: ShownBot): PostAuthor => ({
  username: name,
  ...(icon_emoji !== null && { icon_emoji }),
  ...(icon_url !== null && { icon_url }),
});

/** For `extra_metadata`: the bot, and who gave it the work. `metadata` is that of the message. */
export function attributionOf(bot: ShownBot, metadata: JsonObject = {}): JsonObject {
  const { icon_emoji, icon_url } = bot;
  const asked = WHO_ASKED.flatMap((name) =>
    typeof metadata[name] === "string" ? [[name, metadata[name]] as const] : [],
  );
  return {
    bot_id: bot.id,
    bot_display: bot.name,
    ...(icon_emoji !== null && { icon_emoji }),
    ...(icon_url !== null && { icon_url }),
    ...Object.fromEntries(asked),
  };
}
