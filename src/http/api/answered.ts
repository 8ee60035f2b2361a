// Fields of a body in the answer that shows them, so that each is described once.

import type { TProperties, TRequired, TSchema } from "@sinclair/typebox";
import { t } from "elysia";

/** Limits hold for what comes in. What is stored is answered as it is, whatever the limit was at the time. */
const LIMITS = ["minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "pattern"];

/** The same fields, always present and without limits. */
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
