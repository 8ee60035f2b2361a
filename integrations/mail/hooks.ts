import { registerIntegration } from "heddle/sdk";
import { listOf, ownAddress, settings } from "./config.ts";
import { folderFor, withMailbox } from "./imap.ts";
import { checkSmtp } from "./smtp.ts";

// Registers the listener.

registerIntegration({
  integrationType: "mail",
  clientIdPrefix: "mail:",
  // Each message names the mail that is answered.
  resolveDispatchConfig: () => null,
  async testConnection({ signal }) {
    const folders = await withMailbox(signal, async (client) => ({
      all: (await client.list()).map(({ path }) => path),
      drafts: await folderFor(client, "\\Drafts"),
    }));
    const missing = listOf(settings.MAIL_FOLDERS).filter(
      (name) => !folders.all.some((path) => path === name || path.toUpperCase() === name.toUpperCase()),
    );
    if (missing.length > 0) throw new Error(`The mailbox has no folder ${missing.join(", ")}.`);
    await checkSmtp(signal);
    const drafts = folders.drafts === undefined ? " It has no folder for drafts." : "";
    return `Signed in as ${ownAddress()}: ${folders.all.length} folders; sending works.${drafts}`;
  },
});
