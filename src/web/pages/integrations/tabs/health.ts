// What the days of a process or an integration amount to.

export interface Day {
  day: string;
  up_seconds: number;
  down_seconds: number;
  /** How often it went wrong. */
  incidents: number;
  last_error: string | null;
}

export const DAYS = 90;
const DAY_MS = 86_400_000;

/** The days until today as the API names them, the oldest first. */
export const daysUntil = (now: number): string[] =>
  Array.from({ length: DAYS }, (_, at) =>
    new Date(now - (DAYS - 1 - at) * DAY_MS).toISOString().slice(0, 10),
  );

/** Good: it was up whenever it should have been. Bad: it was down for longer than up. Undefined: nothing is known. */
export function toneOf(day: Day | undefined): "good" | "warn" | "bad" | undefined {
  if (!day || day.up_seconds + day.down_seconds + day.incidents === 0) return undefined;
  if (day.down_seconds > day.up_seconds) return "bad";
  return day.incidents > 0 || day.down_seconds > 0.005 * day.up_seconds ? "warn" : "good";
}

export function sumOf(days: readonly Day[]): { up: number; down: number; incidents: number } {
  const sum = { up: 0, down: 0, incidents: 0 };
  for (const { up_seconds, down_seconds, incidents } of days) {
    sum.up += up_seconds;
    sum.down += down_seconds;
    sum.incidents += incidents;
  }
  return sum;
}
