// Tools over the Gmail API.

import { Permanent } from "heddle/sdk";
import { settings } from "../config.ts";
import { ask, askFor, reading, writing } from "../gmail/client.ts";
import { labelNamed, labels, labelToAdd, NEVER } from "../gmail/labels.ts";
import type { Destination, FoundMail, LabelChange, MailBrowser, Wanted } from "./browser.ts";
import { NO_SUCH_MAIL, NotPossible, noFolder } from "./not-possible.ts";

interface Message {
  id: string;
  threadId: string;
  labelIds?: string[];
  raw?: string;
  payload?: { headers?: { name: string; value: string }[] };
}

const HEADERS = ["From", "To", "Cc", "Subject", "Date", "Message-ID", "References", "In-Reply-To"];
/** What says whether the author is proven, and whether a program wrote it, is needed as well. */
const METADATA = [...HEADERS, "Authentication-Results", "Auto-Submitted", "Precedence", "List-Id"]
  .map((name) => `metadataHeaders=${name}`)
  .join("&");

export const gmailBrowser: MailBrowser = {
  async search(wanted, signal) {
    const { ids, hasMore } = await idsOf(wanted, signal);
    const names = await labelNames(signal);
    // At once, as far as the client's own limits let them: one after another, fifty mails took ten seconds.
    const found = await Promise.all(ids.map((id) => at(id, `format=metadata&${METADATA}`, signal)));
    const mails = found.flatMap((message) => (message ? [shown(message, names, headOf(message))] : []));
    return { mails, hasMore };
  },

  async read(id, signal) {
    const message = await at(id, "format=raw", signal);
    if (!message) throw new NotPossible(NO_SUCH_MAIL);
    const source = Buffer.from(message.raw ?? "", "base64url").subarray(0, settings.MAIL_MAX_BYTES);
    return shown(message, await labelNames(signal), source);
  },

  async label(id, change, signal) {
    await modify(id, await idsFor(change, signal), signal);
  },

  async move(id, to, signal) {
    if ("place" in to && to.place === "trash") {
      await changed(writing.post(`${pathOf(id)}/trash`, {}, { signal }));
    } else {
      await modify(id, await moveTo(to, signal), signal);
    }
    return id;
  },
};

async function idsOf(wanted: Wanted, signal: AbortSignal): Promise<{ ids: string[]; hasMore: boolean }> {
  const { thread, folder, limit } = wanted;
  if (thread !== undefined) {
    const found = await askFor<{ messages?: Message[] }>(
      reading.get(`/threads/${encodeURIComponent(thread)}?format=minimal`, { signal }),
    );
    const ids = (found?.messages ?? []).map(({ id }) => id).toReversed();
    return { ids: ids.slice(0, limit), hasMore: ids.length > limit };
  }
  const label = folder === undefined ? undefined : await labelNamed(folder, signal);
  if (folder !== undefined && !label) throw noFolder(folder);
  const query = { labelIds: label?.id, q: queryOf(wanted) || undefined, maxResults: limit };
  const ids: string[] = [];
  let pageToken: string | undefined;
  do {
    const page = await ask<{ messages?: Message[]; nextPageToken?: string }>(
      reading.get("/messages", { query: { ...query, pageToken }, signal }),
    );
    ids.push(...(page.messages ?? []).map(({ id }) => id));
    pageToken = page.nextPageToken;
    // A page may have fewer than were asked for.
  } while (pageToken !== undefined && ids.length < limit);
  return { ids: ids.slice(0, limit), hasMore: pageToken !== undefined || ids.length > limit };
}

