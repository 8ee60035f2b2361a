// Tells the places of a run about its approvals: people are asked where they talk with the bot, and everybody who was asked is told
// what was decided.

import { and, eq, sql } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { type ApprovalNotice, approvals, deliveries, type JsonObject } from "../db/schema.ts";
import type { Logger } from "../log.ts";
import { type DeliveryRow, fieldLocation } from "./delivery.ts";
import type { NewDelivery, Outbox } from "./outbox.ts";
import type { Dispatchers } from "./registry.ts";
import type { ConfigSealer } from "./seal-config.ts";

type Approval = typeof approvals.$inferSelect;

export interface ApprovalNotices {
  /** Asks about those calls of a run that nobody has been asked about at its targets. */
  ask(
    tx: Queryable,
    taskId: string,
    targets: { dispatch_type: string; dispatch_config: JsonObject }[],
  ): Promise<void>;
  /** Tells those who were asked. */
  tell(tx: Queryable, decided: Approval): Promise<void>;
}

export interface ApprovalNoticesOptions {
  outbox: Pick<Outbox, "write">;
  dispatchers: Pick<Dispatchers, "get">;
  sealer: Pick<ConfigSealer, "open">;
  /** The address of the admin UI, if people can know it. */
  adminUrl?: (() => string | undefined) | undefined;
  log: Logger;
}

/** How a place is asked: by its dispatcher, or by a text that says where to answer. */
type Way = "approval" | "post";

/** They post to programs and to bots. */
const NOBODY_READS = ["none", "webhook", "internal"];

export function createApprovalNotices({
  outbox,
  dispatchers,
  sealer,
  adminUrl,
  log,
}: ApprovalNoticesOptions): ApprovalNotices {
  const wayTo = (type: string): Way | undefined => {
    const dispatcher = dispatchers.get(type);
    if (dispatcher?.askApproval) return "approval";
    return dispatcher?.postMessage && !NOBODY_READS.includes(type) ? "post" : undefined;
  };
  /** Undefined for a place that cannot be read any more: the decision must not fail for it. */
  const targetOf = ({ id, dispatch_type, dispatch_config }: DeliveryRow) => {
    try {
      return { dispatch_type, dispatch_config: sealer.open(dispatch_config, fieldLocation(id)) };
    } catch (error) {
      log.error("Who was asked by delivery {delivery_id} cannot be told what was decided: {error}", {
        delivery_id: id,
        error,
      });
      return undefined;
    }
  };
  const askedOf = (id: unknown) =>
    sql`${deliveries.payload} #>> '{approval,id}' = ${id} and ${deliveries.payload} #> '{approval,asked_by}' is null`;
  return {
    async ask(tx, taskId, targets) {
      const able = targets.filter(({ dispatch_type }) => wayTo(dispatch_type) !== undefined);
      if (able.length === 0) return;
      const open = await tx
        .select()
        .from(approvals)
        .where(
          and(
            eq(approvals.task_id, taskId),
            eq(approvals.status, "pending"),
            sql`not exists (select from ${deliveries} where ${eq(deliveries.task_id, taskId)}
              and ${askedOf(sql`${approvals.id}::text`)})`,
          ),
        );
      const url = adminUrl?.();
      const wanted = open.flatMap((one) =>
        able.map((target) => deliveryOf(one, target, { kind: wayTo(target.dispatch_type) ?? "post", url })),
      );
      if (wanted.length > 0) await outbox.write(tx, ...wanted);
    },
    async tell(tx, decided) {
      const rows = await tx
        .select()
        .from(deliveries)
        .where(and(eq(deliveries.task_id, decided.task_id), askedOf(decided.id)));
      const wanted = rows
        // A place that gets texts is not told that there is nothing to do.
        .filter(({ payload: { kind } }) => kind === "approval" || decided.status !== "cancelled")
        .flatMap((row) => {
          const target = targetOf(row);
          const kind = row.payload.kind === "approval" ? row.payload.kind : "post";
          return target ? [deliveryOf(decided, target, { kind, asked_by: row.id })] : [];
        });
      if (wanted.length > 0) await outbox.write(tx, ...wanted);
    },
  };
}

function deliveryOf(
  row: Approval,
  target: { dispatch_type: string; dispatch_config: JsonObject },
  { kind, url, asked_by }: Pick<ApprovalNotice, "asked_by"> & { kind: Way; url?: string | undefined },
): NewDelivery {
  const { task_id, session_id, bot_id, correlation_id } = row;
  const { type: _type, ...dispatch_config } = target.dispatch_config;
  return {
    ...{ task_id, session_id, bot_id, correlation_id },
    dispatch_type: target.dispatch_type,
    dispatch_config,
    payload: {
      kind,
      text: kind === "post" ? textOf(row, url) : sentenceOf(row),
      client_actions: [],
      extra_metadata: kind === "post" ? { approval_id: row.id } : {},
      approval: {
        ...{ id: row.id, tool: row.tool_name, arguments: row.arguments, policy: row.policy_name },
        ...{ reason: row.reason, approvers: row.approvers, status: row.status },
        expires_at: row.expires_at.toISOString(),
        decided_by: row.decided_by_name,
        decided_at: row.decided_at?.toISOString() ?? null,
        ...(asked_by !== undefined && { asked_by }),
      },
    },
  };
}

function sentenceOf({ bot_id, tool_name, status, decided_by_name, decided_at }: Approval): string {
  const call = `${bot_id} wants to call ${tool_name}`;
  if (status === "pending") return `${call}. May it?`;
  if (status === "expired") return `${call}: nobody decided in time.`;
  if (status === "cancelled") return `${call}: the run has ended.`;
  const when = decided_at ? `, ${minuteOf(decided_at)} UTC` : "";
  return `${call}: ${status} by ${decided_by_name ?? "somebody"}${when}.`;
}

const minuteOf = (at: Date): string => at.toISOString().slice(0, 16).replace("T", " ");

/** Without the arguments: whoever reads the place need not be one of those who decide. */
function textOf(row: Approval, url: string | undefined): string {
  if (row.status !== "pending") return sentenceOf(row);
  const { id, policy_name, reason, expires_at } = row;
  const where = url === undefined ? "in the admin UI under Approvals" : `at ${url}/approvals/${id}`;
  return [
    sentenceOf(row),
    [`The policy "${policy_name}" leaves it to a person.`, reason ?? ""].join(" ").trim(),
    `Decide ${where}, or with: heddle approvals approve ${id}`,
    `Without a decision until ${minuteOf(expires_at)} UTC it is ${ENDS[row.on_timeout] ?? "not made"}.`,
  ].join("\n");
}

const ENDS: Record<string, string> = {
  allow: "made",
  deny: "not made",
  fail: "not made, and the run ends",
};
