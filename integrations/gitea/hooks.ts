import { registerIntegration } from "heddle/sdk";
import { whoAmI } from "./client.ts";
import "./progress.ts";

const PREFIX = "gitea:";

registerIntegration({
  integrationType: "gitea",
  clientIdPrefix: PREFIX,
  resolveDisplayNames: (channels) =>
    Object.fromEntries(channels.map(({ id, client_id }) => [id, client_id.slice(PREFIX.length)])),
  // A repository itself has no comments; each message names its issue or pull request.
  resolveDispatchConfig: () => null,
  testConnection: whoAmI,
});
