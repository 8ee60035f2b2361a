import { registerIntegration } from "heddle/sdk";
import { ownAddress } from "./config.ts";
import { mailService } from "./service.ts";

registerIntegration({
  integrationType: "mail",
  clientIdPrefix: "mail:",
  // Each message names the mail that is answered.
  resolveDispatchConfig: () => null,
  async testConnection({ signal }) {
    if (ownAddress() === "") throw new Error("MAIL_ADDRESS must be set to the address of the mailbox.");
    return mailService().check(signal);
  },
});
