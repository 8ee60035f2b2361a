// How the command line finds the server that runs on a home: the server leaves its address and a key in a file that
// only its own user can read. The key is good for as long as that server runs.

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HeddleError, messageOf } from "./errors.ts";

export interface LocalServer {
  /** Without a trailing slash. */
  url: string;
  key: string;
  pid: number;
}

const fileIn = (home: string) => join(home, "run", "server.json");

/** Writes the file; `withdraw` removes it, unless another server has written it since. */
export function announceServer(home: string, server: LocalServer): { withdraw(): void } {
  const file = fileIn(home);
  mkdirSync(join(home, "run"), { recursive: true, mode: 0o700 });
  const unfinished = `${file}.${server.pid}`;
  // A file that is there already would keep its own mode.
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, `${JSON.stringify(server)}\n`, { mode: 0o600 });
  renameSync(unfinished, file);
  return {
    withdraw() {
      if (findServer(home)?.key === server.key) rmSync(file, { force: true });
    },
  };
}

/**
 * What the server of this home left; undefined when there is nothing. After a crash it is still there: whether the
 * server answers is another question. Throws "config" for a file that cannot be read.
 */
export function findServer(home: string): LocalServer | undefined {
  const file = fileIn(home);
  if (!existsSync(file)) return undefined;
  try {
    const { url, key, pid } = JSON.parse(readFileSync(file, "utf8")) as Partial<LocalServer>;
    if (typeof url === "string" && typeof key === "string" && typeof pid === "number")
      return { url, key, pid };
  } catch (cause) {
    throw new HeddleError("config", `${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
  return undefined;
}
