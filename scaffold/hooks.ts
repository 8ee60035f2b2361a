// What the places and people of Acme are called, and what to do while bots work.

import { log, registerHook, registerIntegration } from "heddle/sdk";
import { settings } from "./config.ts";

const PREFIX = "acme:";

registerIntegration({
  integrationType: "acme",
  clientIdPrefix: PREFIX,
  userAttribution: ({ display_name }) => (display_name ? { username: display_name } : {}),
  resolveDisplayNames: (channels) =>
    Object.fromEntries(channels.map(({ id, client_id }) => [id, `#${client_id.slice(PREFIX.length)}`])),
  // @if dispatcher
  resolveDispatchConfig: (clientId) => ({ type: "acme", room: clientId.slice(PREFIX.length) }),
  // @end
});

// Callbacks run beside the agent, which does not wait for them. They hear runs of other integrations as well.
registerHook("after_tool_call", ({ client_id, extra }) => {
  if (!client_id.startsWith(PREFIX)) return;
  const { tool_name, duration_ms } = extra;
  if (Number(duration_ms) >= settings.ACME_SLOW_TOOL_MS) log.warning("Slow tool", { tool_name, duration_ms });
});
