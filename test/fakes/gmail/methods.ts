// What Gmail's methods answer, and what they refuse.

import { failure, invalid, notFound } from "./failure.ts";
import { type FakeMailbox, type FakeMessage, headerOf } from "./mailbox.ts";
import type { FakePubSub } from "./pubsub.ts";

export interface Gmail {
  address: string;
  mailbox: FakeMailbox;
  pubsub: FakePubSub;
  watch: { topic: string; labelIds: string[]; until: number } | undefined;
}

const TYPES = ["messageAdded", "messageDeleted", "labelAdded", "labelRemoved"];
const MOST_BYTES = 36_700_160;

/** Handles a request below /gmail/v1/users/me. */
export async function callMethod(gmail: Gmail, request: Request, path: string, url: URL): Promise<Response> {
  const { mailbox, address } = gmail;
  const query = url.searchParams;
  const [, collection = "", id = "", verb = ""] = path.split("/");
  const body = async () => (await request.json().catch(() => ({}))) as Record<string, unknown>;
  const route = `${request.method} ${collection}${id === "" ? "" : verb === "" ? "/:id" : `/:id/${verb}`}`;
  if (route === "GET profile")
    return Response.json({
      emailAddress: address,
      historyId: mailbox.historyId,
      messagesTotal: mailbox.messages.size,
    });
  if (route === "GET labels")
    return Response.json({ labels: [...mailbox.labels].map(([one, name]) => ({ id: one, name })) });
  if (route === "POST labels") return makeLabel(mailbox, await body());
  if (route === "GET messages") return listMessages(mailbox, query);
  if (route === "GET history") return listHistory(mailbox, query);
  if (route === "POST watch") return startWatch(gmail, await body());
  if (route === "GET threads/:id") {
    const found = mailbox.inThread(id);
    if (found.length === 0) return notFound();
    return Response.json({ id, messages: found.map((one) => present(mailbox, one, query)) });
  }
  const message = mailbox.messages.get(id);
  if (route === "GET messages/:id")
    return message ? Response.json(present(mailbox, message, query)) : notFound();
  if (route === "POST messages/:id/modify") {
    if (!message) return notFound();
    const { addLabelIds: added = [], removeLabelIds: removed = [] } = (await body()) as Record<
      string,
      string[]
    >;
    const wrong = [...added, ...removed].find((one) => !mailbox.labels.has(one));
    if (wrong !== undefined) return invalid(`Invalid label: ${wrong}`);
    if (added.length + removed.length === 0) return invalid("No label add or removes specified");
    if ([...added, ...removed].some((one) => one === "SENT" || one === "DRAFT"))
      return invalid("Invalid label: it cannot be set");
    mailbox.addLabels(message, added);
    mailbox.removeLabels(message, removed);
    return Response.json(present(mailbox, message, new URLSearchParams("format=minimal")));
  }
  if (route === "POST messages/:id/trash") {
    if (!message) return notFound();
    mailbox.removeLabels(message, ["INBOX"]);
    mailbox.addLabels(message, ["TRASH"]);
    return Response.json(present(mailbox, message, new URLSearchParams("format=minimal")));
  }
  return failure(404, "Not found.", "NOT_FOUND", "notFound");
}

