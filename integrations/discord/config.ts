import { defineConfig, t } from "heddle/sdk";

/** Settings are looked up at each access, so a change takes effect with the next event. */
export const settings = defineConfig({
  DISCORD_BOT_TOKEN: t.String({ default: "" }),
  DISCORD_MESSAGE_CONTENT: t.Boolean({ default: true }),
  DISCORD_LISTEN_IN: t.String({ default: "" }),
  DISCORD_REACTIONS: t.Boolean({ default: true }),
  DISCORD_MAX_FILE_BYTES: t.Integer({ default: 5_000_000, minimum: 1 }),
  DISCORD_API_URL: t.String({ default: "https://discord.com/api/v10" }),
  DISCORD_BOT_ID: t.String({ default: "default" }),
});
