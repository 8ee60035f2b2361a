// Budgets in words, for errors, repairs and the log.

import type { BudgetMetric, BudgetPeriod, BudgetScope } from "../db/schema.ts";

interface Named {
  scope: BudgetScope;
  subject: string | null;
  metric: BudgetMetric;
  period: BudgetPeriod;
  /** What people call the subject, if its id says nothing. */
  name?: string;
}

const UNITS: Record<Exclude<BudgetMetric, "cost_usd">, [one: string, many: string]> = {
  tokens: ["token", "tokens"],
  model_calls: ["model call", "model calls"],
  seconds: ["second", "seconds"],
  runs: ["run", "runs"],
};

const PER: Record<BudgetPeriod, string> = { run: "a run", hour: "an hour", day: "a day", month: "a month" };

export function amountInWords(metric: BudgetMetric, amount: number): string {
  if (metric === "cost_usd") return `$${amount.toLocaleString("en", { maximumFractionDigits: 4 })}`;
  const [one, many] = UNITS[metric];
  const rounded = metric === "seconds" ? Math.round(amount) : amount;
  return `${rounded.toLocaleString("en")} ${rounded === 1 ? one : many}`;
}

export const subjectInWords = ({
  scope,
  subject,
  name,
}: Pick<Named, "scope" | "subject" | "name">): string =>
  scope === "server" ? "the server" : `the ${scope} "${name ?? subject}"`;

/** "the budget of the bot "helper" ($5 a day)" */
export const budgetInWords = (budget: Named & { amount: number }): string =>
  `the budget of ${subjectInWords(budget)} (${amountInWords(budget.metric, budget.amount)} ${PER[budget.period]})`;
