// What the watchdog leaves behind when it ends a process that stood still, for the next start: which code was being loaded.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface StandstillRecord {
  /** When the process was ended, as ISO 8601 has it. */
  at: string;
  seconds: number;
  /** The subjects of what was under way, the latest first. */
  subjects: string[];
}

export const standstillRecord = (home: string): string => join(home, "cache", "standstill.json");

/** Never throws: a process that stands still is ended with or without it. */
export function leaveStandstill(file: string, record: StandstillRecord): void {
  try {
    writeFileSync(file, JSON.stringify(record), { mode: 0o600 });
  } catch {
    // A full disk; the next start then tries everything as if nothing had been.
  }
}

/** What was left behind, which is then gone; undefined when nothing was. */
export function takeStandstill(file: string): StandstillRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, "utf8")) as StandstillRecord;
    rmSync(file);
    return Array.isArray(record.subjects) ? record : undefined;
  } catch {
    return undefined;
  }
}
