// Calls of tools that wait for a person, asked by mail. Somebody who is allowed and whom the policy names decides with a link, or by
// answering yes or no.

import { type AskApprovalInput, type AskedApproval, type DispatchContext, server, store } from "heddle/sdk";
import { shownArguments } from "../_decisions/arguments.ts";
import { type DecisionLinks, decideOnce, offerLinks } from "../_decisions/links.ts";
import { compose } from "./compose.ts";
import type { Mail } from "./mail.ts";
import { sendAs } from "./send-as.ts";
import type { Target } from "./target.ts";
import { hashOf, rememberId } from "./thread.ts";

interface Asked {
  approval_id: string;
  to: string;
}

/** A line that is longer says more than yes or no. */
const LONGEST_WORD = 40;
const DAY_SECONDS = 86_400;
const YES = ["yes", "y", "approve", "approved", "ok", "okay", "ja", "oui", "si", "sí"];
const NO = ["no", "n", "deny", "denied", "nein", "non"];

const keyOf = (messageId: string): string => `asked:${hashOf(messageId)}`;

export async function askByMail(
  { approval, botId, config }: AskApprovalInput<Target>,
  { signal, once, delivery_id, attempt }: DispatchContext,
): Promise<{ receipt: { message_id?: string; skipped?: string } }> {
  const skipped = (why: string) => ({ receipt: { skipped: why } });
  // The page that decides says how it was decided.
  if (approval.status !== "pending") return skipped("it is decided");
  // A stranger's conversation must not learn what a bot is about to do.
  if (!config.is_trusted) return skipped("the conversation is a stranger's");
  const isAsked = approval.approvers.includes(`mail:${config.to}`);
  const shown = shownArguments(approval);
  if (isAsked && shown === undefined) return skipped("the arguments are too long to be shown");
  const date = new Date(await once("date", async () => new Date().toISOString()));
  const links = isAsked
    ? await once(
        "links",
        async () => (await offerLinks(approval, { integration: "mail", person: config.to })) ?? null,
      )
    : null;
  const text = isAsked
    ? question(approval, { botId, shown: shown ?? "", links })
    : elsewhere(approval, botId);
  const reply = { target: config, text, files: [], quoted: null, date, deliveryId: delivery_id };
  const mail = await compose(reply);
  const remember = async (id: string) => {
    if (config.thread !== undefined) await rememberId(config.thread, id);
    if (!isAsked) return;
    const seconds = Math.ceil((Date.parse(approval.expires_at) - Date.now()) / 1_000);
    const asked: Asked = { approval_id: approval.id, to: config.to };
    await store.set(keyOf(id), asked, { ttlSeconds: Math.max(0, seconds) + DAY_SECONDS });
  };
  await remember(mail.id);
  const id = await once("sent", () => sendAs(mail, reply, { mayBeDone: attempt > 1, signal }));
  // Gmail gives it another one, which answers refer to.
  if (id !== mail.id) await remember(id);
  return { receipt: { message_id: id } };
}

/**
 * Takes an answer to a question for a decision; false for any other mail. The caller has made sure that the sender is allowed, and that
 * the own server vouches for the address.
 */
export async function takeDecision({ inReplyTo, from, text }: Mail): Promise<boolean> {
  const asked = inReplyTo === undefined ? undefined : await store.get<Asked>(keyOf(inReplyTo));
  if (!asked || !from || from.address !== asked.to) return false;
  const [first = ""] = text.trim().toLowerCase().split("\n");
  const word = first.length > LONGEST_WORD ? "" : wordIn(first);
  const approved = YES.includes(word);
  if (!approved && !NO.includes(word)) return false;
  await decideOnce(asked.approval_id, {
    approved,
    by: { id: from.address, name: from.name || from.address },
  });
  return true;
}

/** Removes the punctuation that a sentence ends with. */
function wordIn(line: string): string {
  let end = line.length;
  while (end > 0 && " .!,\t\r".includes(line.charAt(end - 1))) end -= 1;
  return line.slice(0, end);
}

interface Question {
  botId: string;
  shown: string;
  links: DecisionLinks | null;
}

function question(
  { tool, policy, reason, expires_at }: AskedApproval,
  { botId, shown, links }: Question,
): string {
  const until = `${expires_at.slice(0, 16).replace("T", " ")} UTC`;
  return [
    `${botId} wants to call ${tool}. May it?`,
    shown,
    [`Policy: ${policy}.`, (reason ?? "").slice(0, 300).toWellFormed()].filter(Boolean).join(" "),
    links && `Approve: ${links.approve}\n\nDeny: ${links.deny}`,
    `Or answer this mail with "yes" or "no" in its first line. The first decision stands; it can be made until ${until}.`,
  ]
    .filter(Boolean)
    .join("\n\n");
}

const elsewhere = ({ id }: AskedApproval, botId: string): string =>
  `${botId} waits for a person who decides in Heddle. ${server.baseUrl ? `${server.baseUrl}/approvals/${id}` : ""}`.trim();
