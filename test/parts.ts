// System programs that some tests need; without them those tests are skipped.

import { installPackages, whyNoPostgres } from "./postgres.ts";
import { usableConfinements } from "./runtime/confinements.ts";

/** The program of each Debian package. */
const PROGRAMS = {
  bubblewrap: "bwrap",
  chromium: "chromium",
  curl: "curl",
  "dovecot-imapd": "dovecot",
  mosquitto: "mosquitto",
} as const;

/** Returns the packages that are not installed. */
export const missingPackages = (): string[] =>
  Object.entries(PROGRAMS).flatMap(([name, program]) => (Bun.which(program) ? [] : [name]));

/** Installs missing packages (as root on Debian only) and returns those that are still missing. */
export function installMissing(report: (text: string) => void): string[] {
  const missing = missingPackages();
  if (missing.length === 0 || whyNoPostgres() !== undefined) return missing;
  report(`Installing ${missing.join(" and ")} with apt-get.`);
  try {
    installPackages(missing);
  } catch (error) {
    report(`The installation failed: ${error}`);
  }
  return missingPackages();
}

/** Returns the ways of confining a process that do not work on this system. */
export async function missingConfinements(): Promise<string[]> {
  const usable: string[] = await usableConfinements();
  return ["bubblewrap", "landlock"].filter((kind) => !usable.includes(kind));
}
