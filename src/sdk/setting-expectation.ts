// What a setting must be, in the words of a message to the person who enters it.

import { patternWords } from "../schema/pattern-words.ts";

/** The JSON Schema keywords that a setting can have. */
export interface SettingSchema {
  type?: string;
  format?: string;
  default?: unknown;
  secret?: boolean;
  const?: unknown;
  enum?: unknown[];
  anyOf?: SettingSchema[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  examples?: unknown;
}

const NAMES: Record<string, string> = {
  boolean: "true or false",
  integer: "a whole number",
  number: "a number",
};

/** Completes "The setting X must be …": "a whole number from 1 to 50". `of` gives the alternatives of a union. */
export function expectation(schema: SettingSchema, of: (schema: SettingSchema) => SettingSchema[]): string {
  return eitherOf(of(schema).flatMap(wanted));
}

function wanted(schema: SettingSchema): string[] {
  const choices = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  if (choices) return choices.map((choice) => JSON.stringify(choice));
  const { minimum, maximum, minLength, maxLength } = schema;
  const name = NAMES[schema.type ?? "string"];
  if (name !== undefined) return [name + range(minimum, maximum, "") + limits(schema)];
  return [`a text${range(minLength, maxLength, " characters")}${form(schema)}`];
}

function range(least: number | undefined, most: number | undefined, unit: string): string {
  if (least !== undefined && most !== undefined) {
    return unit === "" ? ` from ${least} to ${most}` : ` of ${least} to ${most}${unit}`;
  }
  if (least !== undefined) return ` of at least ${least}${unit}`;
  return most === undefined ? "" : ` of at most ${most}${unit}`;
}

/** Limits that the number itself must not be, and what it must be a multiple of. */
function limits({ exclusiveMinimum, exclusiveMaximum, multipleOf }: SettingSchema): string {
  return [
    exclusiveMinimum !== undefined && ` above ${exclusiveMinimum}`,
    exclusiveMaximum !== undefined && ` below ${exclusiveMaximum}`,
    multipleOf !== undefined && ` that is a multiple of ${multipleOf}`,
  ]
    .filter((part) => part !== false)
    .join("");
}

/** Examples say to a person what an expression says to a program. */
function form({ pattern, examples }: SettingSchema): string {
  if (pattern === undefined) return "";
  const shown = Array.isArray(examples) ? examples.map(String) : [];
  return shown.length > 0
    ? ` such as ${eitherOf(shown)}`
    : ` ${patternWords(pattern) ?? `that matches ${pattern}`}`;
}

function eitherOf(texts: string[]): string {
  const last = texts.at(-1) ?? "";
  return texts.length < 2 ? last : `${texts.slice(0, -1).join(", ")} or ${last}`;
}
