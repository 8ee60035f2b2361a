// Limits what a process of an integration can reach on this machine: the system's programs and libraries, its own
// files, its own writable folder, and the network. It cannot reach Heddle's home, Heddle's environment or the user's
// other processes. All code that is not Heddle's own is started through here.

import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorMessage, HeddleError } from "../errors.ts";
import { launcherProgram } from "./assets.ts";
import { bubblewrapCommand } from "./bubblewrap.ts";
import { isBun } from "./host.ts";
import { type Launch, launchCommand } from "./launch.ts";
import { ownBun, runCommand } from "./run-bun.ts";
import { systemPaths } from "./system-paths.ts";

/** "none": processes can reach everything the server's user can. */
export type ConfinementKind = "bubblewrap" | "landlock" | "none";

/** Absolute paths; missing ones are ignored. */
export interface Access {
  /** Files and folders it may read and execute, in addition to the system's. */
  read: readonly string[];
  /** Files and folders it may also write to. */
  write: readonly string[];
  /** Default: true. */
  network?: boolean;
}

export interface ConfinedCommand {
  /** The program, an absolute path, and its arguments. */
  command: readonly string[];
  cwd: string;
  /** The complete environment. */
  environment: Readonly<Record<string, string>>;
  access: Access;
}

export interface Confinement {
  readonly kind: ConfinementKind;
  /** Why processes are not confined; null if they are, or if confinement was not requested. */
  readonly reason: string | null;
  /**
   * Returns the command to start instead. The process keeps its pid; bubblewrap however runs it as a child, and exits
   * with 128 + n for signal n.
   */
  wrap(request: ConfinedCommand): Launch;
}

export interface ConfinementOptions {
  home: string;
  /** Default: "auto", the strongest kind that works on this machine. */
  wanted?: ConfinementKind | "auto";
  /** Additional paths that every process may read and write. */
  paths?: readonly string[];
}

const PROBE_MS = 10_000;

/**
 * Probes what works on this machine, which takes about 0.1 s. Throws a HeddleError "config" if a specific kind is
 * requested that does not work here; "auto" falls back to "none" with a reason.
 */
export async function createConfinement(options: ConfinementOptions): Promise<Confinement> {
  const { home, wanted = "auto", paths = [] } = options;
  // Under Deno no processes are started.
  if (wanted === "none" || (wanted === "auto" && !isBun)) return unconfined(null);
  const reasons: string[] = [];
  for (const kind of ["bubblewrap", "landlock"] as const) {
    if (wanted !== "auto" && wanted !== kind) continue;
    try {
      const confinement = confinementOf(kind, home, await launcherProgram(home), paths);
      await probe(confinement, home);
      return confinement;
    } catch (error) {
      reasons.push(`${kind}: ${errorMessage(error)}`);
    }
  }
  const reason = reasons.join(" ");
  if (wanted === "auto") return unconfined(reason);
  throw new HeddleError("config", `Processes cannot be confined with ${reason}`, {
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
      // Bun finds a package only if it can list the folder that contains node_modules.
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

/** Prints which of the files in PROBE_FILES it can open. */
const PROBE_SCRIPT = `const { openSync } = require("node:fs");
const open = (path) => { try { return openSync(path, "r") >= 0 } catch { return false } };
console.log(JSON.stringify(JSON.parse(process.env.PROBE_FILES).filter(open)));`;

/** Throws if a confined process cannot be started, or if it can open files that should be hidden from it. */
async function probe({ kind, wrap }: Confinement, home: string): Promise<void> {
  const folder = await mkdtemp(join(home, "probe-"));
  try {
    const secret = join(folder, "secret");
    await writeFile(secret, "", { mode: 0o600 });
    // In bubblewrap's pid namespace this pid may be a different process.
    const forbidden = kind === "landlock" ? [secret, `/proc/${process.pid}/environ`] : [secret];
    const bun = ownBun(["--eval", PROBE_SCRIPT]);
    const { command, cwd, environment } = wrap({
      command: bun.command,
      cwd: "/",
      environment: { ...bun.environment, PROBE_FILES: JSON.stringify(forbidden) },
      access: { read: [], write: [] },
    });
    const lines: string[] = [];
    const onLine = (line: string) => void lines.push(line);
    const end = await runCommand({ command, cwd, environment, onLine, timeoutMs: PROBE_MS });
    if (end.code !== 0) throw new Error(sentence(lines) || `exit code ${end.code}.`);
    if (lines.join("") !== "[]") throw new Error(`it does not hide files here: ${sentence(lines)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const MAX_SENTENCE = 300;

/** Joins a program's output into one line that ends with a full stop. */
function sentence(lines: readonly string[]): string {
  const text = lines.join(" ").trim();
  if (text.length > MAX_SENTENCE) return `${text.slice(0, MAX_SENTENCE)}…`;
  return text === "" || text.endsWith(".") ? text : `${text}.`;
}
