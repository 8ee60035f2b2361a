// Says of a dispatcher what is wrong with it, where it is registered: later there is only an answer that did not arrive.

import { HeddleError } from "../errors.ts";
import { nearest } from "../schema/nearest.ts";

const DISPATCH_TYPE = /^[a-z][a-z0-9_-]{0,63}$/;
const METHODS = ["deliver", "postMessage", "lane", "targetOf"] as const;
const FIELDS = [...METHODS, "config", "receipt", "rate"];
const RATES = ["perSecond", "perLane"];

/** Throws "validation". */
export function checkDispatcher(type: unknown, dispatcher: unknown): void {
  if (typeof type !== "string" || !DISPATCH_TYPE.test(type)) {
    throw invalid(
      `A dispatcher's type must be 1 to 64 of a-z 0-9 _ -, such as "github"; got ${JSON.stringify(type)}.`,
    );
  }
  if (typeof dispatcher !== "object" || dispatcher === null) {
    throw invalid(`registerDispatcher("${type}") takes an object with deliver() second.`);
  }
  const fields = dispatcher as Record<string, unknown>;
  if (typeof fields.deliver !== "function")
    throw invalid(`Dispatcher ${type} has no deliver()${hintOf(fields)}`);
  for (const name of METHODS) {
    if (fields[name] !== undefined && typeof fields[name] !== "function") {
      throw invalid(
        `The ${name} of dispatcher ${type} must be a function; got ${JSON.stringify(fields[name])}.`,
      );
    }
  }
  for (const name of ["config", "receipt"]) checkSchema(type, name, fields[name]);
  if (fields.rate !== undefined) checkRate(type, fields.rate);
}

/** A function of another name that was probably meant. */
function hintOf(fields: Record<string, unknown>): string {
  const others = Object.keys(fields).filter(
    (name) => typeof fields[name] === "function" && !FIELDS.includes(name),
  );
  const meant = nearest("deliver", others);
  return meant === undefined ? "." : `; it has ${meant}(): did you mean deliver()?`;
}

function checkSchema(type: string, name: string, schema: unknown): void {
  if (schema === undefined || typeof schema === "boolean") return;
  if (typeof schema === "object" && schema !== null && !Array.isArray(schema)) return;
  throw invalid(
    `The ${name} of dispatcher ${type} must be a schema, such as t.Object({ room: t.String() }); got ${JSON.stringify(schema)}.`,
  );
}

function checkRate(type: string, rate: unknown): void {
  const rates = typeof rate === "object" && rate !== null ? Object.entries(rate) : [];
  const isRate =
    rates.length > 0 && rates.every(([name, value]) => RATES.includes(name) && Number(value) > 0);
  if (isRate) return;
  throw invalid(
    `The rate of dispatcher ${type} must be { perSecond, perLane }, one of them or both, each above 0; got ${JSON.stringify(rate)}.`,
  );
}

const invalid = (message: string): HeddleError => new HeddleError("validation", message);
