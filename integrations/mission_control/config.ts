import { defineConfig, t } from "heddle/sdk";

export const settings = defineConfig({
  MISSION_CONTROL_BOT_ID: t.String({ default: "default", secret: false }),
});
