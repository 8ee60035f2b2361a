// What an endpoint says about the end of an answer. Their words are many, so what is in them decides; an unknown one means that the
// answer is whole.

import { isObject } from "../fields.ts";

export type End = "whole" | "cut" | "filtered" | "failed";

const WHOLE = new Set([
  "stop",
  "tool_calls",
  "function_call",
  "tool_use",
  "end_turn",
  "stop_sequence",
  "eos",
  "eos_token",
  "complete",
  "completed",
  "finished",
  "done",
]);
/** Looked for in this order: "malformed_function_call", "context_length_exceeded", "guardrail_intervened". */
const PARTS: [End, string[]][] = [
  // Before the others: "function_call_filter: MALFORMED_FUNCTION_CALL" of Gemini is nothing about content, and what repeats itself is not
  // merely cut.
  ["failed", ["malformed", "unexpected_tool_call", "missing_thought", "repetition"]],
  [
    "filtered",
    [
      "filter",
      "toxic",
      "safety",
      "moderation",
      "guardrail",
      "refus",
      "blocklist",
      "prohibited",
      "recitation",
    ].concat(["sensitive", "spii", "risk_control", "policy"]),
  ],
  // Anthropic pauses an answer whose server tools take long.
  ["cut", ["length", "max_", "_limit", "limit_", "truncat", "incomplete", "context_window", "pause"]],
  [
    "failed",
    [
      "error",
      "malformed",
      "unexpected_tool_call",
      "timeout",
      "timed_out",
      "cancel",
      "abort",
      "overload",
    ].concat(["insufficient", "repetition", "fail", "interrupt"]),
  ],
];
const LONGEST = 100;
/** What some gateways say until there is a reason: DashScope "null", others as Python or Go print it. */
const NONE = new Set(["null", "none", "nil", "undefined", "in_progress"]);

/** In lower case, with underscores; "" for none. */
export function readFinish(value: unknown): string {
  const given = isObject(value) ? (value.reason ?? value.type) : value;
  if (typeof given !== "string") return "";
  const reason = given.trim().slice(0, LONGEST).toLowerCase().replaceAll(/[- ]/g, "_");
  return NONE.has(reason) ? "" : reason;
}

/** What is said last counts, unless it is that an answer is whole which was not: some gateways end every stream with "stop". */
export const laterFinish = (before: string, now: string): string =>
  now === "" || (before !== "" && endOf(before) !== "whole" && endOf(now) === "whole") ? before : now;

/** Whether the reason is one that ends answers; another may stand in every chunk, and counts only once the stream has ended. */
export const isKnownEnd = (finish: string): boolean => finish !== "" && known(finish) !== undefined;

export const endOf = (finish: string): End => known(finish) ?? "whole";

function known(finish: string): End | undefined {
  const reason = finish.startsWith("finish_reason_") ? finish.slice("finish_reason_".length) : finish;
  if (WHOLE.has(reason)) return "whole";
  return PARTS.find(([, parts]) => parts.some((part) => reason.includes(part)))?.[0];
}
