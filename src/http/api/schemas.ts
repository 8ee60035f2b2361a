// Pieces of schemas that several routes use.

import type { TUnsafe } from "@sinclair/typebox";
import { type TSchema, t } from "elysia";
import type { Origin } from "../../content/owned-registry.ts";
import { named } from "../../schema/openapi-schema.ts";

export const nullable = <Schema extends TSchema>(schema: Schema, description?: string) =>
  t.Union([schema, t.Null()], description === undefined ? {} : { description });

/** One of these words. `t.Union` of a list that is not written out has no type of its own. */
export function oneOf<const Word extends string>(
  words: readonly Word[],
  description?: string,
): TUnsafe<Word> {
  const union = t.Union(
    words.map((word) => t.Literal(word)),
    description === undefined ? {} : { description },
  );
  return union as unknown as TUnsafe<Word>;
}

export const Id = t.String({ format: "uuid", description: "A UUID." });
/** Of nothing: it shows in the documentation what an id looks like. */
export const EXAMPLE_ID = "0198c0de-0000-7000-8000-000000000000";
export const IdParams = t.Object({ id: Id });
export const Instant = t.String({ format: "date-time" });
export const JsonFields = t.Record(t.String(), t.Any());

export const instant = (date: Date): string => date.toISOString();
export const instantOrNull = (date: Date | null): string | null => date?.toISOString() ?? null;

const MAX_PAGE = 500;

/** The title is how an error names the field: see explain-invalid.ts. */
export const limitOf = (fallback: number, maximum = MAX_PAGE) =>
  t.Integer({
    title: "limit",
    description: `How many, 1 to ${maximum}.`,
    minimum: 1,
    maximum,
    default: fallback,
  });

export const PageQuery = {
  limit: limitOf(50),
  cursor: t.Optional(t.String({ format: "uuid", description: "`next_cursor` of the page before." })),
};

export const NextCursor = nullable(t.String(), "Null on the last page.");

export const DispatchConfig = named(
  "DispatchConfig",
  t.Object(
    {
      type: t.String({
        minLength: 1,
        maxLength: 64,
        description: "none, webhook, internal, or an integration's.",
      }),
    },
    {
      additionalProperties: true,
      description: "Where the outcome goes; the fields besides `type` are those of the type.",
    },
  ),
);

/** One row more than asked for was read: it tells whether another page follows. */
export function pageOf<Row extends { id: string }>(
  rows: Row[],
  limit: number,
): { rows: Row[]; next_cursor: string | null } {
  const page = rows.slice(0, limit);
  return { rows: page, next_cursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
}

/** Of a list whose ids are words and that is sorted by them. */
export const IdPageQuery = {
  limit: limitOf(100),
  cursor: t.Optional(t.String({ maxLength: 200, description: "`next_cursor` of the page before." })),
};

export function pageById<Item extends { id: string }>(
  items: Item[],
  { limit, cursor }: { limit: number; cursor?: string },
): { rows: Item[]; next_cursor: string | null } {
  return pageOf(cursor === undefined ? items : items.filter(({ id }) => id > cursor), limit);
}

/** Of a thing whose id may have slashes, which a client encodes: "integrations%2Fgithub%2Fgithub". */
export const ContentParams = t.Object({ id: t.String({ minLength: 1, maxLength: 400 }) });

/** The same, with the slashes as they are. */
export const RestOfPath = t.Object({ "*": t.String({ minLength: 1, maxLength: 400 }) });

/** Where a thing that is declared in a file comes from. */
export const ContentSource = {
  source: oneOf(["builtin", "home", "integration"]),
  integration_id: nullable(t.String()),
};

export const contentSource = (origin: Origin) => ({
  source: origin.kind,
  integration_id: origin.kind === "integration" ? origin.id : null,
});
