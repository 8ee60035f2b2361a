// Calls of tools that wait for a person, asked as a notification with two buttons.

import {
  type AskApprovalInput,
  type AskedApproval,
  type DispatchContext,
  Permanent,
  server,
} from "heddle/sdk";
import { argumentsText } from "../_decisions/arguments.ts";
import { api } from "./client.ts";

export interface NotifyTarget {
  service?: string;
}

const PREFIX = "homeassistant:";
/** What a phone shows; beyond it nobody could read what they decide on. */
const LONGEST_ARGUMENTS = 1_000;

/** Asks; once it is decided, the same notification says how. */
export async function askByNotification(
  { approval, botId, config: { service } }: AskApprovalInput<NotifyTarget>,
  { signal }: DispatchContext,
): Promise<{ receipt: unknown }> {
  if (service === undefined)
    throw new Permanent("A question needs a notify service: set `service` in the dispatch_config.");
  // A notification with the same tag replaces the one before, also that of an earlier attempt.
  const tag = `heddle-approval-${approval.id}`;
  const actions = mayBeDecidedHere(approval) ? buttons(approval) : undefined;
  const body = {
    title: "Heddle asks",
    message: text(approval, botId, actions !== undefined),
    data: {
      tag,
      ...(actions && { actions }),
      ...(server.baseUrl && { url: `${server.baseUrl}/approvals/${approval.id}` }),
    },
  };
  await api.post(`/api/services/${service.replace(".", "/")}`, body, { signal }).text();
  return { receipt: { tag } };
}

/** Whether the policy names users of this home, and what they decide on can be shown. */
const mayBeDecidedHere = (approval: AskedApproval): boolean =>
  approval.status === "pending" &&
  approval.approvers.some((one) => one.startsWith(PREFIX)) &&
  argumentsText(approval, 1).length <= LONGEST_ARGUMENTS;

const buttons = ({ id }: AskedApproval) => [
  { action: `HEDDLE_APPROVE_${id}`, title: "Approve" },
  { action: `HEDDLE_DENY_${id}`, title: "Deny", destructive: true },
];

function text(approval: AskedApproval, botId: string, hasButtons: boolean): string {
  const { tool, status, decided_by, policy, expires_at } = approval;
  if (status === "pending") {
    if (!hasButtons) return `${botId} waits for a person who decides in Heddle.`;
    const until = `${expires_at.slice(0, 16).replace("T", " ")} UTC`;
    return `${botId} wants to call ${tool}. May it?\n${argumentsText(approval, 1)}\nPolicy: ${policy}. Until ${until}.`;
  }
  const asked = `${botId} wanted to call ${tool}`;
  if (status === "approved" || status === "denied")
    return `${asked}: ${status} by ${decided_by ?? "somebody"}.`;
  return status === "expired" ? `${asked}: nobody decided in time.` : `${asked}: the run has ended.`;
}
