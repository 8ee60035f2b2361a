import { registerIntegration } from "heddle/sdk";
import { whoAmI } from "./client.ts";
import "./progress.ts";

const PREFIX = "gitlab:";

registerIntegration({
  integrationType: "gitlab",
  clientIdPrefix: PREFIX,
  resolveDisplayNames: (channels) =>
    Object.fromEntries(channels.map(({ id, client_id }) => [id, client_id.slice(PREFIX.length)])),
  // A project itself has no comments; each message names its issue or merge request.
  resolveDispatchConfig: () => null,
  testConnection: whoAmI,
});
