// Calls of tools that wait for a person, asked with buttons. People are only asked here if the policy names somebody of Slack, since
// everybody in the channel can read the arguments.

import type { WebClient } from "@slack/web-api";
import type { AskApprovalInput, DispatchContext } from "heddle/sdk";
import { argumentsText } from "../_decisions/arguments.ts";
import { whenDecided } from "../_decisions/when.ts";
import { codeOf } from "./client.ts";
import { PREFIX } from "./place.ts";
import { editText, postPart, type Where } from "./post.ts";
import { APPROVE, APPROVE_RUN, DENY } from "./pressed.ts";

/** Slack takes 3,000 characters in a section. */
const LONGEST_ARGUMENTS = 2_800;

export async function askWithButtons(
  { approval, botId, receipt }: Pick<AskApprovalInput, "approval" | "botId" | "receipt">,
  slack: WebClient,
  where: Where,
  ctx: DispatchContext,
): Promise<{ receipt: unknown }> {
  const { tool, status, decided_by, approvers, id, policy, reason } = approval;
  if (status === "pending") {
    const people = approvers.filter((one) => one.startsWith(PREFIX)).map((one) => one.slice(PREFIX.length));
    if (people.length === 0) return { receipt: { skipped: "the policy names nobody of Slack" } };
    const args = argumentsText(approval);
    // Nobody could read what they decide on.
    if (args.length > LONGEST_ARGUMENTS) return { receipt: { skipped: "the arguments are too long" } };
    const text = `${botId} wants to call ${tool}. May it?`;
    const blocks = [
      plain(`${text}\n${people.length} may decide. Policy: ${policy}. ${reason ?? ""}`.trim()),
      {
        type: "rich_text",
        elements: [{ type: "rich_text_preformatted", elements: [{ type: "text", text: args }] }],
      },
      {
        type: "actions",
        elements: [
          button("Allow", APPROVE, id, "primary"),
          button("Allow in this run", APPROVE_RUN, id),
          button("Deny", DENY, id, "danger"),
        ],
      },
    ];
    return { receipt: { ts: await postPart(slack, where, text, 0, ctx, {}, { blocks }) } };
  }
  const { ts } = (receipt ?? {}) as { ts?: string };
  if (ts === undefined) return { receipt: { skipped: "nobody was asked here" } };
  const by = decided_by ? ` by ${decided_by}${whenDecided(approval)}` : "";
  const text = `${botId} wanted to call ${tool}. ${outcomes[status]}${by}.`;
  try {
    await editText(slack, where.channel, ts, text, { blocks: [plain(text)] });
  } catch (error) {
    // Somebody has deleted the question.
    if (codeOf(error) !== "message_not_found") throw error;
  }
  return { receipt: { ts } };
}

const outcomes = {
  approved: "✅ Allowed",
  denied: "❌ Denied",
  expired: "Nobody decided in time",
  cancelled: "The run has ended",
};

const plain = (text: string) => ({
  type: "section",
  text: { type: "plain_text", text: text.slice(0, 3_000).toWellFormed() },
});

const button = (text: string, action_id: string, value: string, style?: "primary" | "danger") => ({
  ...{ type: "button", text: { type: "plain_text", text }, action_id, value },
  ...(style && { style }),
});
