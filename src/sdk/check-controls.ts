// Checks what the conversation controls are given, where the server has no request to check: a place that is undefined must not become
// every place, nor a word that somebody sent a decision.

import { HeddleError } from "../errors.ts";
import { shown } from "./arguments.ts";
import { checkOptions } from "./options.ts";
import type { GivenDecision } from "./types.ts";

/** Longer client ids and ids do not exist. */
const LONGEST = 2_000;
/** As over REST. */
const LONGEST_OF_PERSON = 200;
const LONGEST_NOTE = 1_000;
const CHOICES = ["once", "run"];

/** Returns the text. Throws `validation` for anything else. */
export function asText(value: unknown, field: string, longest = LONGEST): string {
  if (typeof value === "string" && value !== "" && value.length <= longest) {
    // The database cannot even be asked about it.
    if (value.includes("\0")) throw invalid(field, "must not contain the character NUL");
    return value;
  }
  throw invalid(
    field,
    typeof value === "string"
      ? `must have 1 to ${longest.toLocaleString("en")} characters; got ${value.length.toLocaleString("en")}`
      : `must be a text; got ${kindOf(value)}`,
  );
}

/** Throws `validation` for something that is not a decision of a person. */
export function checkDecision(decision: unknown): GivenDecision {
  checkOptions("approvals.decide", decision, ["approved", "by", "choice", "note"]);
  const { approved, by, choice, note } = decision as Record<string, unknown>;
  if (typeof approved !== "boolean")
    throw invalid("approved", `must be true or false; got ${kindOf(approved)}`);
  if (typeof by !== "object" || by === null) throw invalid("by", `must be an object; got ${kindOf(by)}`);
  const { id, name } = by as Record<string, unknown>;
  asText(id, "by.id", LONGEST_OF_PERSON);
  asText(name, "by.name", LONGEST_OF_PERSON);
  if (choice !== undefined && !CHOICES.includes(choice as string)) {
    throw invalid("choice", `must be "once" or "run"; got ${shown(choice)}`);
  }
  if (note !== undefined) asText(note, "note", LONGEST_NOTE);
  return decision as GivenDecision;
}

const kindOf = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;

const invalid = (field: string, rule: string) =>
  new HeddleError("validation", `${field} ${rule}.`, { field });