/** Gmail's own language. A value is one quoted phrase, so that no word in it is an operator. */
function queryOf({ text, from, to, subject, after, before, unread, gmail }: Wanted): string {
  const phrase = (value: string): string => `"${value.replaceAll('"', " ")}"`;
  return [
    text !== undefined && phrase(text),
    from !== undefined && `from:${phrase(from)}`,
    to !== undefined && `to:${phrase(to)}`,
    subject !== undefined && `subject:${phrase(subject)}`,
    after && `after:${after.getTime() / 1_000}`,
    before && `before:${before.getTime() / 1_000}`,
    unread !== undefined && (unread ? "is:unread" : "is:read"),
    gmail !== undefined && `(${gmail})`,
  ]
    .filter((part) => typeof part === "string")
    .join(" ");
}

const pathOf = (id: string): string => {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(id)) throw new NotPossible(NO_SUCH_MAIL);
  return `/messages/${id}`;
};

const at = (id: string, how: string, signal: AbortSignal): Promise<Message | undefined> =>
  askFor<Message>(reading.get(`${pathOf(id)}?${how}`, { signal }));

const labelNames = async (signal: AbortSignal): Promise<Map<string, string>> =>
  new Map((await labels(signal)).map(({ id, name }) => [id, name]));

function shown(
  { id, threadId, labelIds = [] }: Message,
  names: Map<string, string>,
  source: Buffer,
): FoundMail {
  // Gmail's own labels have their name as id.
  const own = labelIds.filter((one) => names.get(one) !== one);
  return {
    ...{ id, source, labels: own.map((one) => names.get(one) ?? one), thread: threadId },
    ...{ isUnread: labelIds.includes("UNREAD"), isStarred: labelIds.includes("STARRED") },
  };
}

/** The headers as they would come over the wire; Gmail returns them unfolded. */
const headOf = ({ payload }: Message): Buffer =>
  Buffer.from(
    `${(payload?.headers ?? []).map(({ name, value }) => `${name}: ${value.replaceAll(/[\r\n]+/g, " ")}\r\n`).join("")}\r\n`,
  );

interface Modified {
  addLabelIds: string[];
  removeLabelIds: string[];
}

async function idsFor({ add, remove, unread, starred }: LabelChange, signal: AbortSignal): Promise<Modified> {
  const change: Modified = { addLabelIds: [], removeLabelIds: [] };
  for (const name of add) change.addLabelIds.push(await labelToAdd(name, signal));
  for (const name of remove) {
    const label = await labelNamed(name, signal);
    if (label) change.removeLabelIds.push(label.id);
  }
  if (unread !== undefined) change[unread ? "addLabelIds" : "removeLabelIds"].push("UNREAD");
  if (starred !== undefined) change[starred ? "addLabelIds" : "removeLabelIds"].push("STARRED");
  return change;
}

async function moveTo(to: Destination, signal: AbortSignal): Promise<Modified> {
  if ("place" in to) {
    if (to.place === "inbox") return { addLabelIds: ["INBOX"], removeLabelIds: ["SPAM", "TRASH"] };
    return { addLabelIds: to.place === "spam" ? ["SPAM"] : [], removeLabelIds: ["INBOX"] };
  }
  const label = await labelNamed(to.folder, signal);
  if (!label) throw noFolder(to.folder);
  if (NEVER.includes(label.id)) throw new NotPossible(`Mails are not moved to "${to.folder}".`);
  return { addLabelIds: [label.id], removeLabelIds: label.id === "INBOX" ? [] : ["INBOX"] };
}

async function modify(id: string, change: Modified, signal: AbortSignal): Promise<void> {
  // Gmail refuses a change that changes nothing.
  if (change.addLabelIds.length + change.removeLabelIds.length === 0) return;
  await changed(writing.post(`${pathOf(id)}/modify`, { ...change }, { signal }));
}

/** Gmail refuses with 400 what it does not take, and with 404 what is gone. */
async function changed(asked: Promise<Response>): Promise<void> {
  const done = await askFor(asked).catch((error: unknown) => {
    if (error instanceof Permanent) throw new NotPossible(error.message);
    throw error;
  });
  if (done === undefined) throw new NotPossible(NO_SUCH_MAIL);
}
