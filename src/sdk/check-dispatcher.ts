// Checks a dispatcher when it is registered; later a mistake would only show as a delivery that fails.

import { HeddleError } from "../errors.ts";
import { nearest } from "../schema/nearest.ts";
import { shown } from "./arguments.ts";

const DISPATCH_TYPE = /^[a-z][a-z0-9_-]{0,63}$/;
const METHODS = [
  "deliver",
  "stream",
  "postMessage",
  "askApproval",
  "edit",
  "remove",
  "lane",
  "targetOf",
] as const;
/** Every field that a dispatcher may have. */
export const DISPATCHER_FIELDS: readonly string[] = [...METHODS, "config", "receipt", "rate", "streamEvery"];
const RATES = ["perSecond", "perLane"];

/** Throws "validation" for an invalid type or dispatcher. */
export function checkDispatcher(type: unknown, dispatcher: unknown): void {
  if (typeof type !== "string" || !DISPATCH_TYPE.test(type)) {
    throw invalid(
      `A dispatcher's type must be 1 to 64 of a-z 0-9 _ -, such as "github"; got ${shown(type)}.`,
    );
  }
  if (typeof dispatcher !== "object" || dispatcher === null) {
    throw invalid(`The second argument of registerDispatcher("${type}") must be an object with deliver().`);
  }
  const fields = dispatcher as Record<string, unknown>;
  if (typeof fields.deliver !== "function")
    throw invalid(`Dispatcher ${type} must have a function deliver()${hintOf(fields)}`);
  for (const name of METHODS) {
    if (fields[name] !== undefined && typeof fields[name] !== "function") {
      throw invalid(`The ${name} of dispatcher ${type} must be a function; got ${shown(fields[name])}.`);
    }
  }
  for (const name of ["config", "receipt"]) checkSchema(type, name, fields[name]);
  if (fields.rate !== undefined) checkRate(type, fields.rate);
  const { streamEvery } = fields;
  if (streamEvery === undefined) return;
  if (typeof streamEvery === "number" && streamEvery >= 0.2 && streamEvery <= 60) return;
  throw invalid(
    `The streamEvery of dispatcher ${type} must be a number of seconds from 0.2 to 60; got ${shown(streamEvery)}.`,
  );
}

/** Names the function that was probably meant to be deliver(). */
function hintOf(fields: Record<string, unknown>): string {
  const others = Object.keys(fields).filter(
    (name) => typeof fields[name] === "function" && !DISPATCHER_FIELDS.includes(name),
  );
  const meant = nearest("deliver", others);
  return meant === undefined ? "." : `; it has ${meant}(): did you mean deliver()?`;
}

function checkSchema(type: string, name: string, schema: unknown): void {
  if (schema === undefined || typeof schema === "boolean") return;
  if (typeof schema === "object" && schema !== null && !Array.isArray(schema) && saysSomething(schema))
    return;
  throw invalid(
    `The ${name} of dispatcher ${type} must be a schema, such as t.Object({ room: t.String() }); got ${shown(schema)}.`,
  );
}

const KEYWORDS = [
  "$ref",
  "allOf",
  "anyOf",
  "const",
  "enum",
  "if",
  "not",
  "oneOf",
  "properties",
  "required",
  "type",
];

/** A list of fields alone, such as `{ room: "string" }`, would accept anything. */
const saysSomething = (schema: object): boolean =>
  Object.keys(schema).length === 0 || KEYWORDS.some((keyword) => keyword in schema);

function checkRate(type: string, rate: unknown): void {
  const rates = typeof rate === "object" && rate !== null ? Object.entries(rate) : [];
  const isRate =
    rates.length > 0 &&
    rates.every(([name, value]) => RATES.includes(name) && typeof value === "number" && value > 0);
  if (isRate) return;
  throw invalid(
    `The rate of dispatcher ${type} must be { perSecond, perLane }, one of them or both, each above 0; got ${shown(rate)}.`,
  );
}

const invalid = (message: string): HeddleError => new HeddleError("validation", message);
