import { registerIntegration } from "heddle/sdk";
import { mailService } from "./service.ts";

registerIntegration({
  integrationType: "mail",
  clientIdPrefix: "mail:",
  // Each message names the mail that is answered.
  resolveDispatchConfig: () => null,
  testConnection: ({ signal }) => mailService().check(signal),
});
