// What the dispatcher does in a mailbox over IMAP and SMTP: drafts, copies of what was sent, marks on what was answered, and the text that is quoted.

import type { ImapFlow } from "imapflow";
import type { ComposedMail } from "./compose.ts";
import { isGmail, listOf, ownAddress, settings } from "./config.ts";
import { folderFor, inFolder, withMailbox } from "./imap.ts";
import { quoteOf } from "./quote.ts";
import type { MailService } from "./service.ts";
import { checkSmtp, send } from "./smtp.ts";
import type { Target } from "./target.ts";

const HANDLED = "heddle/handled";

export const imapService: MailService = {
  async send(mail, _target, { mayBeDone, signal }) {
    // A copy among the sent mails proves that an earlier attempt has sent it.
    if (!(mayBeDone && (await wasStored(mail.id, "\\Sent", signal))))
      await send(mail.raw, mail.from, mail.to, signal);
    return mail.id;
  },

  putDraft: (mail, _target, { mayBeDone, signal }) =>
    withMailbox(signal, async (client) => {
      const drafts = await folderFor(client, "\\Drafts");
      if (drafts === undefined) throw new Error("The mailbox has no folder for drafts.");
      const isThere = mayBeDone && (await has(client, drafts, mail.id));
      if (!isThere) await client.append(drafts, mail.raw, ["\\Draft", "\\Seen"]);
      return mail.id;
    }),

  async keepCopy(mail: ComposedMail, signal: AbortSignal): Promise<void> {
    const choice = settings.MAIL_SAVE_SENT;
    if (choice === "no" || (choice === "auto" && isGmail())) return;
    await withMailbox(signal, async (client) => {
      const sent = await folderFor(client, "\\Sent");
      if (sent === undefined || (await has(client, sent, mail.id))) return;
      await client.append(sent, mail.raw, ["\\Seen"]);
    });
  },

  async markAnswered(target, isAnswered, signal) {
    await atOriginal(target, signal, async (client, uid) => {
      if (isAnswered) await client.messageFlagsAdd(uid, ["\\Answered"], { uid: true });
      // Gmail shows labels, and keeps other flags to itself.
      const hasLabels = client.capabilities.has("X-GM-EXT-1");
      await client.messageFlagsAdd(uid, [HANDLED], { uid: true, ...(hasLabels && { useLabels: true }) });
    });
  },

  async quotedFrom(target, signal) {
    const quoted = await atOriginal(target, signal, async (client, uid) => {
      const wanted = { source: { maxLength: settings.MAIL_MAX_BYTES } };
      const found = await client.fetchOne(uid, wanted, { uid: true });
      const source = found ? found.source : undefined;
      return source ? quoteOf(source) : null;
    });
    return quoted ?? null;
  },

  async check(signal) {
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
};

/** Whether the folder with this special use contains the mail. */
async function wasStored(id: string, use: string, signal: AbortSignal): Promise<boolean> {
  return withMailbox(signal, async (client) => {
    const folder = await folderFor(client, use);
    return folder !== undefined && has(client, folder, id);
  });
}

async function has(client: ImapFlow, folder: string, id: string): Promise<boolean> {
  return inFolder(client, folder, async () => {
    const found = await client.search({ header: { "message-id": id } }, { uid: true });
    return Array.isArray(found) && found.length > 0;
  });
}

async function atOriginal<Result>(
  { folder, uid_validity, uid }: Target,
  signal: AbortSignal,
  work: (client: ImapFlow, uid: string) => Promise<Result>,
): Promise<Result | undefined> {
  if (folder === undefined || uid === undefined) return undefined;
  return withMailbox(signal, (client) =>
    inFolder(client, folder, async () => {
      const { mailbox } = client;
      // With another UIDVALIDITY the UID names a different mail.
      if (!mailbox || String(mailbox.uidValidity) !== uid_validity) return undefined;
      return work(client, String(uid));
    }),
  );
}
