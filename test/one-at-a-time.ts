// Test files run in several processes. One of them makes what they share while the others wait.

import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const LONGEST_WAIT_MS = 5 * 60_000;

/** Runs `act` under a lock of that name, across all processes of this user. The lock ends with its process. */
export async function oneAtATime<T>(name: string, act: () => Promise<T>): Promise<T> {
  const folder = join(tmpdir(), `heddle-test-locks-${process.getuid?.() ?? ""}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = new DatabaseSync(join(folder, name), { timeout: LONGEST_WAIT_MS });
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return await act();
  } finally {
    lock.close();
  }
}
