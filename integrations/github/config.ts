import { defineConfig, t } from "heddle/sdk";

/** Settings are looked up at each access, so a change takes effect with the next event. */
export const settings = defineConfig({
  GITHUB_TOKEN: t.String({ default: "" }),
  GITHUB_APP_ID: t.String({ default: "" }),
  GITHUB_APP_PRIVATE_KEY: t.String({ default: "" }),
  GITHUB_WEBHOOK_SECRET: t.String({ default: "" }),
  GITHUB_OLD_WEBHOOK_SECRET: t.String({ default: "" }),
  GITHUB_BOT_LOGIN: t.String({ default: "" }),
  GITHUB_API_URL: t.String({ default: "https://api.github.com" }),
  GITHUB_BOT_ID: t.String({ default: "default" }),
  GITHUB_REACTIONS: t.Boolean({ default: true }),
  GITHUB_CATCH_UP: t.Boolean({ default: true }),
});
