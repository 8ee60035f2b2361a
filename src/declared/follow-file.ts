// Follows a file of the operator's: it is read at the start, and again when it changes.

import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import type { TextProblem } from "../content/yaml-text.ts";
import { errorMessage } from "../errors.ts";
import { every, type Periodic } from "../every.ts";
import type { Logger } from "../log.ts";
import { isAbsent } from "../runtime/absent.ts";

export interface FollowFile<Read> {
  path: string;
  log: Logger;
  read(text: string): ({ ok: true } & Read) | { ok: false; problem: TextProblem };
  /** Called with what it says when that changes; a file that cannot be read leaves what was there. */
  onChange(read: Read): void;
  /** What an absent file says. */
  absent: Read;
  /** What stays as it was when the file cannot be read: "The servers". */
  what: string;
  /** Default: from the disk. */
  readText?: (path: string) => Promise<string>;
}

export interface FollowedFile {
  close(): Promise<void>;
}

/** A person who has changed the file does not notice a wait of this length. */
const LOOK_MS = 2_000;

/** Resolves when the file has been read once. */
export async function followFile<Read>({
  path,
  log,
  read,
  onChange,
  absent,
  what,
  readText = (file) => readFile(file, "utf8"),
}: FollowFile<Read>): Promise<FollowedFile> {
  let seen = "";
  /** What prevented the last look. */
  let trouble = "";

  /** Looks again after a moment if the file cannot be read, and says so once. */
  async function look(): Promise<void> {
    try {
      await lookNow();
      trouble = "";
    } catch (error) {
      const reason = errorMessage(error);
      if (reason !== trouble) log.error("{path} cannot be read: {reason}", { path, reason });
      trouble = reason;
    }
  }

  async function lookNow(): Promise<void> {
    const version = await versionOf(path);
    if (version === seen) return;
    const text = version === ABSENT ? undefined : await readText(path);
    seen = version;
    if (text === undefined) return onChange(absent);
    const found = read(text);
    if (found.ok) return onChange(found);
    const { line, reason } = found.problem;
    const place = line === undefined ? path : `${path}:${line}`;
    log.error("{place}: {reason}. {what} in it stay as they were.", { place, reason, what });
  }

  await look();
  const looking: Periodic = every({ name: `Reading ${basename(path)}`, ms: LOOK_MS, run: look, log });
  return { close: looking.close };
}

const ABSENT = "absent";

async function versionOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch (error) {
    if (isAbsent(error)) return ABSENT;
    throw error;
  }
}
