// Remembers integrations whose loading blocked the event loop until the watchdog ended the process, so that the next start
// does not end in the same way. A single suspect stays quarantined until its files change or somebody reloads it; several
// suspects are loaded last and one at a time, which finds the culprit.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type StallRecord, takeStallRecord } from "../../runtime/stall-record.ts";

/** One version of an integration while one of its files is loaded. */
interface Subject {
  id: string;
  hash: string;
  file: string;
}

export interface Stalls {
  /** Whether the integration is a suspect, which has to be loaded alone. */
  isSuspect(id: string): boolean;
  /** Why this version must not be loaded, and the file that was being loaded. */
  whyNot(id: string, hash: string): { reason: string; file: string } | undefined;
  /** Clears the record: the version was loaded, has changed, or is to be tried again anyway. */
  forget(id: string): void;
}

interface Known extends Subject, Pick<StallRecord, "at" | "seconds"> {
  isFound: boolean;
}

/** The activity text for `during`, which the watchdog records. */
export const loadingSubject = ({ id, hash, file }: Subject): string => JSON.stringify({ id, hash, file });

export interface StallsOptions {
  /** The file in which the watchdog leaves its record. */
  record: string;
  /** The file that persists over several starts. Both files may be deleted; then everything is tried again. */
  file: string;
}

export function createStalls({ record, file }: StallsOptions): Stalls {
  const known = new Map(readKnown(file).map((one) => [one.id, one]));
  const save = (): void => {
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(file, JSON.stringify([...known.values()]), { mode: 0o600 });
    } catch {
      // If the disk cannot be written, the next start finds out again.
    }
  };
  const latest = takeStallRecord(record);
  if (latest) {
    const subjects = latest.subjects.flatMap(readSubject);
    const before = subjects.filter(({ id, hash }) => known.get(id)?.hash === hash);
    // Earlier suspects were loaded alone, so a block during their loading convicts them.
    const found = before[0] ?? (subjects.length === 1 ? subjects[0] : undefined);
    const { at, seconds } = latest;
    for (const one of found ? [found] : subjects)
      known.set(one.id, { ...one, at, seconds, isFound: one === found });
    if (subjects.length > 0) save();
  }
  return {
    isSuspect: (id) => known.get(id)?.isFound === false,
    whyNot(id, hash) {
      const one = known.get(id);
      if (!one?.isFound || one.hash !== hash) return undefined;
      const { seconds, at } = one;
      const reason = `Loading it blocked the event loop for ${seconds} seconds, and the server had to end itself (${at}). Change its code, or load it again with POST /api/v1/admin/integrations/${id}/reload`;
      return { reason, file: one.file };
    },
    forget(id) {
      if (known.delete(id)) save();
    },
  };
}

function readKnown(file: string): Known[] {
  try {
    const known: unknown = JSON.parse(readFileSync(file, "utf8"));
    return Array.isArray(known) ? (known as Known[]) : [];
  } catch {
    return [];
  }
}

function readSubject(text: string): Subject[] {
  try {
    const { id, hash, file } = JSON.parse(text) as Partial<Subject>;
    return id !== undefined && hash !== undefined && file !== undefined ? [{ id, hash, file }] : [];
  } catch {
    // The record was longer than its slot.
    return [];
  }
}
