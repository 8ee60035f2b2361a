/** The cost of the whole month if its rest costs as much per day as the part that is over. */
export function forecast(cost: number, monthStart: Date, now: Date): number {
  const end = Date.UTC(monthStart.getUTCFullYear(), monthStart.getUTCMonth() + 1, 1);
  const passed = now.getTime() - monthStart.getTime();
  // In the first hours of a month, a single call would lead to an absurd forecast.
  return cost * ((end - monthStart.getTime()) / Math.max(passed, 86_400_000));
}
