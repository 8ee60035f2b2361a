import { registerHook, registerIntegration } from "heddle/sdk";
import { lookAfter } from "./run-plan.ts";

registerIntegration({ integrationType: "mission_control", clientIdPrefix: "mission_control:" });

// A run that was cancelled delivers nothing, so its step would only be noticed by the poll.
registerHook("after_response", async ({ extra }) => {
  if (extra.dispatch_config.type === "mission_control" && extra.status === "cancelled") await lookAfter();
});
