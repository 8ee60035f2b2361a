// Parts of schemas that several routes use.

import type { TUnsafe } from "@sinclair/typebox";
import { type TSchema, t } from "elysia";
import { named } from "../../schema/openapi-schema.ts";

export const nullable = <Schema extends TSchema>(schema: Schema, description?: string) =>
  t.Union([schema, t.Null()], description === undefined ? {} : { description });

/** One of these words. A `t.Union` over a computed list would lose the literal types. */
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
/** An example for the documentation; it is the id of nothing. */
export const EXAMPLE_ID = "0198c0de-0000-7000-8000-000000000000";
const UUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
/** A filter of a list by ids; `what` says of what, such as "Only these tasks". */
export const listOfIds = (what: string) =>
  t.String({
    ...{ maxLength: 2_000, pattern: `^${UUID}( *, *${UUID})*$` },
    description: `${what}: at most 50 ids, separated by commas.`,
  });
export const IdParams = t.Object({ id: Id });
export const Instant = t.String({ format: "date-time" });
export const InstantOf = (description: string) => t.String({ format: "date-time", description });
/**
 * A point in time in a request. A date alone is refused because it has no time zone, and so are years that ISO 8601 or the
 * database writes in another form: before 1000, and after 9999 in UTC.
 */
export const GivenInstant = (description?: string) =>
  t.String({
    format: "date-time",
    pattern:
      "^(?!0|9999-12-31.*-\\d\\d:\\d\\d$)\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?([Zz]|[+-]\\d{2}:\\d{2})$",
    ...(description !== undefined && { description }),
  });
export const JsonFields = t.Record(t.String(), t.Any());
export const JsonOf = (description: string) => t.Record(t.String(), t.Any(), { description });

export const instant = (date: Date): string => date.toISOString();
export const instantOrNull = (date: Date | null): string | null => date?.toISOString() ?? null;

/** Warnings about soft references in what was just written; see "Rules" in docs/api.md. */
export const Warnings = t.Array(t.String(), {
  description:
    "Names of skills, tools, carapaces, templates or providers that do not exist now. They are stored and take effect as soon as these exist.",
});

const MAX_PAGE = 500;

/** Errors name the field by the schema's title; see explain-invalid.ts. */
export const limitOf = (fallback: number, maximum = MAX_PAGE) =>
  t.Integer({
    title: "limit",
    description: `The maximum number of items, 1 to ${maximum}.`,
    minimum: 1,
    maximum,
    default: fallback,
  });

export const DispatchConfig = named(
  "DispatchConfig",
  t.Object(
    {
      type: t.String({
        minLength: 1,
        maxLength: 64,
        description: "none, webhook, internal, or a type of an integration.",
      }),
    },
    {
      additionalProperties: true,
      description: "Where the outcome is delivered; the other fields depend on `type`.",
    },
  ),
);
