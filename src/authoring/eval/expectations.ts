// Compares what a run did with what is expected of it. Everything here takes linear time: the texts come from models.

import type { Expectations } from "./fixture-file.ts";

/** What a run did. */
export interface Outcome {
  status: string;
  text: string;
  error: string | null;
  /** The answer as data, if it was asked for with an output_schema. */
  output: unknown;
  calls: { tool: string; arguments: unknown }[];
  modelCalls: number;
  tokens: number;
  /** Null: the price is not known. */
  costUsd: number | null;
  /** The model that answered last. */
  model?: string;
}

/** One sentence for each expectation that is not met. */
export function unmet(expected: Expectations, outcome: Outcome): string[] {
  const { status = "complete" } = expected;
  if (outcome.status !== status) {
    return [`The run must be ${status}; it is ${outcome.status}${outcome.error ? `: ${outcome.error}` : ""}`];
  }
  return [
    ...unmetCalls(expected, outcome),
    ...unmetText(expected.text ?? {}, outcome.text),
    ...unmetJson(expected, outcome),
    ...unmetLimits(expected, outcome),
  ];
}

function unmetCalls({ tools = [], no_tools = [], calls = [] }: Expectations, outcome: Outcome): string[] {
  const called = outcome.calls.map(({ tool }) => tool);
  const made = called.length === 0 ? "none was called" : `called were ${[...new Set(called)].join(", ")}`;
  return [
    ...tools.filter((tool) => !called.includes(tool)).map((tool) => `${tool} must be called; ${made}`),
    ...no_tools.filter((tool) => called.includes(tool)).map((tool) => `${tool} must not be called`),
    ...calls.flatMap(({ tool, arguments: wanted = {} }) => {
      const tries = outcome.calls.filter((call) => call.tool === tool);
      if (tries.some((call) => includes(call.arguments, wanted))) return [];
      const got =
        tries.length === 0 ? made : `got ${short(JSON.stringify(tries.map((call) => call.arguments)))}`;
      return [`${tool} must be called with ${JSON.stringify(wanted)}; ${got}`];
    }),
  ];
}

type Texts = string | string[] | undefined;
const listOf = (texts: Texts): string[] => (texts === undefined ? [] : [texts].flat());

function unmetText(
  { contains, excludes, matches }: NonNullable<Expectations["text"]>,
  text: string,
): string[] {
  const said = plain(text);
  const got = `got ${JSON.stringify(short(text))}`;
  return [
    ...listOf(contains)
      .filter((part) => !said.includes(plain(part)))
      .map((part) => `The text must contain ${JSON.stringify(part)}; ${got}`),
    ...listOf(excludes)
      .filter((part) => said.includes(plain(part)))
      .map((part) => `The text must not contain ${JSON.stringify(part)}; ${got}`),
    ...listOf(matches)
      .filter((pattern) => !matchesPattern(said, plain(pattern)))
      .map((pattern) => `The text must match ${JSON.stringify(pattern)}; ${got}`),
  ];
}

/** Models differ in case and in white space. */
const plain = (text: string): string => text.toLowerCase().replace(/\s+/g, " ").trim();

/** The parts between the stars, each at its first place after the one before: this finds a match if there is one. */
function matchesPattern(text: string, pattern: string): boolean {
  const parts = pattern.split("*");
  const [first = "", ...rest] = parts;
  if (rest.length === 0) return text === pattern;
  const last = rest.pop() ?? "";
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}

function unmetJson({ json }: Expectations, { output, text }: Outcome): string[] {
  if (json === undefined) return [];
  const said = output ?? jsonIn(text);
  if (said === undefined) return [`The answer must be JSON; got ${JSON.stringify(short(text))}`];
  if (includes(said, json)) return [];
  return [`The answer must have ${short(JSON.stringify(json))}; got ${short(JSON.stringify(said))}`];
}

/** The whole text, or the one block of code in it. */
function jsonIn(text: string): unknown {
  const open = text.indexOf("```");
  const close = text.lastIndexOf("```");
  const block = open >= 0 && close > open ? text.slice(text.indexOf("\n", open), close) : text;
  try {
    return JSON.parse(block);
  } catch {
    return undefined;
  }
}

/** Objects may have more fields, and lists must have the same length. */
function includes(value: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(value) &&
      value.length === wanted.length &&
      wanted.every((one, index) => includes(value[index], one))
    );
  }
  if (typeof wanted === "object" && wanted !== null) {
    return (
      typeof value === "object" &&
      value !== null &&
      Object.entries(wanted).every(([key, one]) => includes((value as Record<string, unknown>)[key], one))
    );
  }
  return value === wanted;
}

function unmetLimits(expected: Expectations, { costUsd, tokens, modelCalls }: Outcome): string[] {
  const { max_cost_usd, max_tokens, max_model_calls } = expected;
  const over: string[] = [];
  if (max_cost_usd !== undefined && costUsd === null) {
    over.push(`The cost must be at most $${max_cost_usd}; the price of the model is not known`);
  } else if (max_cost_usd !== undefined && (costUsd ?? 0) > max_cost_usd) {
    over.push(`The cost must be at most $${max_cost_usd}; it was $${costUsd?.toFixed(6)}`);
  }
  if (max_tokens !== undefined && tokens > max_tokens) {
    over.push(`It must use at most ${max_tokens} tokens; it used ${tokens}`);
  }
  if (max_model_calls !== undefined && modelCalls > max_model_calls) {
    over.push(`It must make at most ${max_model_calls} model calls; it made ${modelCalls}`);
  }
  return over;
}

const SHORT = 200;
const short = (text: string): string => (text.length > SHORT ? `${text.slice(0, SHORT)} …` : text);
