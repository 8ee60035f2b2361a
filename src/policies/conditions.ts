// Whether the arguments of a call fit the conditions of a rule. Takes time linear in the arguments: there are no regular
// expressions, and the texts of conditions are short.

import { matchesPattern } from "../capabilities/tool-patterns.ts";
import type { ArgumentCondition, PolicyEffect } from "../db/schema.ts";
import type { JsonObject } from "../sdk/json.ts";

/**
 * An argument that is not there fits no condition. Of a list, one element that fits is enough for a rule that forbids or asks;
 * for one that allows, each must fit, so that nothing passes beside what is allowed.
 */
export function fitArguments(
  conditions: Readonly<Record<string, ArgumentCondition>>,
  args: JsonObject,
  effect: PolicyEffect,
): boolean {
  return Object.entries(conditions).every(([path, condition]) => {
    const value = valueAt(args, path);
    if (!Array.isArray(value)) return fits(condition, value, effect);
    if (effect === "allow") return value.length > 0 && value.every((one) => fits(condition, one, effect));
    return value.some((one) => fits(condition, one, effect));
  });
}

function valueAt(args: JsonObject, path: string): unknown {
  // A name may contain dots itself.
  if (Object.hasOwn(args, path)) return args[path];
  let value: unknown = args;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as JsonObject)[name];
  }
  return value;
}

function fits(condition: ArgumentCondition, value: unknown, effect: PolicyEffect): boolean {
  const text = textOf(value);
  if (text === undefined) return false;
  const { equals, prefix, suffix, contains, like } = condition;
  if (equals !== undefined && text !== String(equals)) return false;
  if (condition.in && !condition.in.some((one) => String(one) === text)) return false;
  // "/srv/data/../../etc" begins with "/srv/data/" and is somewhere else.
  if (effect === "allow" && (prefix !== undefined || like !== undefined) && climbs(text)) return false;
  if (prefix !== undefined && !text.startsWith(prefix)) return false;
  if (suffix !== undefined && !text.endsWith(suffix)) return false;
  if (contains !== undefined && !text.includes(contains)) return false;
  return like === undefined || matchesPattern([like])(text);
}

function textOf(value: unknown): string | undefined {
  if (value === null) return "null";
  return ["string", "number", "boolean"].includes(typeof value) ? String(value) : undefined;
}

const climbs = (text: string): boolean =>
  text
    .replaceAll(/%2e/gi, ".")
    .split(/[/\\]|%2f|%5c/i)
    .includes("..");
