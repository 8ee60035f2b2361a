// Two people who change one row: whoever names the version that was read does not overwrite what came after it.

import { HeddleError } from "../errors.ts";

/** The versions that a change may follow, as the row's `updated_at` in ISO 8601; undefined: whatever is there. */
export type AsRead = readonly string[] | undefined;

interface Versioned {
  /** Null: nobody has changed it, nor can. */
  updated_at: Date | null;
}

/** Call it with the row that is locked for the change. Throws `changed_meanwhile`. */
export function refuseOverwrite({ updated_at }: Versioned, asRead: AsRead): void {
  const version = updated_at?.toISOString() ?? "";
  refuseOtherVersion(version, asRead, ` at ${version}`);
}

/** The same for what has another version than a time. `when` completes "This was changed". */
export function refuseOtherVersion(version: string, asRead: AsRead, when = ""): void {
  if (asRead === undefined || asRead.includes(version)) return;
  throw new HeddleError(
    "changed_meanwhile",
    `This was changed${when}, after it was read; read it again before you change it.`,
  );
}

/** The time of a change, which is later than that of the last one even if clocks differ or go back. */
export const nextVersion = ({ updated_at }: Versioned, now: Date = new Date()): Date =>
  new Date(Math.max(now.getTime(), (updated_at?.getTime() ?? 0) + 1));
