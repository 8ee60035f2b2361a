import { defineConfig, t } from "heddle/sdk";

// A setting without a default is required. Each read looks the value up: the stored one, else the
// environment's, else the default.
// Names with TOKEN, SECRET, PASSWORD or API_KEY are secrets; { secret: true } makes any other setting one.
export const settings = defineConfig({
  // @if tools|dispatcher|listeners|process
  ACME_URL: t.String({ description: "Where Acme's API is" }),
  ACME_TOKEN: t.String({ description: "Token for Acme's API" }),
  // @end
  // @if router
  ACME_WEBHOOK_SECRET: t.String({ description: "The secret with which Acme signs its webhooks" }),
  // @end
  // @if router|listeners|process
  ACME_BOT_ID: t.String({ default: "default", description: "The bot that answers" }),
  // @end
  // @if hooks
  ACME_SLOW_TOOL_MS: t.Integer({
    default: 5000,
    minimum: 1,
    description: "Milliseconds after which a tool call is logged as slow",
  }),
  // @end
});
