import { registerIntegration } from "heddle/sdk";
import { test } from "./client.ts";

const PREFIX = "homeassistant:";

registerIntegration({
  integrationType: "homeassistant",
  clientIdPrefix: PREFIX,
  resolveDisplayNames: (channels) =>
    Object.fromEntries(channels.map(({ id, client_id }) => [id, client_id.slice(PREFIX.length)])),
  // Answers to changes of states stay in the session; questions name where they are answered.
  resolveDispatchConfig: () => null,
  testConnection: test,
});
