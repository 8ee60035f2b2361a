// The approvals of a run, as the run itself writes and reads them, under its claim.

import { asc, eq } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { approvals } from "../db/schema.ts";
import { storableJson } from "../db/storable.ts";
import { newId } from "../ids.ts";
import type { LlmToolCall } from "../llm/llm.ts";
import { callHash } from "../policies/call-hash.ts";
import type { Decision } from "../policies/policy.ts";
import type { Redact } from "../redact.ts";
import type { JsonObject } from "../sdk/types.ts";
import { type StepClaim, underClaim } from "./steps.ts";

export type Approval = typeof approvals.$inferSelect;

export interface AskedCall {
  call: LlmToolCall;
  /** The assistant message that asks for the call. */
  messageId: string;
  integrationId: string | null;
  /** How rules name the tool, if not by its name. */
  reference: string | null;
  args: JsonObject;
  decision: Decision;
  expiresAt: Date;
}

export const loadApprovals = ({ query }: Pick<Database, "query">, taskId: string): Promise<Approval[]> =>
  query.select().from(approvals).where(eq(approvals.task_id, taskId)).orderBy(asc(approvals.id));

/** Asks people about a call, once. */
export async function saveApproval(
  db: Database,
  task: StepClaim & { channel_id: string },
  { call, messageId, integrationId, reference, args, decision, expiresAt }: AskedCall,
  redact: Redact,
): Promise<void> {
  const { rule, reason, approval } = decision;
  await underClaim(
    db,
    task,
    `asked as (
       insert into approvals (id, task_id, session_id, channel_id, bot_id, correlation_id, message_id, call_id, tool_name,
         integration_id, arguments, call_hash, policy_id, policy_name, reason, approvers, on_timeout, expires_at, tool_reference)
       select $3::uuid, id, session_id, $4::uuid, bot_id, correlation_id, $5::uuid, $6::text, $7::text, $8::text,
         $9::text::jsonb, $10::text, $11::uuid, $12::text, $13::text, $14::text::jsonb, $15::text, $16::timestamptz, $17::text
       from claim
       on conflict (message_id, call_id) do nothing
     )`,
    [
      newId(),
      task.channel_id,
      messageId,
      call.id,
      call.name,
      integrationId,
      JSON.stringify(shown(args, redact)),
      callHash(call),
      rule?.id ?? null,
      rule?.name ?? "",
      reason,
      JSON.stringify(approval.approvers),
      approval.on_timeout,
      expiresAt.toISOString(),
      reference,
    ],
  );
}

/** Notes that the approved call is begun, so that it is not begun again after a crash. */
export async function saveBegun(db: Database, task: StepClaim, id: string): Promise<void> {
  await underClaim(
    db,
    task,
    `begun as (
       update approvals set begun_at = coalesce(begun_at, now()) from claim
       where approvals.id = $3::uuid and approvals.task_id = claim.id
     )`,
    [id],
  );
}

/** Arguments without secrets. */
export function shown(value: JsonObject, redact: Redact): JsonObject {
  const clean = (one: unknown): unknown => {
    if (typeof one === "string") return redact(one);
    if (Array.isArray(one)) return one.map(clean);
    if (typeof one !== "object" || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([name, inner]) => [redact(name), clean(inner)]));
  };
  return storableJson(clean(value) as JsonObject);
}
