// What the dispatcher does in a mailbox of Gmail.

import { Permanent } from "heddle/sdk";
import type { ComposedMail } from "../compose.ts";
import { settings, usesPubSub } from "../config.ts";
import { quoteOf } from "../quote.ts";
import type { MailService } from "../service.ts";
import type { Target } from "../target.ts";
import { checkAddress } from "./address.ts";
import { ask, askFor, reading, uploading, writing } from "./client.ts";
import { forgetHandledLabel, handledLabel, wantedLabels } from "./labels.ts";
import { checkPubSub } from "./notices.ts";

interface Message {
  id: string;
  labelIds?: string[];
  payload?: { headers?: { name: string; value: string }[] };
}

/** Marks each mail with the delivery that it is. Gmail gives mails a Message-ID of its own. */
const DELIVERY = "x-heddle-delivery";
const HEADERS = "metadataHeaders=X-Heddle-Delivery&metadataHeaders=Message-ID";
const MOST_LOOKED_AT = 20;

export const gmailService: MailService = {
  async send(mail, target, { mayBeDone, signal }) {
    const before = mayBeDone ? await findOwn("SENT", mail, target, signal) : undefined;
    if (before) return idOf(before, mail);
    const { id } = await upload("/messages/send", mail, target, signal);
    return idAt(id, mail, signal);
  },

  async putDraft(mail, target, { mayBeDone, signal }) {
    const before = mayBeDone ? await findOwn("DRAFT", mail, target, signal) : undefined;
    if (before) return idOf(before, mail);
    const { message } = await upload<{ message: Message }>("/drafts", mail, target, signal);
    return idAt(message.id, mail, signal);
  },

  async quotedFrom({ gmail_message_id: id }, signal) {
    const found = id === undefined ? undefined : await at<{ raw: string }>(id, "format=raw", signal);
    if (!found) return null;
    return quoteOf(Buffer.from(found.raw, "base64url").subarray(0, settings.MAIL_MAX_BYTES));
  },

  async markAnswered({ gmail_message_id: id }, _isAnswered, signal) {
    if (id === undefined) return;
    const mark = async () => {
      const addLabelIds = [await handledLabel(signal)];
      // Undefined: the mail is gone.
      await askFor(writing.post(`/messages/${encodeURIComponent(id)}/modify`, { addLabelIds }, { signal }));
    };
    await mark().catch((error: unknown) => {
      if (!(error instanceof Permanent)) throw error;
      // Somebody has deleted the label.
      forgetHandledLabel();
      return mark();
    });
  },

  /** Gmail keeps what it sends. */
  async keepCopy() {},

  async check(signal) {
    const address = await checkAddress(signal);
    const labels = await wantedLabels(signal);
    if (!usesPubSub()) return `Signed in as ${address}, over the Gmail API. New mail is asked for.`;
    await checkPubSub(labels, signal);
    return `Signed in as ${address}, over the Gmail API. Pub/Sub tells of new mail.`;
  },
};

/** Hands the mail's bytes over, in its thread if that is still there. */
async function upload<Answer = Message>(
  path: string,
  mail: ComposedMail,
  { gmail_thread_id: threadId }: Target,
  signal: AbortSignal,
): Promise<Answer> {
  const send = (thread: object) => {
    const message = path === "/drafts" ? { message: thread } : thread;
    const { type, body } = related(message, mail.raw);
    const headers = { "content-type": type };
    return uploading.request("POST", path, { query: { uploadType: "multipart" }, headers, body, signal });
  };
  const inThread = threadId === undefined ? undefined : await askFor<Answer>(send({ threadId }));
  return inThread ?? (await ask<Answer>(send({})));
}

/** As bytes, so that a mail with files is not written in base64 a second time. */
function related(metadata: object, raw: Buffer): { type: string; body: Buffer<ArrayBuffer> } {
  const boundary = `heddle-${crypto.randomUUID()}`;
  const body = Buffer.concat([
    Buffer.from(
      `--${boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(metadata)}\r\n`,
    ),
    Buffer.from(`--${boundary}\r\nContent-Type: message/rfc822\r\n\r\n`),
    raw,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  return { type: `multipart/related; boundary="${boundary}"`, body };
}

/** The mail that an earlier attempt has made, found by the delivery's id in it. */
async function findOwn(
  label: "SENT" | "DRAFT",
  mail: ComposedMail,
  target: Target,
  signal: AbortSignal,
): Promise<Message | undefined> {
  const isOwn = (message: Message | undefined): boolean =>
    message?.labelIds?.includes(label) === true && headerOf(message, DELIVERY) === mail.deliveryId;
  const { gmail_thread_id: threadId, to } = target;
  const thread =
    threadId === undefined
      ? undefined
      : await askFor<{ messages?: Message[] }>(
          reading.get(`/threads/${encodeURIComponent(threadId)}?format=metadata&${HEADERS}`, { signal }),
        );
  const inThread = thread?.messages?.find(isOwn);
  if (inThread) return inThread;
  const { messages = [] } = await ask<{ messages?: Message[] }>(
    reading.get("/messages", {
      query: { labelIds: label, q: `to:${to}`, maxResults: MOST_LOOKED_AT },
      signal,
    }),
  );
  for (const { id } of messages) {
    const message = await at<Message>(id, `format=metadata&${HEADERS}`, signal);
    if (isOwn(message)) return message;
  }
  return undefined;
}

const at = <Found>(id: string, how: string, signal: AbortSignal): Promise<Found | undefined> =>
  askFor<Found>(reading.get(`/messages/${encodeURIComponent(id)}?${how}`, { signal }));

const idAt = async (id: string, mail: ComposedMail, signal: AbortSignal): Promise<string> =>
  idOf(await at<Message>(id, `format=metadata&${HEADERS}`, signal), mail);

/** The Message-ID under which the mail went out. */
const idOf = (message: Message | undefined, mail: ComposedMail): string =>
  (message && headerOf(message, "message-id")) || mail.id;

const headerOf = ({ payload }: Message, wanted: string): string | undefined =>
  payload?.headers?.find(({ name }) => name.toLowerCase() === wanted)?.value.trim();
