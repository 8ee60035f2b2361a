// Actions on everything that matches a filter: counted first, then done a page at a time, so that a client shows its
// progress and can stop.

import type { TProperties } from "@sinclair/typebox";
import { type Static, t } from "elysia";
import { errorMessage, HeddleError } from "../../errors.ts";
import { named } from "../../schema/openapi-schema.ts";
import { Id, nullable } from "./schemas.ts";

const PAGE = 50;
const MOST = 200;

/** The body of an action on many. */
export const bulkBody = <Fields extends TProperties>(filter: Fields) =>
  t.Object(
    {
      filter: t.Object(filter, {
        additionalProperties: false,
        description: "The same as the list's; {} is everything.",
      }),
      dry_run: t.Optional(t.Boolean({ description: "True only counts what matches." })),
      limit: t.Optional(
        t.Integer({ minimum: 1, maximum: MOST, description: `How many to act on now. Default: ${PAGE}.` }),
      ),
      cursor: t.Optional(
        nullable(t.String({ format: "uuid" }), "`next_cursor` of the answer before, to go on."),
      ),
    },
    { additionalProperties: false },
  );

export const BulkAnswer = named(
  "BulkAnswer",
  t.Object({
    count: nullable(t.Integer(), "How many match; null unless it is a dry run."),
    done: t.Integer({ description: "How many it has acted on now." }),
    failed: t.Array(
      t.Object({
        id: Id,
        code: t.String({ description: "The error as a code." }),
        message: t.String({ description: "The error in words." }),
      }),
      { description: "Those for which it was not possible." },
    ),
    next_cursor: nullable(t.String(), "Send it as `cursor` to go on; null: it is finished."),
  }),
);

interface BulkInput {
  dry_run?: boolean;
  limit?: number;
  cursor?: string | null;
}

export interface Bulk {
  count(): Promise<number>;
  /** The ids after the cursor, newest first, so that what the action itself creates is never among them. */
  ids(page: { limit: number; cursor?: string | undefined }): Promise<string[]>;
  act(id: string): Promise<unknown>;
}

export async function runBulk(
  { dry_run = false, limit = PAGE, cursor }: BulkInput,
  { count, ids, act }: Bulk,
): Promise<Static<typeof BulkAnswer>> {
  if (dry_run) return { count: await count(), done: 0, failed: [], next_cursor: null };
  const found = await ids({ limit: limit + 1, cursor: cursor ?? undefined });
  const page = found.slice(0, limit);
  const failed: Static<typeof BulkAnswer>["failed"] = [];
  for (const id of page) {
    try {
      await act(id);
    } catch (error) {
      // A failure of one must not stop the others; an outage does.
      if (!(error instanceof HeddleError) || error.retryable) throw error;
      failed.push({ id, code: error.code, message: errorMessage(error) });
    }
  }
  return {
    count: null,
    done: page.length - failed.length,
    failed,
    next_cursor: found.length > limit ? (page.at(-1) ?? null) : null,
  };
}
