import { defineConfig, t } from "heddle/sdk";

/** Settings are looked up at each access, so a change takes effect with the next update. */
export const settings = defineConfig({
  TELEGRAM_BOT_TOKEN: t.String({ default: "" }),
  TELEGRAM_WEBHOOK_SECRET: t.String({ default: "" }),
  TELEGRAM_BOT_ID: t.String({ default: "default" }),
  TELEGRAM_API_URL: t.String({ default: "https://api.telegram.org" }),
  TELEGRAM_REACTIONS: t.Boolean({ default: true }),
  TELEGRAM_POLL_SECONDS: t.Integer({ default: 25, minimum: 1, maximum: 50 }),
});

/** The number before the colon is the id of the bot's account, and not a secret. */
export const accountId = (): string => settings.TELEGRAM_BOT_TOKEN.split(":")[0] ?? "";
