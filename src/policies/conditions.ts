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
    const values = valuesAt(args, path);
    if (effect === "allow") return values.length > 0 && values.every((one) => fits(condition, one, effect));
    return values.some((one) => fits(condition, one, effect));
  });
}

/**
 * All that the path may mean, through lists as well. A name may contain dots itself, and which of both a tool reads is not known:
 * a model must not be able to put one in front of the other.
 */
function valuesAt(args: JsonObject, path: string): unknown[] {
  const whole = Object.hasOwn(args, path) ? elementsOf(args[path]) : [];
  if (!path.includes(".")) return whole;
  const inside = path.split(".").reduce<unknown[]>((values, name) => values.flatMap(stepTo(name)), [args]);
  // An element that lacks the argument must not count as one that fits.
  return inside.every((one) => one === undefined) ? whole : [...whole, ...inside.flatMap(elementsOf)];
}

const INDEX = /^\d+$/;

const stepTo =
  (name: string) =>
  (value: unknown): unknown[] => {
    const places = INDEX.test(name) ? [value] : elementsOf(value);
    return places.map((place) =>
      typeof place === "object" && place !== null && Object.hasOwn(place, name)
        ? (place as JsonObject)[name]
        : undefined,
    );
  };

/** The elements of a list and of the lists in it, without recursion; another value itself. */
function elementsOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) return [value];
  const elements: unknown[] = [];
  const open: unknown[] = [value];
  while (open.length > 0) {
    const one = open.pop();
    if (!Array.isArray(one)) elements.push(one);
    else for (const inner of one) open.push(inner);
  }
  return elements;
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

/** Readers of addresses drop white space and control characters, and end the path at "?" and "#". */
const climbs = (text: string): boolean =>
  text
    .replaceAll(/[^!-\u{10ffff}]/gu, "")
    .replaceAll(/%2e/gi, ".")
    .split(/[/\\?#]|%2f|%5c/i)
    .includes("..");
