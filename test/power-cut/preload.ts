// `bun --preload preload.ts src/main.ts serve …`: simulates a power cut of a server. It observes every write and sync
// below POWER_CUT_ROOT. At call number POWER_CUT_AFTER it writes what a disk would still have to POWER_CUT_TARGET and
// kills itself. It does not see native operations (archives, whole files): those count from their first sync.

import { syncBuiltinESMExports } from "node:module";
import { createRandom } from "../faults/random.ts";
import { createDisk } from "./disk.ts";

// Not imported: what was imported once keeps its functions, in Bun 1.4.5, also for those who import it later.
const fs: typeof import("node:fs") = require("node:fs");

const variable = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is missing`);
  return value;
};
const root = variable("POWER_CUT_ROOT");
const target = variable("POWER_CUT_TARGET");
let callsLeft = Number(variable("POWER_CUT_AFTER"));
const random = createRandom("power cut").next;
/** The server refuses its own to code that is not its own. */
const kill = process.kill.bind(process);

const real = { ...fs, promises: { ...fs.promises } };
const disk = createDisk({ ...fs }, root, variable("POWER_CUT_COPY"));
/** Open files below the root, by descriptor. */
const open = new Map<number, { path: string; inode: number }>();
const changed = new Map<number, [from: number, to: number][]>();

const isOurs = (path: unknown): path is string =>
  typeof path === "string" && (path === root || path.startsWith(`${root}/`));

/** Called before each step, so that the cut happens between two steps. */
function step(): void {
  if (--callsLeft > 0) return;
  disk.cut(target, random);
  kill(process.pid, "SIGKILL");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

function pathOf(descriptor: number): string | undefined {
  const path = real.readlinkSync(`/proc/self/fd/${descriptor}`);
  return isOurs(path) ? path : undefined;
}

fs.openSync = (path, flags, mode) => {
  const descriptor = real.openSync(path, flags, mode);
  if (isOurs(path)) open.set(descriptor, { path, inode: real.fstatSync(descriptor).ino });
  return descriptor;
};
fs.closeSync = (descriptor) => {
  open.delete(descriptor);
  real.closeSync(descriptor);
};
fs.writeSync = ((descriptor: number, bytes: Uint8Array, offset: number, length: number, at: number) => {
  const file = open.get(descriptor);
  if (!file) return real.writeSync(descriptor, bytes, offset, length, at);
  step();
  disk.beforeChange(file.inode);
  const count = real.writeSync(descriptor, bytes, offset, length, at);
  const ranges = changed.get(file.inode);
  if (ranges) ranges.push([at, at + count]);
  else changed.set(file.inode, [[at, at + count]]);
  return count;
}) as typeof fs.writeSync;
fs.fsyncSync = (descriptor) => {
  const path = pathOf(descriptor);
  if (path === undefined) return real.fsyncSync(descriptor);
  step();
  const { ino } = real.fstatSync(descriptor);
  // The name is gone, and with it everything a cut could leave.
  if (path.endsWith(" (deleted)")) return;
  disk.onSync(path, changed.get(ino) ?? undefined);
  changed.delete(ino);
};
for (const name of ["truncateSync", "ftruncateSync"] as const) {
  fs[name] = ((file: string | number, length: number) => {
    const path = typeof file === "number" ? pathOf(file) : file;
    if (isOurs(path)) {
      step();
      disk.beforeChange(real.statSync(path).ino);
    }
    (real[name] as (file: string | number, length: number) => void)(file, length);
  }) as never;
}
fs.unlinkSync = (path) => {
  if (isOurs(path)) {
    step();
    giveUp(path);
  }
  real.unlinkSync(path);
};
fs.renameSync = (from, to) => {
  if (isOurs(to)) {
    step();
    giveUp(to);
  }
  real.renameSync(from, to);
};
fs.promises.rename = async (from, to) => {
  if (isOurs(to)) {
    step();
    giveUp(to);
  }
  return real.promises.rename(from, to);
};
fs.promises.rm = async (path, options) => {
  if (isOurs(path)) giveUpAll(path);
  return real.promises.rm(path, options);
};
syncBuiltinESMExports();
// Synchronous, because during an await the program would start with the original functions.
void real.promises.open(import.meta.path).then(async (handle) => {
  const fileHandle: { sync(this: { fd: number }): Promise<void> } = Object.getPrototypeOf(handle);
  const { sync } = fileHandle;
  fileHandle.sync = async function () {
    const path = pathOf(this.fd);
    if (path !== undefined) step();
    await sync.call(this);
    if (path !== undefined) disk.onSync(path, undefined);
  };
  await handle.close();
});

function giveUpAll(path: string): void {
  const found = real.lstatSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) for (const name of real.readdirSync(path)) giveUpAll(`${path}/${name}`);
  giveUp(path);
}

/** The name at this path is removed. */
function giveUp(path: string): void {
  const found = real.lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  disk.beforeChange(found.ino);
  disk.forget(found.ino);
  changed.delete(found.ino);
}
