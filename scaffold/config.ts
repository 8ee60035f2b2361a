import { defineConfig, t } from "heddle/sdk";

// Each read looks the value up: the one stored over the API, else the environment's, else the default.
// Names with TOKEN, SECRET, PASSWORD or API_KEY are secrets; { secret: true } makes any other setting one.
export const settings = defineConfig({
  // @if tools|dispatcher|process
  ACME_URL: t.String(),
  ACME_TOKEN: t.String(),
  // @end
  // @if router
  ACME_WEBHOOK_SECRET: t.String(),
  // @end
  // @if router|process
  ACME_BOT_ID: t.String({ default: "default" }),
  // @end
  // @if hooks
  ACME_SLOW_TOOL_MS: t.Integer({ default: 5000, minimum: 1 }),
  // @end
});
