// Calls of tools that wait for a person, asked with buttons. People are only asked here if the policy names somebody of Discord, since
// everybody in the channel can read the arguments.

import type { AskApprovalInput, AskedApproval, DispatchContext } from "heddle/sdk";
import { argumentsText } from "../_decisions/arguments.ts";
import { whenDecided } from "../_decisions/when.ts";
import { codeOf } from "./client.ts";
import { PREFIX, type Target } from "./place.ts";
import { edit, postPart } from "./post.ts";

/** Beyond this not all of it could be shown. */
const LONGEST_ARGUMENTS = 1_300;
const LONGEST_MESSAGE = 2_000;
const UNKNOWN_MESSAGE = 10_008;

export async function askWithButtons(
  { approval, botId, config, receipt }: AskApprovalInput<Target>,
  ctx: DispatchContext,
): Promise<{ receipt: unknown }> {
  if (approval.status !== "pending") return showDecision(approval, botId, config, receipt, ctx);
  if (!approval.approvers.some((one) => one.startsWith(PREFIX)))
    return { receipt: { message_ids: [], skipped: "the policy names nobody of Discord" } };
  const shown = shownArguments(approval);
  if (shown.length > LONGEST_ARGUMENTS)
    return { receipt: { message_ids: [], skipped: "the arguments are too long" } };
  const about = escaped(`Policy: ${approval.policy}. ${approval.reason ?? ""}`.trim().slice(0, 400));
  const question = `${heading(approval, botId, "wants")}. May it?\n\`\`\`json\n${shown}\n\`\`\`\n`;
  // A reason is worth less than a question that Discord takes.
  const content = question + about.slice(0, LONGEST_MESSAGE - question.length).toWellFormed();
  const id = await postPart(config, "ask", { content, components: buttons(approval.id) }, ctx);
  return { receipt: { message_ids: [id] } };
}

async function showDecision(
  approval: AskedApproval,
  botId: string,
  config: Target,
  receipt: unknown,
  { signal }: DispatchContext,
): Promise<{ receipt: unknown }> {
  const [message_id] = ((receipt ?? {}) as { message_ids?: string[] }).message_ids ?? [];
  if (message_id === undefined) return { receipt: { message_ids: [], skipped: "nobody was asked here" } };
  const by = approval.decided_by ? ` by ${escaped(approval.decided_by)}${whenDecided(approval)}` : "";
  const content = `${heading(approval, botId, "wanted")}. ${outcomes[approval.status as keyof typeof outcomes]}${by}.`;
  try {
    await edit(config, { message_id }, { content, components: [] }, signal);
  } catch (error) {
    // Somebody has deleted the question.
    if (codeOf(error) !== UNKNOWN_MESSAGE) throw error;
  }
  return { receipt: { message_ids: [message_id] } };
}

const outcomes = {
  approved: "✅ Allowed",
  denied: "❌ Denied",
  expired: "Nobody decided in time",
  cancelled: "The run has ended",
};

const heading = ({ tool }: AskedApproval, botId: string, verb: string): string =>
  `**${escaped(botId)}** ${verb} to call **${escaped(tool)}**`;

const button = (label: string, style: number, custom_id: string) => ({ type: 2, style, label, custom_id });
const buttons = (id: string) => [
  {
    type: 1,
    components: [
      button("Allow", 3, `heddle:once:${id}`),
      button("Allow in this run", 1, `heddle:run:${id}`),
      button("Deny", 4, `heddle:deny:${id}`),
    ],
  },
];

/** Without the character that would end the code block. */
const shownArguments = (approval: AskedApproval): string =>
  argumentsText(approval).replaceAll("`", "\\u0060");

const escaped = (text: string): string => text.replace(/[\\*_~`|<>[\]]/g, "\\$&");
