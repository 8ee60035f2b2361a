// The rule that a decision writes for later calls, and what is suggested for it.

import type { ArgumentCondition, approvals } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { fitArguments } from "../policies/conditions.ts";
import type { GivenPolicy } from "../policies/fields.ts";
import { LED_NAME } from "../policies/strangers.ts";
import { MARKER } from "../redact.ts";
import type { Decider, GivenDecision } from "./approvals.ts";

type ApprovalRow = typeof approvals.$inferSelect;
export type Conditions = Record<string, ArgumentCondition>;

/** Unless the rule that asked comes before. */
const PRIORITY = 50;
/** A condition on a longer text would hardly ever hold again. */
const LONGEST = 300;
const MOST_CONDITIONS = 20;
/** As people may write it. */
const LONGEST_REASON = 1_000;

/** Undefined if the decision holds for no other call, or only for calls of the same run. */
export function policyFrom(
  row: ApprovalRow,
  { approved, choice, conditions, note }: GivenDecision,
  { by, before }: { by: Decider; before: { priority: number } | undefined },
): (GivenPolicy & { approval_id: string }) | undefined {
  if (choice !== "pattern" && choice !== "always") return undefined;
  const { id, tool_name, tool_reference, bot_id, policy_id, policy_name } = row;
  if (choice === "pattern" && Object.keys(conditions ?? {}).length === 0) {
    throw new HeddleError("validation", "arguments must have at least one condition for this choice.", {
      field: "arguments",
    });
  }
  if (choice === "pattern" && Object.values(conditions ?? {}).every(isOpen)) {
    const message = 'arguments must leave some calls out; for all calls of the tool, choose "always".';
    throw new HeddleError("validation", message, { field: "arguments" });
  }
  const effect = approved ? "allow" : "deny";
  // What is redacted is not what the call has.
  const isKnown = !JSON.stringify(row.arguments).includes(MARKER);
  if (conditions && isKnown && !fitArguments(conditions, row.arguments, effect)) {
    throw new HeddleError("validation", "arguments must fit the call that is decided on.", {
      field: "arguments",
    });
  }
  return {
    name: `${approved ? "Allow" : "Deny"} ${tool_name} for ${bot_id}${choice === "pattern" ? ", with such arguments" : ""}`,
    effect,
    priority: Math.max(0, Math.min(PRIORITY, (before?.priority ?? PRIORITY + 1) - 1)),
    tools: [tool_reference ?? tool_name],
    bot_id,
    // Only what was asked about a stranger's message is answered for strangers.
    ...(policy_id === null && policy_name === LED_NAME && { tainted: true }),
    ...(choice === "pattern" && { arguments: conditions }),
    // A refusal tells the model the reason of the policy, of this call as well.
    reason: [`Decided by ${by.name}.`, note]
      .filter(Boolean)
      .join(" ")
      .slice(0, LONGEST_REASON)
      .toWellFormed(),
    approval_id: id,
  };
}

/** Whether it fits every text. */
const isOpen = ({ like, ...others }: ArgumentCondition): boolean =>
  like !== undefined && /^\*+$/.test(like) && Object.keys(others).length === 0;

export interface Suggestion {
  label: string;
  conditions: Conditions;
}

/** Patterns of arguments that fit this call, from narrow to broad. */
export function suggestionsFor({
  arguments: args,
  tool_name,
}: Pick<ApprovalRow, "arguments" | "tool_name">): Suggestion[] {
  const given = tool_name.includes("/") ? ofCodingAgent(args) : args;
  const texts = Object.entries(given).filter(
    ([, value]) => ["string", "number", "boolean"].includes(typeof value) && String(value).length <= LONGEST,
  ) as [string, string | number | boolean][];
  // What is redacted here is not what the call has.
  const known = texts.filter(([, value]) => !String(value).includes(MARKER)).slice(0, MOST_CONDITIONS);
  const isAll = known.length === Object.keys(args).length;
  if (known.length === 0) return [];
  const equals = (value: string | number | boolean): ArgumentCondition => ({ equals: value });
  const all: Suggestion = {
    // Whoever chooses "the same arguments" must not allow calls with others.
    label: isAll
      ? "The same arguments"
      : `The same ${known.map(([name]) => name).join(", ")}, with any other arguments`,
    conditions: Object.fromEntries(known.map(([name, value]) => [name, equals(value)])),
  };
  const one = known.map(
    ([name, value]): Suggestion => ({
      label: `The same ${name}`,
      conditions: { [name]: equals(value) },
    }),
  );
  const inside = known.flatMap(([name, value]): Suggestion[] => {
    const folder = typeof value === "string" ? folderOf(value) : undefined;
    return folder === undefined
      ? []
      : [{ label: `${name} in ${folder}`, conditions: { [name]: { prefix: folder } } }];
  });
  return known.length === 1 ? [all, ...inside] : [all, ...one, ...inside];
}

/** What a coding agent calls its action is its own word; what it is given is in `input`. */
function ofCodingAgent({ input }: Record<string, unknown>): Record<string, unknown> {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return {};
  return Object.fromEntries(
    Object.entries(input)
      .filter(([name]) => !name.includes("."))
      .map(([name, value]) => [`input.${name}`, value]),
  );
}

/** The folder of a path, or the origin of an address, with the slash that ends it. */
function folderOf(text: string): string | undefined {
  if (/^https?:\/\//.test(text)) {
    const end = text.indexOf("/", 8);
    return end < 0 ? undefined : text.slice(0, end + 1);
  }
  const end = text.lastIndexOf("/");
  return end > 0 && !text.includes(" ") ? text.slice(0, end + 1) : undefined;
}
