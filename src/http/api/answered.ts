// Derives the fields of an answer from those of the body that sets them, so that each is described only once.

import type { TProperties, TRequired, TSchema } from "@sinclair/typebox";
import { t } from "elysia";

/** Limits apply to input only. A stored value is returned as it is, whatever the limit was when it was stored. */
const LIMITS = ["minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "pattern"];

/** Returns the same fields, always present and without limits. */
export function answered<Fields extends TProperties>(
  fields: Fields,
): TRequired<ReturnType<typeof t.Object<Fields>>>["properties"] {
  const open = Object.fromEntries(
    Object.entries(fields).map(([name, schema]) => [name, withoutLimits(schema)]),
  );
  return t.Required(t.Object(open)).properties as never;
}

function withoutLimits(schema: TSchema): TSchema {
  const kept = { ...schema };
  for (const limit of LIMITS) delete kept[limit];
  if (Array.isArray(kept.anyOf)) kept.anyOf = kept.anyOf.map(withoutLimits);
  return kept;
}
