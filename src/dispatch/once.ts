// Parts of a delivery that are done once, however many attempts the whole takes.

import { eq, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { patiently } from "../db/patiently.ts";
import { deliveries } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import type { Redact } from "../redact.ts";
import type { DispatchContext } from "../sdk/types.ts";
import type { DeliveryRow } from "./delivery.ts";
import { storableReceipt } from "./receipt.ts";

/** `ctx.once` of one attempt. */
export type OnceOf = (row: Pick<DeliveryRow, "id" | "parts">) => DispatchContext["once"];

const LONGEST_NAME = 200;

export function createOnce({ db, redact }: { db: Pick<Database, "query">; redact: Redact }): OnceOf {
  return ({ id, parts }) => {
    /** Parts of this attempt that are running: two concurrent calls with one name share the work. */
    const done = new Map<string, Promise<unknown>>();

    const doPart = async (name: string, work: () => unknown): Promise<unknown> => {
      const result = await work();
      const part = { [name]: { value: storableReceipt(result, redact) } };
      // Recorded whichever attempt this is, even after its time limit: the part has been done, and the next attempt must not do it
      // again because the database was away for a moment.
      await patiently(() =>
        db.query
          .update(deliveries)
          .set({ parts: sql`coalesce(${deliveries.parts}, '{}'::jsonb) || ${JSON.stringify(part)}::jsonb` })
          .where(eq(deliveries.id, id)),
      );
      return result;
    };

    return <Result>(given: string | number, work: () => Result | Promise<Result>) => {
      const name = checkName(given);
      const kept = parts && Object.hasOwn(parts, name) ? parts[name] : undefined;
      if (kept) return Promise.resolve(kept.value as Result);
      const running = done.get(name) ?? doPart(name, work);
      done.set(name, running);
      // A failed part may be tried again, in this attempt or a later one.
      running.catch(() => done.delete(name));
      return running as Promise<Result>;
    };
  };
}

function checkName(given: unknown): string {
  const isName =
    (typeof given === "string" &&
      given.length >= 1 &&
      given.length <= LONGEST_NAME &&
      !given.includes("\0")) ||
    Number.isFinite(given);
  if (isName) return String(given);
  throw new HeddleError(
    "validation",
    `The name of a part, first in ctx.once(), must be a text of 1 to ${LONGEST_NAME} characters or a number; got ${JSON.stringify(given)}.`,
  );
}
