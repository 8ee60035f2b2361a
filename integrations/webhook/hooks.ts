import { registerIntegration } from "heddle/sdk";
import { CLIENT_PREFIX } from "./client-id.ts";

registerIntegration({
  integrationType: "webhook",
  clientIdPrefix: CLIENT_PREFIX,
  // "webhook:deploys:payments" → "deploys: payments"
  resolveDisplayNames: (channels) =>
    Object.fromEntries(
      channels.map(({ id, client_id }) => [id, client_id.slice(CLIENT_PREFIX.length).replace(":", ": ")]),
    ),
});
