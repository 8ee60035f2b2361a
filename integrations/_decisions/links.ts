// Links that decide on a call that waits for a person. Each is good for one decision, and consists of an id and a secret, of which the
// store keeps only the hash.

import { createHash, randomBytes } from "node:crypto";
import {
  type AskedApproval,
  approvals,
  connection,
  log,
  server,
  store,
  timingSafeEqual,
  verifyWith,
} from "heddle/sdk";
import { refusedBecause } from "./refused.ts";

interface Offered {
  /** Of the secret. */
  hash: string;
  approval_id: string;
  /** Whom the policy names, as the service knows them. */
  person: string;
  approved: boolean;
  /** The id of the other address. */
  other: string;
}

export interface DecisionLinks {
  approve: string;
  deny: string;
}

const LONGEST_ID = 64;
const keyOf = (id: string): string => `decision:${id}`;
const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");

/** Undefined if the policy does not name this person of the integration, or nobody would know where to call. */
export async function offerLinks(
  approval: AskedApproval,
  { integration, person }: { integration: string; person: string },
): Promise<DecisionLinks | undefined> {
  if (!approval.approvers.includes(`${integration}:${person}`) || !server.baseUrl) return undefined;
  const seconds = Math.ceil((Date.parse(approval.expires_at) - Date.now()) / 1_000);
  const [yes, no] = [randomBytes(9).toString("base64url"), randomBytes(9).toString("base64url")];
  const link = async (id: string, other: string) => {
    const secret = randomBytes(32).toString("base64url");
    const approved = id === yes;
    const offered: Offered = { hash: hashOf(secret), approval_id: approval.id, person, approved, other };
    await store.set(keyOf(id), offered, { ttlSeconds: Math.max(60, seconds) });
    return `${server.baseUrl}/integrations/${integration}/decisions/${id}.${secret}`;
  };
  return { approve: await link(yes, no), deny: await link(no, yes) };
}

export interface VerifiedLink {
  id: string;
  offered: Offered;
}

/** What a link may carry beside its address. */
const MOST_BYTES = 10_000;

/**
 * What the address would decide, whose secret is the sender's proof; undefined for one that is unknown, used up or too old. The inbox shows
 * which it was. Takes a route with `parse: "none"`.
 */
export async function verifyLink(request: Request, token: string): Promise<VerifiedLink | undefined> {
  const link = await findLink(token);
  try {
    await verifyWith(request, () => link !== undefined, { proofHeaders: [], maxBytes: MOST_BYTES });
  } catch (error) {
    if ((error as { code?: unknown }).code !== "invalid_signature") throw error;
    return undefined;
  }
  return link;
}

/** The same without a look at who asks. */
export async function findLink(token: string): Promise<VerifiedLink | undefined> {
  const [id = "", secret = ""] = token.split(".");
  const offered = id.length <= LONGEST_ID ? await store.get<Offered>(keyOf(id)) : undefined;
  return offered && timingSafeEqual(offered.hash, hashOf(secret)) ? { id, offered } : undefined;
}

/** Decides as the person, once. */
export async function decideBy(
  { id, offered }: VerifiedLink,
  nameOf: (person: string) => string,
): Promise<Decided> {
  const { approval_id, person, approved, other } = offered;
  const decided = await decideOnce(approval_id, { approved, by: { id: person, name: nameOf(person) } });
  await store.delete(keyOf(id));
  await store.delete(keyOf(other));
  const at = new Date().toISOString().slice(0, 16).replace("T", " ");
  // That links can be opened from where people are depends on BASE_URL, and nothing else shows it.
  await connection
    .report({ name: "links", status: "connected", detail: `the last one was opened ${at} UTC` })
    .catch((error) => log.warning("That a link was opened could not be shown", { error: String(error) }));
  return decided;
}

/** The status after the decision, or why it was too late, or not for this person to decide. */
export type Decided = { status: string } | { refused: string };

export async function decideOnce(
  id: string,
  decision: Parameters<typeof approvals.decide>[1],
): Promise<Decided> {
  try {
    return { status: (await approvals.decide(id, decision)).status };
  } catch (error) {
    const refused = refusedBecause(error);
    if (refused === undefined) throw error;
    return { refused };
  }
}
