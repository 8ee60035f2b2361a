// Integrations at whose loading the event loop stood still until the watchdog ended the process. The next start must not
// end in the same way: who was at it alone stays quarantined until its files change or somebody loads it again; of several
// the one is found by loading them last, one at a time.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type StandstillRecord, takeStandstill } from "../../runtime/standstill-record.ts";

/** One version of an integration while one of its files is loaded. */
interface Subject {
  id: string;
  hash: string;
  file: string;
}

export interface Standstills {
  /** Whether it may have been the one, and so has to be loaded when no other is. */
  isSuspect(id: string): boolean;
  /** Why this version must not be loaded, and the file that it came to. */
  whyNot(id: string, hash: string): { reason: string; file: string } | undefined;
  /** It was loaded, is another one by now, or is to be tried all the same. */
  forget(id: string): void;
}

interface Known extends Subject, Pick<StandstillRecord, "at" | "seconds"> {
  isFound: boolean;
}

/** For `during`: what the watchdog writes down. */
export const loadingSubject = ({ id, hash, file }: Subject): string => JSON.stringify({ id, hash, file });

export interface StandstillsOptions {
  /** Where the watchdog leaves its record. */
  record: string;
  /** What is known over several starts. Both files may be deleted, and everything is tried again then. */
  file: string;
}

export function createStandstills({ record, file }: StandstillsOptions): Standstills {
  const known = new Map(readKnown(file).map((one) => [one.id, one]));
  const save = (): void => {
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(file, JSON.stringify([...known.values()]), { mode: 0o600 });
    } catch {
      // On a disk that takes nothing the next start learns it anew.
    }
  };
  const latest = takeStandstill(record);
  if (latest) {
    const subjects = latest.subjects.flatMap(readSubject);
    const before = subjects.filter(({ id, hash }) => known.get(id)?.hash === hash);
    // Those who were suspects before were loaded when no other was.
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
      const reason = `Loading it never came to an end: the event loop stood still for ${seconds} seconds, and the server had to end itself (${at}). Change its code, or load it again with POST /api/v1/admin/integrations/${id}/reload`;
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
    // It was longer than its slot.
    return [];
  }
}
