// How much of a budget is used in its current period, and what that comes to if it goes on like this.

import type { BudgetMetric, BudgetPeriod } from "../db/schema.ts";
import { boundsOf } from "./periods.ts";

/** Null for a budget of each run, which has no current period. */
export interface BudgetState {
  current: {
    start: Date;
    end: Date;
    used: number;
    /** What somebody has added for this period; 0: nobody has. */
    extended: number;
    /** The amount with what was added. */
    cap: number;
    /** The part of the cap that is used. */
    share: number;
    /** What will be used by the end of the period at the pace so far; null: it has only begun. */
    forecast: number | null;
    /** When the cap is reached at that pace; null: not in this period. */
    reaches_cap_at: Date | null;
  } | null;
}

/** Before this part of the period has passed, its pace says little. */
const LEAST_ELAPSED = 0.05;

export function stateOf(
  { period, amount }: { metric: BudgetMetric; period: BudgetPeriod; amount: number },
  row: { used: number; extended: number } | undefined,
  at: Date,
): BudgetState {
  const bounds = boundsOf(period, at);
  if (!bounds) return { current: null };
  const { used = 0, extended = 0 } = row ?? {};
  const cap = amount + extended;
  const whole = bounds.end.getTime() - bounds.start.getTime();
  const elapsed = (at.getTime() - bounds.start.getTime()) / whole;
  const isKnown = elapsed >= LEAST_ELAPSED;
  const forecast = isKnown ? Math.max(used, used / elapsed) : null;
  const reaches = forecast !== null && used < cap && forecast > cap;
  return {
    current: {
      ...bounds,
      used,
      extended,
      cap,
      share: used / cap,
      forecast,
      reaches_cap_at: reaches ? new Date(bounds.start.getTime() + whole * elapsed * (cap / used)) : null,
    },
  };
}
