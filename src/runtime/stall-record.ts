// The record that the watchdog leaves for the next start when it kills a blocked process: what code was being loaded.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface StallRecord {
  /** When the process was killed, in ISO 8601. */
  at: string;
  seconds: number;
  /** Subjects of the running activities, latest first. */
  subjects: string[];
}

export const stallRecordFile = (home: string): string => join(home, "cache", "standstill.json");

/** Never throws: a blocked process is killed with or without the record. */
export function writeStallRecord(file: string, record: StallRecord): void {
  try {
    writeFileSync(file, JSON.stringify(record), { mode: 0o600 });
  } catch {
    // The disk may be full; the next start then loads everything as usual.
  }
}

/** Reads and deletes the record; undefined if there is none. */
export function takeStallRecord(file: string): StallRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, "utf8")) as StallRecord;
    rmSync(file);
    return Array.isArray(record.subjects) ? record : undefined;
  } catch {
    return undefined;
  }
}
