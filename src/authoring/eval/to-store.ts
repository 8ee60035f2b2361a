import { basename, resolve } from "node:path";
import type { Result } from "./report.ts";

const LONGEST_ANSWER = 4_000;
const MOST_PROBLEMS = 50;
const LONGEST_PROBLEM = 2_000;
const MOST_TOOLS = 200;

/** The results as the API takes them. */
export function toStore(
  { path, realModel }: { path: string; realModel: boolean },
  results: readonly Result[],
) {
  return {
    name: basename(resolve(path)).replace(/\.ya?ml$/, ""),
    model: realModel ? (results.findLast(({ outcome }) => outcome?.model)?.outcome?.model ?? null) : null,
    results: results.map(({ name, bot, outcome, problems, seconds }) => ({
      name,
      bot_id: bot,
      problems: problems.slice(0, MOST_PROBLEMS).map((problem) => problem.slice(0, LONGEST_PROBLEM)),
      answer: outcome ? outcome.text.slice(0, LONGEST_ANSWER).toWellFormed() : null,
      tools: (outcome?.calls ?? []).slice(0, MOST_TOOLS).map(({ tool }) => tool),
      model_calls: outcome?.modelCalls ?? 0,
      tokens: outcome?.tokens ?? 0,
      cost_usd: outcome?.costUsd ?? null,
      seconds: Math.round(seconds * 1000) / 1000,
    })),
  };
}
