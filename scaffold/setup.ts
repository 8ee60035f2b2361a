// What people see of it, and what the server has to know before it runs any code of this folder.

import { defineSetup } from "heddle/sdk";

export const SETUP = defineSetup({
  version: "0.1.0",
  icon: "MessageSquare",
  // @if router
  webhook: {
    path: "/integrations/acme/webhook",
    description: "Messages that are written in Acme",
    // The check that router.ts makes, so that `heddle receive acme event.json` can sign an example.
    verifier: {
      scheme: "hmac",
      secret: "ACME_WEBHOOK_SECRET",
      header: "x-acme-signature",
      prefix: "sha256=",
    },
  },
  // Public besides the webhook; every other route needs an API key.
  public_paths: ["GET /status"],
  dashboard_modules: [
    { id: "activity", label: "Acme", icon: "Activity", description: "What came from Acme" },
  ],
  // @end
  // @if process
  // What the API key of listener.ts may do.
  api_permissions: ["sessions:write"],
  // @end
  // @if router|dispatcher|hooks|listeners|process
  binding: {
    client_id_prefix: "acme:",
    client_id_placeholder: "acme:ops",
    client_id_description: "The prefix, followed by the name of a room",
    // @if router|listeners|process
    event_types: [
      // @if router
      { value: "message", label: "Messages" },
      // @end
      // @if listeners
      { value: "mention", label: "Mentions" },
      // @end
      // @if process
      { value: "reminder", label: "Reminders" },
      // @end
    ],
    // @end
  },
  // @end
  // @if carapace
  activation: {
    carapaces: ["integrations/acme/acme"],
    description: "The channel's bot knows how to work with Acme",
  },
  // @end
});
