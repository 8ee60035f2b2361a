// Reads a file that somebody may be writing over at this moment. A reading in pieces can begin with a bot's text and end with an
// operator's: nobody has written that, so that no record would name it as a bot's.

import { type FileHandle, open } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { HeddleError } from "../../errors.ts";

/** More than a tick of the clock that file systems use: a write after it changes the time of the file. */
const SETTLED_MS = 12;
const PAUSE_MS = 5;
const MOST_TRIES = 50;

/** Undefined: it is gone. Throws `unavailable` for a file that is written all the time. */
export async function readSettled(path: string): Promise<Buffer | undefined> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    if (tries > 0) await pause(PAUSE_MS);
    const file = await open(path).catch(() => undefined);
    if (!file) return undefined;
    try {
      const bytes = await readUnchanged(file);
      if (bytes) return bytes;
    } finally {
      await file.close();
    }
  }
  throw new HeddleError("unavailable", `${path} is written all the time; it is read once that has ended.`);
}

/** Undefined if the file was written while it was read, or so shortly before that its time would not show it. */
async function readUnchanged(file: FileHandle): Promise<Buffer | undefined> {
  const before = await file.stat({ bigint: true });
  // A time in the future is as good as one in the past: a write would change it.
  if (Math.abs(Date.now() - Number(before.ctimeMs)) < SETTLED_MS) return undefined;
  const bytes = await file.readFile();
  const after = await file.stat({ bigint: true });
  const isSame = after.ctimeNs === before.ctimeNs && after.size === before.size;
  return isSame && BigInt(bytes.length) === after.size ? bytes : undefined;
}
