// The resolver remembers for the life of the process which folders were not there, and what the settings in a folder said.
// Only a relative import that fails makes it look at a folder anew (Bun 1.4).

import { stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { changedSince, isSetting, type TakenIn } from "./taken-in.ts";

type Log = BuildMessage | ResolveMessage;

/** Makes it look for packages again that it did not find. Returns whether one of them is there now. */
export async function forgetMissing(logs: Log[]): Promise<boolean> {
  const installed = await Promise.all(
    logs.map(async (log) => {
      const name = missingPackage(log);
      const importer = log.position?.file;
      return name !== undefined && importer !== undefined && lookFor(name, dirname(importer));
    }),
  );
  return installed.includes(true);
}

/** Makes it read the settings again that the bundle before this one went by. */
export async function forgetSettings(folder: string, before: TakenIn): Promise<void> {
  const elsewhere = (await changedSince(before)).filter(isSetting).map((path) => dirname(path));
  // From the top, for each folder keeps what it has from the one above.
  for (const dir of new Set([folder, ...[...before.own, ...elsewhere].sort()])) lookAnew(dir);
}

export function isOfPackage(log: Log): boolean {
  const inPackage = log.position?.file.includes(`${sep}node_modules${sep}`) ?? false;
  return inPackage || missingPackage(log) !== undefined;
}

/** The package in "@scope/package/file" or "package/file"; nothing in a path, nor in "node:fs". */
const PACKAGE = /^(@[^/]+\/)?[^@./:][^/:]*(?=\/|$)/;

/** The name of the package that an import did not find; undefined for anything else. */
export const missingPackage = (log: Log): string | undefined =>
  "specifier" in log ? PACKAGE.exec(log.specifier)?.[0] : undefined;

async function lookFor(name: string, folder: string): Promise<boolean> {
  const place = join(folder, "node_modules", name);
  lookAnew(folder);
  lookAnew(place);
  if (await stat(place).catch(() => undefined)) return true;
  return folder === dirname(folder) ? false : lookFor(name, dirname(folder));
}

function lookAnew(folder: string): void {
  try {
    Bun.resolveSync(`./${crypto.randomUUID()}`, folder);
  } catch {
    // As it should: it looked, and found no such file.
  }
}
