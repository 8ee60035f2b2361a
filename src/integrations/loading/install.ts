// Installs the packages of an integration's folder with the Bun that runs this program.

import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { errorMessage, HeddleError } from "../../errors.ts";
import { runBun } from "../../runtime/run-bun.ts";
import { writeSdk } from "../../runtime/sdk.ts";

export interface InstallOptions {
  /** Only the variables that an install needs are passed on: PATH, HOME, proxies, the registry. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Packages to add to those of package.json, such as the manifest's, with a version or without; they are written there. */
  packages?: readonly string[];
  /** Receives each line of the package manager's output. */
  onLine?: (line: string) => void;
  /** Whether packages in trustedDependencies may run their install scripts. Default: no. */
  scripts?: boolean;
  /** Default: five minutes. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 5 * 60_000;
const HANDED_ON =
  /^(PATH|HOME|TMPDIR|TEMP|TMP|USERPROFILE|APPDATA|LOCALAPPDATA|SystemRoot|(https?|no)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|(npm|bun)_config_\w*registry\w*|BUN_INSTALL_CACHE_DIR)$/i;
const LINES_IN_ERROR = 8;

/**
 * Returns the names of the folder's packages. Throws a HeddleError: "validation" (package.json is absent or unreadable),
 * "upstream" (the install failed; the message has its last lines) or "timeout".
 */
export async function installDependencies(folder: string, options: InstallOptions): Promise<string[]> {
  const { environment, packages = [], onLine = () => {}, scripts = false, timeoutMs = TIMEOUT_MS } = options;
  if (packages.length > 0) await beginPackageJson(folder);
  const wanted = await readPackageJson(folder);
  const added = packages.filter((one) => nameOf(one) !== one || !Object.hasOwn(wanted, one));
  if (Object.values(wanted).includes(OWN_SDK)) await provideSdk(folder);
  const last: string[] = [];
  const { code, timedOut } = await runBun({
    args: [
      ...(added.length > 0 ? ["add", ...added] : ["install"]),
      "--no-progress",
      ...(scripts ? [] : ["--ignore-scripts"]),
    ],
    cwd: folder,
    environment: { ...handedOn(environment), NO_COLOR: "1" },
    onLine(text) {
      const line = stripVTControlCharacters(text).trimEnd();
      if (line === "") return;
      last.push(line);
      if (last.length > LINES_IN_ERROR) last.shift();
      onLine(line);
    },
    timeoutMs,
  });
  if (timedOut) {
    throw new HeddleError(
      "timeout",
      `The install in ${folder} did not finish within ${timeoutMs / 1000} s and was stopped.`,
    );
  }
  if (code !== 0) {
    throw new HeddleError(
      "upstream",
      `The install in ${folder} failed (${code ?? "killed"}):\n${last.join("\n")}`,
    );
  }
  return [...new Set([...Object.keys(wanted), ...added.map(nameOf)])];
}

/** The name of a package that may be given with its version: "@octokit/core@7.0.8". */
function nameOf(given: string): string {
  const at = given.lastIndexOf("@");
  return at > 0 ? given.slice(0, at) : given;
}

async function beginPackageJson(folder: string): Promise<void> {
  // The flag "wx" keeps an existing file.
  await writeFile(join(folder, "package.json"), '{ "private": true }\n', { flag: "wx" }).catch((error) => {
    if (error.code !== "EEXIST") throw error;
  });
}

/** The dependency that `heddle new` writes for the SDK, which is in the folder but not under version control. */
const OWN_SDK = "file:.heddle/sdk";

async function provideSdk(folder: string): Promise<void> {
  const isThere = await stat(join(folder, ".heddle", "sdk", "package.json")).catch(() => undefined);
  if (!isThere) await writeSdk(join(folder, ".heddle"));
}

async function readPackageJson(folder: string): Promise<Record<string, string>> {
  const path = join(folder, "package.json");
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new HeddleError("validation", `${folder} has no package.json: there is nothing to install.`, {
      cause,
    });
  });
  try {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(text);
    return { ...dependencies, ...devDependencies, ...optionalDependencies };
  } catch (cause) {
    throw new HeddleError("validation", `${path} must be a JSON object: ${errorMessage(cause)}`, { cause });
  }
}

const handedOn = (environment: InstallOptions["environment"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && HANDED_ON.test(entry[0]),
    ),
  );
