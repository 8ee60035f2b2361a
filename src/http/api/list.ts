// Lists of the API: their query parameters, their answers, and their pages.

import type {
  Static,
  TArray,
  TNull,
  TObject,
  TProperties,
  TSchema,
  TString,
  TUnion,
} from "@sinclair/typebox";
import { t } from "elysia";
import { HeddleError } from "../../errors.ts";
import { named } from "../../schema/openapi-schema.ts";
import { failures, type RouteFacts, type RouteOptions } from "./route-options.ts";
import { limitOf, nullable } from "./schemas.ts";

/** Rows that grow with use: tasks, sessions, webhooks. Their ids are UUIDs, and the newest come first. */
export const ROWS = {
  limit: limitOf(50),
  cursor: t.Optional(t.String({ format: "uuid", description: "`next_cursor` of the previous page." })),
};

/** Items that people set up: bots, skills, integrations. One page usually holds all of them. */
export const SETUP = setupPage();

/** `maximum` is for lists that have always allowed more than 500. */
export function setupPage(maximum?: number) {
  return {
    limit: limitOf(500, maximum),
    cursor: t.Optional(t.String({ maxLength: 400, description: "`next_cursor` of the previous page." })),
  };
}

const NextCursor = named(
  "NextCursor",
  nullable(t.String(), "Pass it as `cursor` for the next page; null on the last one."),
);

interface ListOptions<Key extends string, Item extends TSchema, Query extends TProperties> {
  /** The name of the items in the answer: "tasks". */
  key: Key;
  Item: Item;
  /** Filters, and one of the pages above. */
  query: Query;
  /** Error statuses of the route in addition to 401, 403 and 422. */
  fails?: Parameters<typeof failures>;
}

/** Spread into the GET of a list. */
export function listRoute<Key extends string, Item extends TSchema, Query extends TProperties>(
  route: RouteOptions,
  { key, Item, query, fails = [], ...facts }: RouteFacts & ListOptions<Key, Item, Query>,
) {
  const answer = t.Object({
    [key]: t.Array(Item, { description: "The items of this page." }),
    next_cursor: NextCursor,
  });
  return {
    ...route.plain(facts),
    query: t.Object(query, { additionalProperties: false }),
    response: {
      200: answer as unknown as TObject<
        Record<Key, TArray<Item>> & { next_cursor: TUnion<[TString, TNull]> }
      >,
      ...failures(403, ...fails),
    },
  };
}

type Page<Key extends string, Item> = Record<Key, Item[]> & { next_cursor: string | null };

/** A page of rows sorted by the database. One row more than requested is read, to see whether another page follows. */
export async function pageOfRows<Key extends string, Row extends { id: string | number }, Item>(
  key: Key,
  { limit, cursor }: { limit: number; cursor?: string | number },
  read: (page: PageAsked) => Promise<Row[]>,
  present: (row: Row) => Item,
): Promise<Page<Key, Item>> {
  const rows = await read({ limit: limit + 1, ...(typeof cursor === "string" && { cursor }) });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return answerOf(key, page.map(present), rows.length > limit && last ? String(last.id) : null);
}

interface PageAsked {
  limit: number;
  cursor?: string;
}

/** A page of items in memory, in the given order. `keyOf` returns a unique key. */
export function pageOfItems<Key extends string, Item>(
  key: Key,
  { limit, cursor }: PageAsked,
  items: readonly Item[],
  keyOf: (item: Item) => string,
): Page<Key, Item> {
  const start = cursor === undefined ? 0 : after(items.map(keyOf), cursor);
  const page = items.slice(start, start + limit);
  const last = page.at(-1);
  const hasMore = start + limit < items.length;
  return answerOf(key, page, hasMore && last !== undefined ? keyOf(last) : null);
}

/**
 * Returns the index of the next page. If the cursor's item was removed, its place in the sorted list is still known.
 */
function after(keys: string[], cursor: string): number {
  const at = keys.indexOf(cursor);
  if (at >= 0) return at + 1;
  const next = keys.findIndex((key) => key > cursor);
  return next < 0 ? keys.length : next;
}

const answerOf = <Key extends string, Item>(key: Key, items: Item[], nextCursor: string | null) =>
  ({ [key]: items, next_cursor: nextCursor }) as Page<Key, Item>;

const IntegrationId = t.Optional(t.String({ minLength: 1, description: "Only items of this integration." }));

/** The filter by integration, and its former name. */
export const INTEGRATION_FILTER = { integration: IntegrationId, integration_id: IntegrationId };

/** Throws `validation` if both names are given and differ. */
export function integrationIn({
  integration,
  integration_id,
}: Static<TObject<typeof INTEGRATION_FILTER>>): string | undefined {
  if (integration !== undefined && integration_id !== undefined && integration !== integration_id) {
    throw new HeddleError(
      "validation",
      `integration_id is the former name of integration and must be left out or equal to it; got "${integration_id}" and "${integration}".`,
      { field: "integration_id" },
    );
  }
  return integration ?? integration_id;
}

/** Turns the times of a filter into dates. */
export const timesIn = <Filter extends { since?: string; until?: string }>({
  since,
  until,
  ...filter
}: Filter) => ({
  ...filter,
  since: since === undefined ? undefined : new Date(since),
  until: until === undefined ? undefined : new Date(until),
});

/** `after` is the former name of `cursor` in a few lists. Throws `validation` if both are given. */
export function cursorIn<Cursor extends string | number>(
  cursor: Cursor | undefined,
  after: Cursor | undefined,
): { cursor?: Cursor } {
  if (cursor !== undefined && after !== undefined) {
    throw new HeddleError(
      "validation",
      "after must be left out if cursor is given; it is the former name of cursor.",
      {
        field: "after",
      },
    );
  }
  const given = cursor ?? after;
  return given === undefined ? {} : { cursor: given };
}
