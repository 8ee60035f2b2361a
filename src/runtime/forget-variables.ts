// Removes variables from this process's environment, so that code running in it, its child processes and memory dumps
// no longer reveal them. The system exposes the initial environment (/proc/self/environ, `ps e`) straight from the
// process's memory, so the values are overwritten there as well.

import { isBun } from "./host.ts";
import { LIBC } from "./libc.ts";

export function forgetVariables(names: readonly string[]): void {
  const set = names.filter((name) => process.env[name] !== undefined);
  if (isBun && process.platform === "linux") overwriteInMemory(set);
  for (const name of set) delete process.env[name];
  if (isBun && set.length > 0) passCurrentEnvironment();
}

/** Unless `env` is given, Bun passes its initial environment to child processes, not the current one. */
function passCurrentEnvironment(): void {
  const { spawn, spawnSync } = Bun;
  const withEnvironment =
    <Start extends typeof spawn | typeof spawnSync>(start: Start) =>
    (...given: unknown[]) => {
      const [command, options] = Array.isArray(given[0]) ? given : [undefined, given[0]];
      const request = { env: process.env, ...(options as object) };
      const begin = start as (...args: unknown[]) => unknown;
      return command === undefined ? begin(request) : begin(command, request);
    };
  Object.assign(Bun, { spawn: withEnvironment(spawn), spawnSync: withEnvironment(spawnSync) });
}

function overwriteInMemory(names: string[]): void {
  const { dlopen, toArrayBuffer } = require("bun:ffi") as typeof import("bun:ffi");
  for (const library of LIBC) {
    try {
      const { symbols, close } = dlopen(library, {
        getenv: { args: ["cstring"], returns: "ptr" },
        strlen: { args: ["ptr"], returns: "u64" },
      });
      for (const name of names) {
        const value = symbols.getenv(Buffer.from(`${name}\0`));
        if (value === null) continue;
        const length = Number(symbols.strlen(value));
        if (length > 0) new Uint8Array(toArrayBuffer(value, 0, length)).fill(0);
      }
      close();
      return;
    } catch {
      // This is not this system's C library; try the next name.
    }
  }
}
