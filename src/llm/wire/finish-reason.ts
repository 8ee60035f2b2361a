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
]);
/** Looked for in this order: "malformed_function_call", "context_length_exceeded", "guardrail_intervened". */
const PARTS: [End, string[]][] = [
  // Before the others: "function_call_filter: MALFORMED_FUNCTION_CALL" of Gemini is nothing about content, and what repeats itself is not
  // merely cut.
  ["failed", ["malformed", "unexpected_tool_call", "missing_thought", "repetition"]],
  [
    "filtered",
    ["filter", "safety", "moderation", "guardrail", "refus", "blocklist", "prohibited", "recitation"].concat([
      "sensitive",
      "spii",
      "risk_control",
      "policy",
    ]),
  ],
  ["cut", ["length", "max_", "_limit", "limit_", "truncat", "incomplete", "context_window"]],
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

/** In lower case, with underscores; "" for none. */
export function readFinish(value: unknown): string {
  const reason = isObject(value) ? (value.reason ?? value.type) : value;
  return typeof reason === "string" ? reason.slice(0, LONGEST).toLowerCase().replaceAll(/[- ]/g, "_") : "";
}

export function endOf(finish: string): End {
  const reason = finish.startsWith("finish_reason_") ? finish.slice("finish_reason_".length) : finish;
  if (WHOLE.has(reason)) return "whole";
  return PARTS.find(([, parts]) => parts.some((part) => reason.includes(part)))?.[0] ?? "whole";
}
