// Reads fields of an endpoint's JSON, of which any may be missing or of another type.

import type { LlmUsage } from "./llm.ts";

export type Fields = Record<string, unknown>;

export const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** The most that the column holds. Some servers report the overflow of their own counter. */
const MAX_TOKENS = 2_147_483_647;

/** Returns null if one of the counts is not a number of tokens. */
export function usageOf(prompt: unknown, completion: unknown): LlmUsage | null {
  if (!isCount(prompt) || !isCount(completion)) return null;
  return {
    prompt_tokens: Math.min(prompt, MAX_TOKENS),
    completion_tokens: Math.min(completion, MAX_TOKENS),
  };
}

export const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;
