// Takes variables out of this process's environment: whoever runs in it, is started by it or reads a dump of it finds
// them no more. The system shows the environment that a program was started with (/proc/self/environ, `ps e`) from the
// program's own memory, so they are blotted out there as well.

import { dlopen, toArrayBuffer } from "bun:ffi";
import { LIBC } from "./libc.ts";

export function forgetVariables(names: readonly string[]): void {
  const set = names.filter((name) => process.env[name] !== undefined);
  if (process.platform === "linux") blotOut(set);
  for (const name of set) delete process.env[name];
}

function blotOut(names: string[]): void {
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
