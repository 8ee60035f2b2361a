/** What the month will have cost if the rest of it is like the part that is over. */
export function forecast(cost: number, monthStart: Date, now: Date): number {
  const end = Date.UTC(monthStart.getUTCFullYear(), monthStart.getUTCMonth() + 1, 1);
  const passed = now.getTime() - monthStart.getTime();
  // In the first hours of a month a single call would promise a fortune.
  return cost * ((end - monthStart.getTime()) / Math.max(passed, 86_400_000));
}
