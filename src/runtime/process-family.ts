// A process that Heddle started, and everything that it started in turn: found, measured and ended together.

import { readdir, readFile } from "node:fs/promises";

/** Stands in the environment of everything that a server starts, as `<server id>/<number>/`. */
export const MARKER = "HEDDLE_SUPERVISOR";

export interface Family {
  /** The numbers of groups; each is also the number of its session. */
  groups: Iterable<number>;
  /** What the value of MARKER begins with. Undefined: those that are known by their marker alone are left out. */
  marker?: string;
  /** Ends with what it has started, and is not told to end before: it alone knows how that one ended. */
  wrapper?: number;
}

const FIRST_LOOK_MS = 20;
const LONGEST_LOOK_MS = 250;
/** What SIGKILL has not ended by then hangs in the kernel. */
const UNKILLABLE_MS = 2_000;

/**
 * Sends SIGTERM, after `graceMs` SIGKILL, and resolves when none is left, with true; with false when some cannot be
 * ended. Linux knows the members by group, session, marker and descent: only a process that left all four (orphaned,
 * in a session of its own, with an environment of its own) is not found. Elsewhere only the groups are known.
 */
export async function endFamily(family: Family, graceMs: number): Promise<boolean> {
  const begun = Date.now();
  const told = new Set<number>();
  for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_LOOK_MS)) {
    const members = await membersOf(family);
    const elapsed = Date.now() - begun;
    if (members.length === 0) return true;
    if (elapsed > graceMs + UNKILLABLE_MS) return false;
    if (elapsed >= graceMs) signal(family, members, "SIGKILL");
    else if (told.size === 0) signal(family, members, "SIGTERM");
    // Those that were born since.
    else for (const pid of members) if (!told.has(pid) && pid !== family.wrapper) send(pid, "SIGTERM");
    for (const pid of members) told.add(pid);
    const left = graceMs - elapsed;
    await new Promise((resolve) => setTimeout(resolve, left > 0 ? Math.min(pauseMs, left) : pauseMs));
  }
}

/** Resident memory of the family in bytes; undefined where there is no /proc. */
export async function memoryOf(family: Family): Promise<number | undefined> {
  if (process.platform !== "linux") return undefined;
  const sizes = await Promise.all((await membersOf(family)).map(residentBytes));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Process numbers, of those that are no zombies. Without /proc: the groups that still exist, as `kill` takes them. */
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
    // The second field is the program's name in parentheses, and may hold anything.
    const [state = "Z", parent, group, session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === "Z" || state === "X" || stat === "") return [];
    return [
      { pid: Number(names[index]), parent: Number(parent), group: Number(group), session: Number(session) },
    ];
  });
}

async function isMarked(pid: number, marker: string): Promise<boolean> {
  // Another user's cannot be read, and cannot be ended either.
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
  // A whole group at once: nobody in it can make another process in between.
  for (const group of groups) if (group !== spared) send(target(group), name);
  for (const pid of members) if (pid !== spared) send(pid, name);
}

/** Windows knows no groups: there it is the process alone. */
const target = (group: number): number => (process.platform === "win32" ? group : -group);

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already.
  }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
