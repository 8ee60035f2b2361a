// The periods of budgets: hours, days and months of UTC, like those of the usage report.

import type { BudgetPeriod } from "../db/schema.ts";

export interface Bounds {
  start: Date;
  end: Date;
}

/** As the rows of `budget_periods` name it. */
export function periodKey(period: BudgetPeriod, at: Date, taskId: string): string {
  if (period === "run") return `run ${taskId}`;
  return currentKey(period, at);
}

const LENGTH = { hour: "2026-11-28T14".length, day: "2026-11-28".length, month: "2026-11".length };

export const currentKey = (period: Exclude<BudgetPeriod, "run">, at: Date): string =>
  at.toISOString().slice(0, LENGTH[period]);

/** The end is exclusive; undefined for the period of a run. */
export function boundsOf(period: BudgetPeriod, at: Date): Bounds | undefined {
  const [year, month, day, hour] = [
    at.getUTCFullYear(),
    at.getUTCMonth(),
    at.getUTCDate(),
    at.getUTCHours(),
  ] as const;
  const utc = (...parts: [number, number, number?, number?]): Date => new Date(Date.UTC(...parts));
  switch (period) {
    case "run":
      return undefined;
    case "hour":
      return { start: utc(year, month, day, hour), end: utc(year, month, day, hour + 1) };
    case "day":
      return { start: utc(year, month, day), end: utc(year, month, day + 1) };
    case "month":
      return { start: utc(year, month), end: utc(year, month + 1) };
  }
}
