import type { Timing } from "./queries.ts";

const UNITS: [seconds: number, word: string][] = [
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
];

/** "Cron 0 8 * * 1-5", "Every 2 hours", "Once". */
export function timingWords({ kind, cron, seconds = 0 }: Timing): string {
  if (kind === "cron") return `Cron ${cron}`;
  if (kind === "once") return "Once";
  const [size, word] = UNITS.find(([one]) => seconds % one === 0) ?? [1, "second"];
  const count = seconds / size;
  return count === 1 ? `Every ${word}` : `Every ${count} ${word}s`;
}
