// Programs of the system without which tests are left out.

import { installPackages, whyNoPostgres } from "./postgres.ts";
import { usableConfinements } from "./runtime/confinements.ts";

/** By the name of Debian's package. */
const PROGRAMS = { bubblewrap: "bwrap", curl: "curl" } as const;

/** Packages that are not installed. */
export const missingPackages = (): string[] =>
  Object.entries(PROGRAMS).flatMap(([name, program]) => (Bun.which(program) ? [] : [name]));

/** Installs what is missing where it can: root on Debian. Returns what is missing still. */
export function installMissing(say: (text: string) => void): string[] {
  const missing = missingPackages();
  if (missing.length === 0 || whyNoPostgres() !== undefined) return missing;
  say(`Installing ${missing.join(" and ")} with apt-get.`);
  try {
    installPackages(missing);
  } catch (error) {
    say(`That failed: ${error}`);
  }
  return missingPackages();
}

/** Ways to confine a process that do not work here, whatever is installed. */
export async function missingConfinements(): Promise<string[]> {
  const usable: string[] = await usableConfinements();
  return ["bubblewrap", "landlock"].filter((kind) => !usable.includes(kind));
}
