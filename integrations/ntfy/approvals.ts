// Calls of tools that wait for a person, decided by a button of a notification, which calls an address.

import { type AskApprovalInput, type AskedApproval, type DispatchContext, server } from "heddle/sdk";
import { argumentsText } from "../_decisions/arguments.ts";
import { type Decided, decideBy, offerLinks, verifyLink } from "../_decisions/links.ts";
import { whenDecided } from "../_decisions/when.ts";
import { publish } from "./client.ts";
import type { Head, Target } from "./target.ts";

/** What a phone shows; beyond it nobody could read what they decide on. */
const LONGEST_ARGUMENTS = 1_500;
/** A longer text becomes a file beside the notification. */
const LONGEST_BYTES = 4_096;

export async function askByActions(
  { approval, botId, config }: AskApprovalInput<Target>,
  head: Head,
  { signal, once }: DispatchContext,
): Promise<{ receipt: unknown }> {
  // What is decided takes the place of the question.
  const about = { ...head, sequence_id: approval.id };
  if (approval.status !== "pending") {
    const { id } = await publish({ ...about, message: outcome(approval, botId) }, signal);
    return { receipt: { ids: [id] } };
  }
  const { id } = await once("ask", async () => {
    const asked = question(approval, botId);
    const actions =
      Buffer.byteLength(asked) > LONGEST_BYTES ? undefined : await offer(approval, config.topic);
    const message = actions ? asked : elsewhere(approval, botId);
    const notification = { ...about, message, priority: Math.max(config.priority ?? 3, 4) };
    return publish({ ...notification, ...(actions && { actions }) }, signal);
  });
  return { receipt: { ids: [id] } };
}

/** The two buttons; undefined if nobody here may decide, if not everything can be shown, or if ntfy would not know where to call. */
async function offer(approval: AskedApproval, topic: string): Promise<object[] | undefined> {
  if (argumentsText(approval, 1).length > LONGEST_ARGUMENTS) return undefined;
  const links = await offerLinks(approval, { integration: "ntfy", person: topic });
  if (!links) return undefined;
  const button = (label: string, url: string) => ({
    action: "http",
    label,
    url,
    method: "POST",
    clear: true,
  });
  return [button("Approve", links.approve), button("Deny", links.deny)];
}

/** What became of a button; undefined for an address that is unknown, used up or too old. */
export async function decide(request: Request, token: string): Promise<Decided | undefined> {
  const link = await verifyLink(request, token);
  return link && decideBy(link, (topic) => `a subscriber of ${topic}`);
}

function question(approval: AskedApproval, botId: string): string {
  const { tool, policy, reason, expires_at } = approval;
  const until = `${expires_at.slice(0, 16).replace("T", " ")} UTC`;
  return [
    `${botId} wants to call ${tool}. May it?`,
    argumentsText(approval, 1),
    [`Policy: ${policy}.`, (reason ?? "").slice(0, 300).toWellFormed(), `Until ${until}.`]
      .filter(Boolean)
      .join(" "),
  ].join("\n");
}

const elsewhere = ({ id }: AskedApproval, botId: string): string =>
  `${botId} waits for a person who decides in Heddle. ${server.baseUrl ? `${server.baseUrl}/approvals/${id}` : ""}`.trim();

function outcome(approval: AskedApproval, botId: string): string {
  const { tool, status, decided_by } = approval;
  const asked = `${botId} wanted to call ${tool}`;
  if (status === "approved" || status === "denied") {
    return `${asked}: ${status} by ${decided_by ?? "somebody"}${whenDecided(approval)}.`;
  }
  return status === "expired" ? `${asked}: nobody decided in time.` : `${asked}: the run has ended.`;
}
