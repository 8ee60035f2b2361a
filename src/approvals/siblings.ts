// The other calls of a run about which the same policy asks, and which wait as well, when somebody decides for more than one call.

import { and, eq, gt, isNull, ne } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { approvals } from "../db/schema.ts";
import { fitArguments } from "../policies/conditions.ts";
import { MARKER } from "../redact.ts";
import type { GivenDecision } from "./approvals.ts";

type ApprovalRow = typeof approvals.$inferSelect;

/**
 * Gives them the decision on `decided`, as far as it is about them, and returns them. The run's row must be locked, as it is by all who
 * decide.
 */
export async function decideSiblings(
  tx: Queryable,
  decided: ApprovalRow,
  { approved, choice, conditions }: GivenDecision,
  now: Date,
): Promise<ApprovalRow[]> {
  if (choice === "once") return [];
  const waiting = await tx.select().from(approvals).where(isSibling(decided, now));
  const meant = waiting.filter(
    (one) => choice !== "pattern" || fits(one, conditions ?? {}, approved ? "allow" : "deny"),
  );
  const { status, decided_by, decided_by_name, note, decided_at } = decided;
  const rows: ApprovalRow[] = [];
  for (const { id } of meant) {
    const row = await tx
      .update(approvals)
      .set({ status, choice, decided_by, decided_by_name, note, decided_at })
      .where(eq(approvals.id, id))
      .returning();
    rows.push(...row);
  }
  return rows;
}

/** Another policy may leave its calls to other people. */
const isSibling = (one: ApprovalRow, now: Date) =>
  and(
    eq(approvals.task_id, one.task_id),
    ne(approvals.id, one.id),
    eq(approvals.status, "pending"),
    gt(approvals.expires_at, now),
    eq(approvals.tool_name, one.tool_name),
    one.tool_reference === null
      ? isNull(approvals.tool_reference)
      : eq(approvals.tool_reference, one.tool_reference),
    one.policy_id === null ? isNull(approvals.policy_id) : eq(approvals.policy_id, one.policy_id),
    eq(approvals.policy_name, one.policy_name),
  );

/** What is redacted is not what the call has, so nobody knows whether it fits. */
const fits = (
  { arguments: args }: ApprovalRow,
  conditions: NonNullable<GivenDecision["conditions"]>,
  effect: "allow" | "deny",
): boolean => !JSON.stringify(args).includes(MARKER) && fitArguments(conditions, args, effect);
