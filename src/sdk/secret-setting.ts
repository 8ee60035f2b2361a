// Decides whether a setting is secret if it is not declared so. In doubt it is, because a leaked secret cannot be
// taken back.

import { isHarmlessName, isMeasure, isSecretName } from "../secrets/names.ts";

/** The parts of a setting's schema that matter here. */
interface Telling {
  type?: unknown;
  format?: unknown;
  default?: unknown;
  const?: unknown;
  enum?: unknown;
  anyOf?: unknown;
}

/**
 * A setting is secret if it is named like one, except for booleans and for numbers that are amounts or durations. Not
 * secret are other numbers and booleans, choices from a list, URLs, settings with a default in the code, and those
 * with a plainly harmless name. All others are secret too.
 */
export function isSecretSetting(key: string, schema: Telling): boolean {
  if (isSimple(schema, "boolean")) return false;
  const isNumber = isSimple(schema, "number") || isSimple(schema, "integer");
  if (isSecretName(key)) return !(isNumber && isMeasure(key));
  if (isNumber || isChoice(schema) || schema.format === "uri" || schema.format === "url") return false;
  if (schema.default !== undefined && schema.default !== null && schema.default !== "") return false;
  return !isHarmlessName(key);
}

/** Also recognises Elysia's `t.Integer()` and the like, which are unions with a text variant. */
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
