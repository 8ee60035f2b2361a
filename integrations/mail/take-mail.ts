// Turns a mail into a message for the bot of its conversation.

import { type EventResult, type InjectEvent, injectEvent, log, people } from "heddle/sdk";
import { isRefused } from "../_injections/readable.ts";
import { takeDecision } from "./approvals.ts";
import { ownAddress, ownAddresses, settings } from "./config.ts";
import { chooseFiles } from "./files.ts";
import { idOf, type Mail, type Person, type Place, readMail } from "./mail.ts";
import { contentOf, forwardedFile, PREAMBLE } from "./message.ts";
import { clientIdOf, type FoundThread, findThread, hashOf, remember } from "./thread.ts";

export type Taken =
  | {
      status: "ignored";
      reason: "unreadable" | "own" | "machine" | "blocked" | "stranger" | "refused" | "decision";
    }
  | EventResult;

/** Takes a mail once, however often and in how many folders it is found. Throws if it could not be stored. */
export async function takeMail(source: Buffer, place: Place): Promise<Taken> {
  let mail: Mail;
  try {
    mail = await readMail(source);
  } catch (error) {
    // It would never become readable, and would hold up those behind it.
    log.error("A mail could not be read", { ...place, error: String(error) });
    return { status: "ignored", reason: "unreadable" };
  }
  try {
    return await takeRead(mail, place);
  } catch (error) {
    if (!isRefused(error)) throw error;
    return leftOut(mail, error);
  }
}

async function takeRead(mail: Mail, place: Place): Promise<Taken> {
  const { from } = mail;
  if (from && ownAddresses().includes(from.address)) return { status: "ignored", reason: "own" };
  const thread = await findThread(mail);
  if (!from || mail.isFromMachine) return takeContext(mail, thread);
  const status = await statusOf(mail, from);
  if (status === "blocked") return { status: "ignored", reason: "blocked" };
  if (status === "allowed" && (await takeDecision(mail))) return { status: "ignored", reason: "decision" };
  const mode = modeFor(status);
  if (mode === "ignore") return { status: "ignored", reason: "stranger" };
  await remember(thread.root, mail);
  return inject(mail, thread, {
    runAgent: true,
    notify: true,
    // Only a proven address says who wrote: otherwise anybody could write as the operator.
    author: { ...(mail.isAuthentic && { id: from.address }), display_name: from.name || from.address },
    dispatchConfig: {
      type: "mail",
      mode,
      is_trusted: status === "allowed",
      to: addresseeOf(mail, from, thread),
      ...aliasIn(mail),
      subject: mail.subject,
      thread: thread.root,
      ...(mail.hasId && { in_reply_to: mail.id }),
      references: mail.references,
      ...placeIn(place),
    },
    executionConfig: {
      system_preamble: `${PREAMBLE[mode]} For tools, the mail is ${idOf(place)}.`,
      skills: ["integrations/mail/mail"],
    },
  });
}

const placeIn = (place: Place) =>
  "uid" in place
    ? { folder: place.folder, uid_validity: place.uidValidity, uid: place.uid }
    : { gmail_message_id: place.id, gmail_thread_id: place.threadId };

/** A mail to one of the mailbox's other addresses is answered from there. */
function aliasIn({ to }: Mail): { from?: string } {
  const own = to.map(({ address }) => address).filter((address) => ownAddresses().includes(address));
  const [first] = own;
  return first === undefined || own.includes(ownAddress()) ? {} : { from: first };
}

/** What a program wrote is read with the next mail of a conversation that goes on; it is never answered. */
async function takeContext(mail: Mail, thread: FoundThread): Promise<Taken> {
  if (!thread.isKnown) return { status: "ignored", reason: "machine" };
  return inject(mail, thread, {
    runAgent: false,
    notify: false,
    author: { display_name: mail.from?.name || mail.from?.address || "Mail server" },
  });
}

async function statusOf(
  { isAuthentic }: Mail,
  { address }: Person,
): Promise<"allowed" | "blocked" | "stranger"> {
  const known = (await people.list()).find(({ id }) => id.toLowerCase() === address);
  if (known?.status === "blocked") return "blocked";
  return known?.status === "allowed" && isAuthentic ? "allowed" : "stranger";
}

function modeFor(status: "allowed" | "stranger"): "reply" | "draft" | "ignore" {
  const forStrangers = settings.MAIL_ANSWER_STRANGERS;
  if (status === "stranger" && forStrangers !== "reply") return forStrangers;
  return settings.MAIL_ANSWER;
}

/** Reply-To may lead a conversation that goes on only to those who are in it, since the answer tells what was said there. */
function addresseeOf({ replyTo }: Mail, from: Person, { isKnown, people: known }: FoundThread): string {
  if (!replyTo || ownAddresses().includes(replyTo.address)) return from.address;
  return !isKnown || known.includes(replyTo.address) ? replyTo.address : from.address;
}

async function inject(
  mail: Mail,
  { root }: FoundThread,
  rest: Pick<InjectEvent, "runAgent" | "notify" | "author" | "dispatchConfig" | "executionConfig">,
): Promise<Taken> {
  const { attachments, left } = chooseFiles([...forwardedFile(mail), ...mail.files]);
  const event = (files: typeof attachments, without: string[]): InjectEvent => ({
    ...rest,
    clientId: clientIdOf(root),
    event: rest.runAgent ? "mail" : "automatic",
    botId: settings.MAIL_BOT_ID,
    content: contentOf(mail, without),
    source: "mail",
    idempotencyKey: `mail:${hashOf(mail.id)}`,
    metadata: {
      message_id: mail.id,
      subject: mail.subject,
      from: mail.from?.address ?? null,
      is_authentic: mail.isAuthentic,
      hidden_characters: mail.hidden,
    },
    ...(files.length > 0 && { attachments: files }),
  });
  try {
    return await injectEvent(event(attachments, left));
  } catch (error) {
    if (!isRefused(error)) throw error;
    if (attachments.length === 0) throw error;
    // A file that is not what it claims to be must not keep the mail from being answered.
    log.warning("The files of a mail were refused", { error: String(error) });
    const names = attachments.map(({ name }) => `"${name}": refused`);
    return injectEvent(event([], [...left, ...names]));
  }
}

/** Such a mail would be refused each time, and would hold up those behind it. */
function leftOut({ id }: Mail, error: unknown): Taken {
  log.error("A mail was left out, since it was refused", { message_id: id, error: String(error) });
  return { status: "ignored", reason: "refused" };
}
