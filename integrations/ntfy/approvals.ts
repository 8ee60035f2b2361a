// Calls of tools that wait for a person, decided by a button of a notification. Each button calls an address that is good for one
// decision: an id and a secret, of which the store keeps the hash.

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
  /** Of the secret. */
  hash: string;
  approval_id: string;
  topic: string;
  approved: boolean;
  /** The id of the other button. */
  other: string;
}

const LONGEST_ARGUMENTS = 1_500;
const LONGEST_ID = 64;
const keyOf = (id: string): string => `decision:${id}`;
const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");

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
  const [yes, no] = [randomBytes(9).toString("base64url"), randomBytes(9).toString("base64url")];
  const button = async (label: string, id: string, other: string) => {
    const secret = randomBytes(32).toString("base64url");
    const approved = id === yes;
    const offered: Offered = { hash: hashOf(secret), approval_id: approval.id, topic, approved, other };
    await store.set(keyOf(id), offered, { ttlSeconds: Math.max(60, seconds) });
    const url = `${server.baseUrl}/integrations/ntfy/decisions/${id}.${secret}`;
    return { action: "http", label, url, method: "POST", clear: true };
  };
  return [await button("Approve", yes, no), await button("Deny", no, yes)];
}

/** What became of a button; undefined for an address that is unknown, used up or too old. */
export async function decide(token: string): Promise<string | undefined> {
  const [id = "", secret = ""] = token.split(".");
  const offered = id.length <= LONGEST_ID ? await store.get<Offered>(keyOf(id)) : undefined;
  if (!offered || !timingSafeEqual(offered.hash, hashOf(secret))) return undefined;
  const { approval_id, topic, approved, other } = offered;
  const by = { id: topic, name: `a subscriber of ${topic}` };
  let status: string | undefined;
  try {
    ({ status } = await approvals.decide(approval_id, { approved, by }));
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code !== "conflict" && code !== "forbidden" && code !== "not_found") throw error;
  }
  await store.delete(keyOf(id));
  await store.delete(keyOf(other));
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
