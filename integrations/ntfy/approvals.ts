// Calls of tools that wait for a person, decided by a button of a notification. Each button calls an address that is good for one
// decision: a random token, of which the store keeps the hash.

import { createHash, randomBytes } from "node:crypto";
import {
  type AskApprovalInput,
  type AskedApproval,
  approvals,
  type DispatchContext,
  server,
  store,
  timingSafeEqual,
} from "heddle/sdk";
import { publish } from "./client.ts";
import { settings } from "./config.ts";
import type { Head, Target } from "./dispatcher.ts";

interface Offered {
  /** The key that it is stored under. */
  key: string;
  approval_id: string;
  topic: string;
  approved: boolean;
  /** The key of the other button. */
  other: string;
}

const LONGEST_ARGUMENTS = 1_500;
const keyOf = (token: string): string => `decision:${createHash("sha256").update(token).digest("hex")}`;

export async function askByActions(
  { approval, botId, config }: AskApprovalInput<Target>,
  head: Head,
  { signal, once }: DispatchContext,
): Promise<{ receipt: unknown }> {
  const sequence = settings.NTFY_CAN_UPDATE && { sequence_id: approval.id };
  if (approval.status !== "pending") {
    const message = outcome(approval, botId);
    return { receipt: { ids: [await publish({ ...head, message, ...sequence }, signal)] } };
  }
  const id = await once("ask", async () => {
    const actions = await offer(approval, config.topic);
    const message = actions ? question(approval, botId) : elsewhere(approval, botId);
    const notification = { ...head, message, priority: Math.max(config.priority ?? 3, 4), ...sequence };
    return publish({ ...notification, ...(actions && { actions }) }, signal);
  });
  return { receipt: { ids: [id] } };
}

/** The two buttons; undefined if nobody here may decide, or not all can be shown, or ntfy would not know where to call. */
async function offer(approval: AskedApproval, topic: string): Promise<object[] | undefined> {
  const isAsked = approval.approvers.includes(`ntfy:${topic}`);
  if (!isAsked || !server.baseUrl || JSON.stringify(approval.arguments).length > LONGEST_ARGUMENTS) {
    return undefined;
  }
  const seconds = Math.ceil((Date.parse(approval.expires_at) - Date.now()) / 1_000);
  const [yes, no] = [randomBytes(32).toString("base64url"), randomBytes(32).toString("base64url")];
  const add = (token: string, other: string, approved: boolean) => {
    const offered: Offered = {
      key: keyOf(token),
      approval_id: approval.id,
      topic,
      approved,
      other: keyOf(other),
    };
    return store.set(keyOf(token), offered, { ttlSeconds: Math.max(60, seconds) });
  };
  await add(yes, no, true);
  await add(no, yes, false);
  const action = (label: string, token: string) => ({
    action: "http",
    label,
    url: `${server.baseUrl}/integrations/ntfy/decisions/${token}`,
    method: "POST",
    clear: true,
  });
  return [action("Approve", yes), action("Deny", no)];
}

/** What became of a button; undefined for an address that is unknown, used up or too old. */
export async function decide(token: string): Promise<string | undefined> {
  const key = keyOf(token);
  const offered = await store.get<Offered>(key);
  if (!offered || !timingSafeEqual(offered.key, key)) return undefined;
  const { approval_id, topic, approved, other } = offered;
  const by = { id: topic, name: `a subscriber of ${topic}` };
  let status: string | undefined;
  try {
    ({ status } = await approvals.decide(approval_id, { approved, by }));
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code !== "conflict" && code !== "forbidden" && code !== "not_found") throw error;
  }
  await store.delete(key);
  await store.delete(other);
  return status;
}

function question({ tool, arguments: args, policy, reason, expires_at }: AskedApproval, botId: string) {
  const until = `${expires_at.slice(0, 16).replace("T", " ")} UTC`;
  return [
    `${botId} wants to call ${tool}. May it?`,
    JSON.stringify(args, null, 1),
    [`Policy: ${policy}.`, (reason ?? "").slice(0, 300), `Until ${until}.`].filter(Boolean).join(" "),
  ].join("\n");
}

const elsewhere = ({ id }: AskedApproval, botId: string): string =>
  `${botId} waits for a person who decides in Heddle. ${server.baseUrl ? `${server.baseUrl}/approvals/${id}` : ""}`.trim();

function outcome({ tool, status, decided_by }: AskedApproval, botId: string): string {
  const asked = `${botId} wanted to call ${tool}`;
  if (status === "approved" || status === "denied") {
    return `${asked}: ${status} by ${decided_by ?? "somebody"}.`;
  }
  return status === "expired" ? `${asked}: nobody decided in time.` : `${asked}: the run has ended.`;
}