/** Handles a request below /upload/gmail/v1/users/me: a mail that is sent, or becomes a draft. */
export async function upload(gmail: Gmail, request: Request, path: string, url: URL): Promise<Response> {
  const isDraft = path === "/drafts";
  if (request.method !== "POST" || (!isDraft && path !== "/messages/send"))
    return failure(404, "Not found.", "NOT_FOUND", "notFound");
  if (url.searchParams.get("uploadType") !== "multipart") return invalid("Bad upload type.");
  const parts = relatedParts(
    Buffer.from(await request.arrayBuffer()),
    request.headers.get("content-type") ?? "",
  );
  if (!parts) return failure(400, "Bad multipart content.", "INVALID_ARGUMENT", "badContent");
  const { metadata, media } = parts;
  if (media.length > MOST_BYTES)
    return failure(413, "Request too large.", "INVALID_ARGUMENT", "uploadTooLarge");
  const { mailbox, address } = gmail;
  const to = headerOf(media, "to");
  if (!isDraft && !/@/.test(to)) return invalid("Recipient address required");
  if (!headerOf(media, "from").includes(address)) return invalid("Invalid From header");
  const { threadId } = (isDraft ? (metadata.message ?? {}) : metadata) as { threadId?: string };
  if (threadId !== undefined && mailbox.inThread(threadId).length === 0) return notFound();
  const thread = threadId !== undefined && mailbox.fits(media, threadId) ? threadId : undefined;
  const message = mailbox.add(withOwnId(media, mailbox), [isDraft ? "DRAFT" : "SENT"], thread);
  const { id, labelIds } = message;
  const answer = { id, threadId: message.threadId, labelIds };
  return Response.json(isDraft ? { id: `r${id}`, message: answer } : answer);
}

/** Gmail writes a Message-ID of its own. */
function withOwnId(source: Buffer, mailbox: FakeMailbox): Buffer {
  const text = source.toString("latin1");
  const own = `Message-ID: <CA+${mailbox.nextId()}@mail.gmail.com>`;
  return Buffer.from(text.replace(/^Message-ID: .*$/im, own), "latin1");
}

function relatedParts(
  body: Buffer,
  type: string,
): { metadata: Record<string, unknown>; media: Buffer } | undefined {
  const boundary = /^multipart\/related;.*boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (boundary === undefined) return undefined;
  const [before, json = "", mail = "", after] = body.toString("latin1").split(`--${boundary}`);
  if (before !== "" || after?.trim() !== "--") return undefined;
  const content = (part: string) => part.slice(part.indexOf("\r\n\r\n") + 4, -2);
  if (!/content-type: application\/json/i.test(json) || !/content-type: message\/rfc822/i.test(mail))
    return undefined;
  try {
    return { metadata: JSON.parse(content(json)), media: Buffer.from(content(mail), "latin1") };
  } catch {
    return undefined;
  }
}

function present(mailbox: FakeMailbox, message: FakeMessage, query: URLSearchParams): object {
  const { id, threadId, labelIds, source, internalDate } = message;
  const format = query.get("format") ?? "full";
  const shown = { id, threadId, labelIds, internalDate: String(internalDate), historyId: mailbox.historyId };
  if (format === "raw") return { ...shown, raw: source.toString("base64url") };
  if (format !== "metadata") return shown;
  const headers = query
    .getAll("metadataHeaders")
    .map((name) => ({ name, value: headerOf(source, name.toLowerCase()) }))
    .filter(({ value }) => value !== "");
  return { ...shown, payload: { headers } };
}

function makeLabel(mailbox: FakeMailbox, { name }: Record<string, unknown>): Response {
  if (typeof name !== "string" || name === "") return invalid("Invalid label name");
  const made = mailbox.makeLabel(name);
  return made ? Response.json(made) : failure(409, "Label name exists or conflicts", "ABORTED", "aborted");
}

/** A page of a list, by a token that says where it begins. */
function pageOf<Item>(items: Item[], query: URLSearchParams): { page: Item[]; next?: string } | Response {
  const most = Number(query.get("maxResults") ?? 100);
  if (!(most >= 1 && most <= 500)) return invalid("Invalid maxResults");
  const token = query.get("pageToken");
  const [, at = "0"] = /^page-(\d+)$/.exec(token ?? "page-0") ?? [];
  if (token !== null && !/^page-\d+$/.test(token)) return invalid("Invalid pageToken");
  const from = Number(at);
  const page = items.slice(from, from + Math.min(most, MOST_IN_PAGE));
  const to = from + page.length;
  return { page, ...(to < items.length && { next: `page-${to}` }) };
}

/** Fewer than are asked for, as the real one may. */
const MOST_IN_PAGE = 7;

