// Corrections and withdrawals of what was delivered. Each is a delivery of its own behind those to the same target, so it is retried,
// made in its turn and once, and shows what became of it.

import { eq, sql } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";
import { deliveries } from "../db/schema.ts";
import { HeddleError, notFound } from "../errors.ts";
import { type DeliveryRow, fieldLocation } from "./delivery.ts";
import type { NewDelivery } from "./outbox.ts";
import type { Dispatchers } from "./registry.ts";
import type { ConfigSealer } from "./seal-config.ts";

/** What is to be read instead, or that nothing is to be read any more. */
export type Change = { kind: "edit"; text: string } | { kind: "remove" };

export interface ChangeOptions {
  db: Database;
  dispatchers: Pick<Dispatchers, "get">;
  sealer: Pick<ConfigSealer, "open">;
  /** Returns the ids of the rows that it wrote. */
  write(tx: Queryable, delivery: NewDelivery): Promise<string[]>;
}

/** Resolves with the delivery that makes the change. Throws `not_found`, or `conflict` for what cannot be changed. */
export type ChangeDelivered = (id: string, change: Change) => Promise<DeliveryRow>;

const WORDS = { edit: "corrected", remove: "withdrawn" };

export function createChange({ db, dispatchers, sealer, write }: ChangeOptions): ChangeDelivered {
  return (id, change) =>
    db.query.transaction(async (tx) => {
      // Two changes at once follow one another.
      const [row] = await tx.select().from(deliveries).where(eq(deliveries.id, id)).for("update");
      if (!row) throw notFound("delivery", id);
      const { task_id, session_id, bot_id, correlation_id, dispatch_type, payload } = row;
      checkThatItCan(row, change);
      const { type: _, ...dispatch_config } = sealer.open(row.dispatch_config, fieldLocation(id));
      const { extra_metadata, hops } = payload;
      const [written = ""] = await write(tx, {
        ...{ task_id, session_id, bot_id, correlation_id, dispatch_type, dispatch_config },
        payload: {
          ...{ kind: change.kind, text: change.kind === "edit" ? change.text : "", client_actions: [] },
          ...{ extra_metadata, changes: { delivery_id: id, receipt_of: await receiptOf(tx, row) } },
          ...(hops !== undefined && { hops }),
        },
      });
      const note = JSON.stringify({ delivery_id: written, kind: change.kind });
      await tx
        .update(deliveries)
        .set({ payload: sql`jsonb_set(${deliveries.payload}, '{changed_by}', ${note}::jsonb)` })
        .where(eq(deliveries.id, id));
      const [made] = await tx.select().from(deliveries).where(eq(deliveries.id, written));
      if (!made) throw new Error(`The delivery ${written} was written and is not there.`);
      return made;
    });

  function checkThatItCan(row: DeliveryRow, { kind }: Change): void {
    const why = whyNotChanged(row, kind, dispatchers);
    if (why === undefined) return;
    throw new HeddleError("conflict", `Delivery ${row.id} cannot be ${WORDS[kind]}: ${why}`);
  }
}

/** Why a delivery cannot be changed in this way, whatever was changed before; undefined if it can. */
export function whyNotChanged(
  { status, dispatch_type, payload }: DeliveryRow,
  kind: Change["kind"],
  dispatchers: Pick<Dispatchers, "get">,
): string | undefined {
  if (payload.changes) return `it changes delivery ${payload.changes.delivery_id}; change that one.`;
  if (payload.kind === "approval") return "it asks for a decision.";
  if (status !== "delivered") return `it is ${status}, and only what was delivered can be changed.`;
  const can = dispatchers.get(dispatch_type)?.[kind] !== undefined;
  return can ? undefined : `the dispatcher "${dispatch_type}" has no ${kind}().`;
}

/** The delivery whose receipt says what is there: the last correction that was made or will be, or the row itself. */
async function receiptOf(tx: Queryable, row: DeliveryRow): Promise<string> {
  const { changed_by } = row.payload;
  if (!changed_by) return row.id;
  const [last] = await tx.select().from(deliveries).where(eq(deliveries.id, changed_by.delivery_id));
  if (!last) return row.id;
  if (last.status === "dead") return last.payload.changes?.receipt_of ?? row.id;
  if (changed_by.kind === "remove")
    throw new HeddleError("conflict", `Delivery ${row.id} cannot be changed any more: it was withdrawn.`);
  return last.id;
}
