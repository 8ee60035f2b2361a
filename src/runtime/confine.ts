// What a process of an integration can reach of this machine: the system's programs and libraries, its own files, a
// folder of its own to write in, and the network. Not Heddle's home, nor its environment, nor any other program of this
// user. This is the one door for everything that runs code which is not Heddle's.

import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { HeddleError, messageOf } from "../errors.ts";
import { launcherProgram } from "./assets.ts";
import { bubblewrapCommand } from "./bubblewrap.ts";
import { isBun } from "./host.ts";
import { type Launch, launchCommand } from "./launch.ts";
import { ownBun, runCommand } from "./run-bun.ts";
import { systemPaths } from "./system-paths.ts";

/** "none": it can reach all that the server's user can. */
export type ConfinementKind = "bubblewrap" | "landlock" | "none";

/** Absolute paths; what is not there is left out. */
export interface Access {
  /** Files and folders that it may read and execute, besides the system's. */
  read: readonly string[];
  /** Those that it may also write in. */
  write: readonly string[];
  /** Default: true. */
  network?: boolean;
}

export interface ConfinedCommand {
  /** The program, an absolute path, and its arguments. */
  command: readonly string[];
  cwd: string;
  /** All of it. */
  environment: Readonly<Record<string, string>>;
  access: Access;
}

export interface Confinement {
  readonly kind: ConfinementKind;
  /** Why nothing is confined; null when it is, or was not to be. */
  readonly reason: string | null;
  /** What to start instead. The process keeps its number, except under bubblewrap, whose exit code is 128 + n for signal n. */
  wrap(request: ConfinedCommand): Launch;
}

export interface ConfinementOptions {
  home: string;
  /** Default: "auto", the strongest of those that work here. */
  wanted?: ConfinementKind | "auto";
  /** What all may read and write besides. */
  paths?: readonly string[];
}

const PROBE_MS = 10_000;

/**
 * Finds out by trying, which takes a tenth of a second. Throws "config" when a kind is wanted that does not work here;
 * "auto" ends with "none" and a reason instead.
 */
export async function createConfinement(options: ConfinementOptions): Promise<Confinement> {
  const { home, wanted = "auto", paths = [] } = options;
  // Under Deno nothing is started.
  if (wanted === "none" || (wanted === "auto" && !isBun)) return unconfined(null);
  const reasons: string[] = [];
  for (const kind of ["bubblewrap", "landlock"] as const) {
    if (wanted !== "auto" && wanted !== kind) continue;
    try {
      const confinement = confinementOf(kind, home, await launcherProgram(home), paths);
      await probe(confinement, home);
      return confinement;
    } catch (error) {
      reasons.push(`${kind}: ${messageOf(error)}`);
    }
  }
  const reason = reasons.join(" ");
  if (wanted === "auto") return unconfined(reason);
  throw new HeddleError("config", `Processes cannot be confined by ${reason}`, {
    field: "PROCESS_CONFINEMENT",
  });
}

function confinementOf(
  kind: Exclude<ConfinementKind, "none">,
  home: string,
  launcher: string,
  paths: readonly string[],
): Confinement {
  const wrap = ({ command, cwd, environment, access }: ConfinedCommand): Launch => {
    const read = [
      ...systemPaths({ searchPath: environment.PATH ?? "", hidden: home }),
      ...[dirname(launcher), command[0] ?? "", ...access.read],
    ];
    const write = [...paths, ...access.write];
    const policy = {
      read,
      // Bun finds a package only where it can list the folder around it.
      list: read.filter((path) => basename(path) === "node_modules" && existsSync(path)).map(dirname),
      write,
      network: access.network ?? true,
      files: kind === "landlock",
      cwd,
    };
    const launch = launchCommand(launcher, policy, command, environment);
    return kind === "landlock" ? launch : bubblewrapCommand(launch, policy);
  };
  return { kind, reason: null, wrap };
}

const unconfined = (reason: string | null): Confinement => ({
  kind: "none",
  reason,
  wrap: ({ command, cwd, environment }) => ({ command, cwd, environment }),
});

/** Prints which of the files in LOOK_AT it can open. */
const LOOK = `const { openSync } = require("node:fs");
const open = (path) => { try { return openSync(path, "r") >= 0 } catch { return false } };
console.log(JSON.stringify(JSON.parse(process.env.LOOK_AT).filter(open)));`;

/** Throws with a reason when a process can be started so not at all, or sees what it is not to see. */
async function probe({ kind, wrap }: Confinement, home: string): Promise<void> {
  const folder = await mkdtemp(join(home, "probe-"));
  try {
    const secret = join(folder, "secret");
    await writeFile(secret, "", { mode: 0o600 });
    // Under bubblewrap the number may be another process's.
    const forbidden = kind === "landlock" ? [secret, `/proc/${process.pid}/environ`] : [secret];
    const bun = ownBun(["--eval", LOOK]);
    const { command, cwd, environment } = wrap({
      command: bun.command,
      cwd: "/",
      environment: { ...bun.environment, LOOK_AT: JSON.stringify(forbidden) },
      access: { read: [], write: [] },
    });
    const lines: string[] = [];
    const onLine = (line: string) => void lines.push(line);
    const end = await runCommand({ command, cwd, environment, onLine, timeoutMs: PROBE_MS });
    if (end.code !== 0) throw new Error(sentence(lines) || `exit code ${end.code}.`);
    if (lines.join("") !== "[]") throw new Error(`it hides nothing here: ${sentence(lines)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const LONGEST_SENTENCE = 300;

/** What a program printed, in one line that ends. */
function sentence(lines: readonly string[]): string {
  const text = lines.join(" ").trim();
  if (text.length > LONGEST_SENTENCE) return `${text.slice(0, LONGEST_SENTENCE)}…`;
  return text === "" || text.endsWith(".") ? text : `${text}.`;
}
