import { durationText } from "../../parts/duration-text.ts";
import { costText, plural, shortCountText } from "../../parts/units.tsx";
import type { Budget } from "./queries.ts";

export const METRICS: Record<Budget["metric"], string> = {
  cost_usd: "Cost in US dollars",
  tokens: "Tokens",
  model_calls: "Model calls",
  seconds: "Time that runs take",
  runs: "Runs",
};

export const PERIODS: Record<Budget["period"], string> = {
  run: "Each run",
  hour: "Hour",
  day: "Day",
  month: "Month",
};

export const SCOPES: Record<Budget["scope"], string> = {
  server: "The whole server",
  bot: "Bot",
  integration: "Integration",
  schedule: "Schedule",
};

/** "$5.00", "1,000 tokens", "2 h 5 min". */
export function amountText(metric: Budget["metric"], amount: number): string {
  switch (metric) {
    case "cost_usd":
      return costText(amount);
    case "tokens":
      return plural(Math.round(amount), "token");
    case "model_calls":
      return plural(Math.round(amount), "model call");
    case "seconds":
      return durationText(amount * 1_000);
    case "runs":
      return plural(Math.round(amount), "run");
  }
}

/** On the axis of a chart. */
export const axisText = (metric: Budget["metric"], amount: number): string =>
  metric === "cost_usd"
    ? `$${shortCountText(amount)}`
    : metric === "seconds"
      ? durationText(amount * 1_000)
      : shortCountText(amount);

const PER = { run: "a run", hour: "an hour", day: "a day", month: "a month" } as const;

/** "$5.00 a day" */
export const capText = ({ metric, amount, period }: Budget): string =>
  `${amountText(metric, amount)} ${PER[period]}`;

/** Whose it is. `nameOf` names a schedule. */
export function ownerText({ scope, subject }: Budget, nameOf: (id: string) => string | undefined): string {
  if (scope === "server") return SCOPES.server;
  if (scope === "schedule") return nameOf(subject ?? "") ?? "A schedule that is deleted";
  return subject ?? "";
}
