import { registerIntegration } from "heddle/sdk";
import { imapServer, ownAddress, smtpServer, usesGmailApi } from "./config.ts";
import { mailService } from "./service.ts";

const UNREACHABLE = ["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"];

registerIntegration({
  integrationType: "mail",
  clientIdPrefix: "mail:",
  // Each message names the mail that is answered.
  resolveDispatchConfig: () => null,
  async testConnection({ signal }) {
    if (ownAddress() === "") throw new Error("MAIL_ADDRESS must be set to the address of the mailbox.");
    try {
      return await mailService().check(signal);
    } catch (error) {
      // An error of the network does not say by itself which server it is about.
      if (
        signal.aborted ||
        usesGmailApi() ||
        !UNREACHABLE.includes(String((error as { code?: unknown }).code))
      )
        throw error;
      const { imap, smtp } = { imap: imapServer(), smtp: smtpServer() };
      const servers = `${imap.host}:${imap.port} (IMAP) and ${smtp.host}:${smtp.port} (SMTP)`;
      throw new Error(`The mail servers must answer at ${servers}; got: ${(error as Error).message}`, {
        cause: error,
      });
    }
  },
});
