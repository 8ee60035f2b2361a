import { defineConfig, t } from "heddle/sdk";

/** Settings are looked up at each access, so a change takes effect with the next event. */
export const settings = defineConfig({
  GITLAB_URL: t.String({ default: "https://gitlab.com" }),
  GITLAB_TOKEN: t.String({ default: "" }),
  GITLAB_WEBHOOK_SECRET: t.String({ default: "" }),
  GITLAB_OLD_WEBHOOK_SECRET: t.String({ default: "" }),
  GITLAB_BOT_USERNAME: t.String({ default: "" }),
  GITLAB_BOT_ID: t.String({ default: "default" }),
  GITLAB_REACTIONS: t.Boolean({ default: true }),
  GITLAB_CATCH_UP: t.Boolean({ default: true }),
});