function listMessages(mailbox: FakeMailbox, query: URLSearchParams): Response {
  const labels = query.getAll("labelIds");
  const wrong = labels.find((one) => !mailbox.labels.has(one));
  if (wrong !== undefined) return invalid(`Invalid label: ${wrong}`);
  const words = (query.get("q") ?? "").match(/(?:\w+:)?(?:"[^"]*"|[^\s"]+)/g) ?? [];
  const isFound = (one: FakeMessage): boolean =>
    labels.every((label) => one.labelIds.includes(label)) && words.every((word) => fits(one, word));
  const isThere = (one: FakeMessage): boolean =>
    labels.length > 0 || !one.labelIds.some((label) => label === "TRASH" || label === "SPAM");
  const paged = pageOf(
    [...mailbox.messages.values()].filter((one) => isFound(one) && isThere(one)).toReversed(),
    query,
  );
  if (paged instanceof Response) return paged;
  const { page, next } = paged;
  return Response.json({
    ...(page.length > 0 && { messages: page.map(({ id, threadId }) => ({ id, threadId })) }),
    ...(next !== undefined && { nextPageToken: next }),
    resultSizeEstimate: page.length,
  });
}

/** Gmail's search language, as far as the tests use it. */
function fits({ internalDate, labelIds, source }: FakeMessage, word: string): boolean {
  const [, name = "", quoted] = /^(?:(\w+):)?(.*)$/.exec(word) ?? [];
  const value = (quoted ?? "").replaceAll(/[()"]/g, "").toLowerCase();
  if (name === "after") return internalDate >= Number(value) * 1_000;
  if (name === "before") return internalDate < Number(value) * 1_000;
  if (["from", "to", "subject"].includes(name)) return headerOf(source, name).toLowerCase().includes(value);
  if (name === "is" && value === "unread") return labelIds.includes("UNREAD");
  if (name === "") return source.toString("utf8").toLowerCase().includes(value);
  throw new Error(`The fake does not know "${word}".`);
}

function listHistory(mailbox: FakeMailbox, query: URLSearchParams): Response {
  const start = query.get("startHistoryId") ?? "";
  if (!/^\d+$/.test(start)) return invalid("Invalid value at 'start_history_id'");
  const types = query.getAll("historyTypes");
  if (types.some((type) => !TYPES.includes(type))) return invalid("Invalid value at 'history_types'");
  const found = mailbox.since(Number(start));
  if (!found) return notFound();
  const wanted = found.filter(
    ({ messagesAdded, labelsAdded }) =>
      types.length === 0 ||
      (messagesAdded && types.includes("messageAdded")) ||
      (labelsAdded && types.includes("labelAdded")),
  );
  const paged = pageOf(wanted, query);
  if (paged instanceof Response) return paged;
  const { page, next } = paged;
  return Response.json({
    ...(page.length > 0 && { history: page }),
    ...(next !== undefined && { nextPageToken: next }),
    historyId: mailbox.historyId,
  });
}

function startWatch(gmail: Gmail, { topicName, labelIds = [] }: Record<string, unknown>): Response {
  const topic = String(topicName);
  const ids = labelIds as string[];
  const mayPublish = gmail.pubsub.topics.get(topic);
  if (mayPublish === undefined)
    return failure(404, `Resource not found (resource=${topic.split("/")[3]}).`, "NOT_FOUND", "notFound");
  if (!mayPublish)
    return failure(
      403,
      "Error sending test message to Cloud PubSub : User not authorized to perform this action.",
      "PERMISSION_DENIED",
      "forbidden",
    );
  const wrong = ids.find((one) => !gmail.mailbox.labels.has(one));
  if (wrong !== undefined) return invalid(`Invalid label: ${wrong}`);
  const until = Date.now() + 7 * 86_400_000;
  gmail.watch = { topic, labelIds: ids, until };
  return Response.json({ historyId: gmail.mailbox.historyId, expiration: String(until) });
}
