// Finds, measures and terminates a process that Heddle started together with all its descendants.

import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** Variable in the environment of every process a server starts; its value is `<server id>/<number>/`. */
export const MARKER = "HEDDLE_SUPERVISOR";

export interface Family {
  /** Process group ids; each is also a session id. */
  groups: Iterable<number>;
  /** Prefix of the value of MARKER. If undefined, processes that only the marker identifies are left out. */
  marker?: string;
  /**
   * Pid of a wrapper that ends together with its child. It gets no SIGTERM, because it alone reports how the child
   * ended.
   */
  wrapper?: number;
}

const FIRST_POLL_MS = 20;
const MAX_POLL_MS = 250;
/** A process still alive this long after SIGKILL hangs in the kernel. */
const UNKILLABLE_MS = 2_000;

/**
 * Sends SIGTERM, then SIGKILL after `graceMs`. Resolves with true when no member is left, and with false when some
 * cannot be killed. On Linux members are found by group, session, marker and descent: only a process that escaped all
 * four (orphaned, in its own session, with its own environment) is missed. Elsewhere only the groups are known.
 */
export async function endFamily(family: Family, graceMs: number): Promise<boolean> {
  const begun = performance.now();
  const signalled = new Set<number>();
  for (let pauseMs = FIRST_POLL_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_POLL_MS)) {
    const members = await membersOf(family);
    const elapsed = performance.now() - begun;
    if (members.length === 0) return true;
    if (elapsed > graceMs + UNKILLABLE_MS) return false;
    if (elapsed >= graceMs) signal(family, members, "SIGKILL");
    else if (signalled.size === 0) signal(family, members, "SIGTERM");
    // Signal members that were started since.
    else for (const pid of members) if (!signalled.has(pid) && pid !== family.wrapper) send(pid, "SIGTERM");
    for (const pid of members) signalled.add(pid);
    const left = graceMs - elapsed;
    await sleep(left > 0 ? Math.min(pauseMs, left) : pauseMs);
  }
}

/** Resident memory of the family in bytes; undefined on systems without /proc. */
export async function memoryOf(family: Family): Promise<number | undefined> {
  if (process.platform !== "linux") return undefined;
  const sizes = await Promise.all((await membersOf(family)).map(residentBytes));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Pids of all members except zombies. Without /proc: the groups that still exist, as negative numbers for `kill`. */
async function membersOf({ groups, marker }: Family): Promise<number[]> {
  const wanted = new Set(groups);
  if (process.platform !== "linux") return [...wanted].map(target).filter(exists);
  const all = await allProcesses();
  const members = new Set<number>();
  for (const { pid, group, session } of all) {
    const isOne = wanted.has(group) || wanted.has(session);
    if (isOne || (marker !== undefined && (await isMarked(pid, marker)))) members.add(pid);
  }
  for (let before = -1; before < members.size; ) {
    before = members.size;
    for (const { pid, parent } of all) if (members.has(parent)) members.add(pid);
  }
  members.delete(process.pid);
  return [...members];
}

interface Process {
  pid: number;
  parent: number;
  group: number;
  session: number;
}

async function allProcesses(): Promise<Process[]> {
  const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    names.map((name) => readFile(`/proc/${name}/stat`, "utf8").catch(() => "")),
  );
  return found.flatMap((stat, index) => {
    // The second field is the program's name in parentheses, which may contain any character.
    const [state = "Z", parent, group, session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === "Z" || state === "X" || stat === "") return [];
    return [
      { pid: Number(names[index]), parent: Number(parent), group: Number(group), session: Number(session) },
    ];
  });
}

async function isMarked(pid: number, marker: string): Promise<boolean> {
  // Another user's process can be neither read nor killed.
  const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
  return `\0${environment}`.includes(`\0${MARKER}=${marker}`);
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

function signal({ groups, wrapper }: Family, members: number[], name: NodeJS.Signals): void {
  if (members.length === 0) return;
  const spared = name === "SIGKILL" ? undefined : wrapper;
  // Signal a whole group at once, so that no member can fork in between.
  for (const group of groups) if (group !== spared) send(target(group), name);
  for (const pid of members) if (pid !== spared) send(pid, name);
}

/** Windows has no process groups: only the process itself is signalled. */
const target = (group: number): number => (process.platform === "win32" ? group : -group);

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has already exited.
  }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
