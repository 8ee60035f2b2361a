// System programs that some tests need; without them those tests are skipped.

import { installPackages, whyNoPostgres } from "./postgres.ts";
import { usableConfinements } from "./runtime/confinements.ts";

/**
 * What the browser is called, the cheapest first. Debian's command for the headless shell is a script that leaves the
 * browser behind when it is ended.
 */
export const CHROMIUM_PROGRAMS = [
  "/usr/lib/chromium/chromium-headless-shell",
  ...["chromium", "chromium-browser", "google-chrome"],
];

/** The programs of each Debian package, one of which is needed. */
const PROGRAMS: Record<string, string[]> = {
  bubblewrap: ["bwrap"],
  "chromium-headless-shell": CHROMIUM_PROGRAMS,
  curl: ["curl"],
  "dovecot-imapd": ["dovecot"],
  mosquitto: ["mosquitto"],
};

/** Returns the path of the first of these programs that is installed. */
export const findProgram = (names: string[]): string | null =>
  names.map((name) => Bun.which(name)).find((path) => path !== null) ?? null;

/** Returns the packages that are not installed. */
export const missingPackages = (): string[] =>
  Object.entries(PROGRAMS).flatMap(([name, programs]) => (findProgram(programs) ? [] : [name]));

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
