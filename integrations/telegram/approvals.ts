// Calls of tools that wait for a person, asked with buttons.

import { type AskApprovalInput, type AskedApproval, type DispatchContext, server, store } from "heddle/sdk";
import { argumentsText } from "../_decisions/arguments.ts";
import { whenDecided } from "../_decisions/when.ts";
import { refusalOf, signalOf, type Telegram } from "./client.ts";
import { escapeHtml } from "./html.ts";
import { takeTurn } from "./pace.ts";
import { NO_PREVIEW, type Place, target } from "./place.ts";

/** Where it was asked: only buttons there count. */
export interface Asked {
  chat_id: number;
}

export const approvalKey = (id: string): string => `approval:${id}`;

/** Beyond this nobody could read what they decide on. */
const LONGEST_ARGUMENTS = 3_000;

export async function askByButtons(
  { approval, botId, config, receipt }: AskApprovalInput<Place>,
  telegram: Telegram,
  ctx: DispatchContext,
): Promise<{ receipt: unknown }> {
  if (approval.status !== "pending") return showDecision(approval, botId, config, receipt, telegram, ctx);
  const isAsked = approval.approvers.some((one) => one.startsWith("telegram:"));
  const shown = isAsked ? shownArguments(approval) : undefined;
  const seconds = Math.ceil((Date.parse(approval.expires_at) - Date.now()) / 1_000);
  if (shown !== undefined) {
    // Before it is asked, since somebody may answer at once.
    const asked: Asked = { chat_id: config.chat_id };
    await store.set(approvalKey(approval.id), asked, { ttlSeconds: Math.max(60, seconds) });
  }
  const message_id = await ctx.once("ask", async () => {
    await takeTurn(config, ctx.signal);
    const text = shown === undefined ? elsewhere(approval, botId) : question(approval, botId, shown);
    const message = {
      ...target(config),
      ...NO_PREVIEW,
      text,
      parse_mode: "HTML" as const,
      ...(shown !== undefined && { reply_markup: buttons(approval.id) }),
    };
    return (await telegram.sendMessage(message, signalOf(ctx.signal))).message_id;
  });
  return { receipt: { message_ids: [message_id] } };
}

const buttons = (id: string) => ({
  inline_keyboard: [
    [
      { text: "✅ Approve", callback_data: `once:${id}` },
      { text: "❌ Deny", callback_data: `deny:${id}` },
    ],
    [{ text: "✅ Approve for this run", callback_data: `run:${id}` }],
  ],
});

async function showDecision(
  approval: AskedApproval,
  botId: string,
  { chat_id }: Place,
  receipt: unknown,
  telegram: Telegram,
  { signal }: DispatchContext,
): Promise<{ receipt: unknown }> {
  await store.delete(approvalKey(approval.id));
  const { message_ids: [message_id] = [] } = (receipt ?? {}) as { message_ids?: number[] };
  if (message_id === undefined) return { receipt: { message_ids: [], skipped: "nobody was asked here" } };
  const text = outcome(approval, botId);
  try {
    await telegram.editMessageText({ chat_id, message_id, text, parse_mode: "HTML" }, signalOf(signal));
  } catch (error) {
    // Somebody has deleted it, or it shows the decision already.
    if (!/not modified|not found|can't be edited/.test(refusalOf(error)?.text ?? "")) throw error;
  }
  return { receipt: { message_ids: [message_id] } };
}

const heading = ({ tool }: AskedApproval, botId: string, verb: string): string =>
  `<b>${escapeHtml(botId)} ${verb} to call</b> <code>${escapeHtml(tool)}</code>`;

function question(approval: AskedApproval, botId: string, shown: string): string {
  const until = `${approval.expires_at.slice(0, 16).replace("T", " ")} UTC`;
  const policy = [`Policy: ${approval.policy}.`, approval.reason ?? ""].join(" ").trim();
  return [
    `${heading(approval, botId, "wants")}. May it?`,
    `<pre>${escapeHtml(shown)}</pre>`,
    escapeHtml(policy.slice(0, 500).toWellFormed()),
    `Until ${until}.`,
  ].join("\n");
}

/** The text if nobody here can answer, or if not all of it can be shown. */
function elsewhere(approval: AskedApproval, botId: string): string {
  const link = server.baseUrl ? ` ${escapeHtml(`${server.baseUrl}/approvals/${approval.id}`)}` : "";
  return `${escapeHtml(botId)} waits for a person who decides in Heddle.${link}`;
}

function outcome(approval: AskedApproval, botId: string): string {
  const asked = `${heading(approval, botId, "wanted")}.`;
  const by = `${escapeHtml(approval.decided_by ?? "somebody")}${whenDecided(approval)}`;
  switch (approval.status) {
    case "approved":
      return `${asked}\n✅ Approved by ${by}.`;
    case "denied":
      return `${asked}\n❌ Denied by ${by}.`;
    case "expired":
      return `${asked}\nNobody decided in time.`;
    default:
      return `${asked}\nThe run has ended, so nobody needs to decide.`;
  }
}

/** Undefined if not all of it can be shown. */
function shownArguments(approval: AskedApproval): string | undefined {
  const text = argumentsText(approval);
  return escapeHtml(text).length > LONGEST_ARGUMENTS ? undefined : text;
}
