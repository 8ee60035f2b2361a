// What is shown instead of a secret.

import type { JsonObject } from "../db/schema.ts";
import { mapLeaves } from "./leaves.ts";
import { isSecretName } from "./names.ts";
import { hintOf, isSealed } from "./seal.ts";
import { MASK, withoutUrlSecrets } from "./urls.ts";

/** Shows at most the last four characters, and only of secrets long enough that these reveal nothing. */
export const mask = (secret: string): string => `${MASK}${secret.length > 12 ? secret.slice(-4) : ""}`;

/** Returns the displayable version of a stored config. */
export function maskConfig(config: JsonObject): JsonObject {
  return mapLeaves(config, (value, path) => {
    if (isSealed(value)) return hintOf(value) ?? MASK;
    // Stored by a version that sealed fewer fields.
    if (path.some(isSecretName)) return MASK;
    return typeof value === "string" ? withoutUrlSecrets(value) : value;
  });
}

/** The names of what is secret, without the values. */
export const maskedValues = (values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.keys(values).map((name) => [name, MASK]));
