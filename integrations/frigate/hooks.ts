import { registerIntegration } from "heddle/sdk";
import { test } from "./client.ts";

const PREFIX = "frigate:";

registerIntegration({
  integrationType: "frigate",
  clientIdPrefix: PREFIX,
  resolveDisplayNames: (channels) =>
    Object.fromEntries(
      channels.map(({ id, client_id }) => [id, client_id.slice(PREFIX.length).replaceAll("_", " ")]),
    ),
  // Nobody reads at a camera: answers stay in the session, and go where a channel's other bindings lead.
  resolveDispatchConfig: () => null,
  testConnection: test,
});
