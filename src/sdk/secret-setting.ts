// Whether a setting is secret when nobody has said so: a doubt counts as yes, for a secret that is shown cannot be taken back.

import { isHarmlessName, isMeasure, isSecretName } from "../secrets/names.ts";

/** What of a setting's schema tells. */
interface Telling {
  type?: unknown;
  format?: unknown;
  default?: unknown;
  const?: unknown;
  enum?: unknown;
  anyOf?: unknown;
}

/**
 * Secret is what is named like one, but for booleans and for numbers that say how much or how long. Not secret are other
 * numbers and booleans, values of a list, URLs, what has a default in the code, and what has a plainly harmless name.
 * The rest is secret, too.
 */
export function isSecretSetting(key: string, schema: Telling): boolean {
  if (isSimple(schema, "boolean")) return false;
  const isNumber = isSimple(schema, "number") || isSimple(schema, "integer");
  if (isSecretName(key)) return !(isNumber && isMeasure(key));
  if (isNumber || isChoice(schema) || schema.format === "uri" || schema.format === "url") return false;
  if (schema.default !== undefined && schema.default !== null && schema.default !== "") return false;
  return !isHarmlessName(key);
}

/** Elysia's `t.Integer()` and its like are unions with the text of one. */
function isSimple(schema: Telling, type: string): boolean {
  if (schema.type === type) return true;
  const parts = alternatives(schema);
  return (
    parts.length > 0 && parts.some((part) => part.type === type) && parts.every((part) => isText(part, type))
  );
}

const isText = (part: Telling, type: string): boolean =>
  part.type === type || (part.type === "string" && typeof part.format === "string");

const isChoice = (schema: Telling): boolean =>
  schema.const !== undefined || Array.isArray(schema.enum) || isUnionOf(schema, isChoice);

function isUnionOf(schema: Telling, test: (part: Telling) => boolean): boolean {
  const parts = alternatives(schema);
  return parts.length > 0 && parts.every(test);
}

const alternatives = ({ anyOf }: Telling): Telling[] => (Array.isArray(anyOf) ? anyOf : []);
