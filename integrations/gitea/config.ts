import { defineConfig, t } from "heddle/sdk";

/** Settings are looked up at each access, so a change takes effect with the next event. */
export const settings = defineConfig({
  GITEA_URL: t.String({ default: "" }),
  GITEA_TOKEN: t.String({ default: "" }),
  GITEA_WEBHOOK_SECRET: t.String({ default: "" }),
  GITEA_OLD_WEBHOOK_SECRET: t.String({ default: "" }),
  GITEA_BOT_LOGIN: t.String({ default: "" }),
  GITEA_BOT_ID: t.String({ default: "default" }),
  GITEA_REACTIONS: t.Boolean({ default: true }),
  GITEA_CATCH_UP: t.Boolean({ default: true }),
});
