// Calls of tools that wait for a person, asked as a notification with two buttons.

import { randomBytes } from "node:crypto";
import {
  type AskApprovalInput,
  type AskedApproval,
  type DispatchContext,
  Permanent,
  server,
  store,
  timingSafeEqual,
} from "heddle/sdk";
import { argumentsText } from "../_decisions/arguments.ts";
import { whenDecided } from "../_decisions/when.ts";
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
  const actions = mayBeDecidedHere(approval) ? await buttons(approval) : undefined;
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

const keyOf = (id: string): string => `asked:${id}`;

async function buttons({ id, expires_at }: AskedApproval) {
  const seconds = Math.ceil((Date.parse(expires_at) - Date.now()) / 1_000);
  const word = await store.update<string>(
    keyOf(id),
    (before) => before ?? randomBytes(WORD_BYTES).toString("hex"),
    { ttlSeconds: Math.max(60, seconds) },
  );
  return [
    { action: `HEDDLE_APPROVE_${id}_${word}`, title: "Approve" },
    { action: `HEDDLE_DENY_${id}_${word}`, title: "Deny", destructive: true },
  ];
}

const WORD_BYTES = 12;
const ACTION = /^HEDDLE_(APPROVE|DENY)_([0-9a-f-]{36})_([0-9a-f]{24})$/;

/**
 * What a tap decides; undefined for one on a button that no question had. A bot or an automation can send notifications with buttons, too,
 * and would have a person approve by "Good night": so the buttons of a question have a word that nobody else knows.
 */
export async function readTap(action: unknown): Promise<{ id: string; approved: boolean } | undefined> {
  const [, what, id = "", given = ""] = ACTION.exec(String(action ?? "")) ?? [];
  const word = what === undefined ? undefined : await store.get<string>(keyOf(id));
  if (word === undefined || !timingSafeEqual(word, given)) return undefined;
  return { id, approved: what === "APPROVE" };
}

function text(approval: AskedApproval, botId: string, hasButtons: boolean): string {
  const { tool, status, decided_by, policy, expires_at } = approval;
  if (status === "pending") {
    if (!hasButtons) return `${botId} waits for a person who decides in Heddle.`;
    const until = `${expires_at.slice(0, 16).replace("T", " ")} UTC`;
    return `${botId} wants to call ${tool}. May it?\n${argumentsText(approval, 1)}\nPolicy: ${policy}. Until ${until}.`;
  }
  const asked = `${botId} wanted to call ${tool}`;
  if (status === "approved" || status === "denied")
    return `${asked}: ${status} by ${decided_by ?? "somebody"}${whenDecided(approval)}.`;
  return status === "expired" ? `${asked}: nobody decided in time.` : `${asked}: the run has ended.`;
}
