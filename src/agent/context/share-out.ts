// Shares a number of tokens out among the sources of a prompt by priority.

import type { ContextPart } from "../../db/schema.ts";
import { cutTexts, estimateText } from "./budget.ts";
import type { ContextInput, Source } from "./source.ts";

export interface Part {
  /** As a run's trace names it. */
  name: string;
  source: Source;
  /** The part of the budget that it gets in any case, if it needs it. */
  share: number;
  /** Who gets what is left: 1 comes first. */
  priority: number;
}

export interface SharedOut {
  texts: string[];
  parts: ContextPart[];
}

/**
 * Reads the sources and cuts what does not fit into `pool` tokens. Each gets its share of `budget`; what others leave goes to
 * those that need more, by priority.
 */
export function shareOut(list: Part[], input: ContextInput, budget: number, pool: number): SharedOut {
  const read = list.map(({ source }) => source(input));
  const needs = read.map(cost);
  const given = list.map(({ share }, at) => Math.min(needs[at] ?? 0, Math.floor(share * budget)));
  let left = pool - given.reduce((a, b) => a + b, 0);
  for (const at of byPriority(list)) {
    const more = Math.max(0, Math.min((needs[at] ?? 0) - (given[at] ?? 0), left));
    given[at] = (given[at] ?? 0) + more;
    left -= more;
  }
  const shared = read.map((texts, at) => cutTexts(texts, given[at] ?? 0));
  const parts = shared.flatMap((texts, at) => partOf(list[at]?.name ?? "", needs[at] ?? 0, cost(texts)));
  return { texts: shared.flat(), parts };
}

const byPriority = (list: Part[]): number[] =>
  list.map((_, at) => at).toSorted((a, b) => (list[a]?.priority ?? 0) - (list[b]?.priority ?? 0));

/** Each text is followed by a blank line. */
const cost = (texts: string[]): number => texts.reduce((sum, text) => sum + estimateText(text) + 1, 0);

const NO_ROOM = "larger than its part of the context window";

/** None for a source that has nothing to say. */
export function partOf(source: string, before: number, tokens: number, reason = NO_ROOM): ContextPart[] {
  if (before === 0) return [];
  if (tokens >= before) return [{ source, tokens, state: "kept" }];
  return [{ source, tokens, state: tokens === 0 ? "dropped" : "shortened", tokens_before: before, reason }];
}
