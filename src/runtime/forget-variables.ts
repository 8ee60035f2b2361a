// Takes variables out of this process's environment: whoever runs in it, is started by it or reads a dump of it finds
// them no more. The system shows the environment that a program was started with (/proc/self/environ, `ps e`) from the
// program's own memory, so they are blotted out there as well.

import { isBun } from "./host.ts";
import { LIBC } from "./libc.ts";

export function forgetVariables(names: readonly string[]): void {
  const set = names.filter((name) => process.env[name] !== undefined);
  if (isBun && process.platform === "linux") blotOut(set);
  for (const name of set) delete process.env[name];
  if (isBun && set.length > 0) handOnWhatIsLeft();
}

/** Bun gives what it starts the variables that it was started with itself, unless it is told which. */
function handOnWhatIsLeft(): void {
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

function blotOut(names: string[]): void {
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
      // It is another one's name.
    }
  }
}
