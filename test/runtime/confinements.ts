// Finds out which kinds of confinement this machine supports.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConfinementKind, createConfinement } from "../../src/runtime/confine.ts";

const KINDS: ConfinementKind[] = ["bubblewrap", "landlock", "none"];

/** Tests skip the other kinds. "none" is always included. */
export async function usableConfinements(): Promise<ConfinementKind[]> {
  const home = mkdtempSync(join(tmpdir(), "heddle-test-"));
  try {
    const tried = await Promise.allSettled(KINDS.map((wanted) => createConfinement({ home, wanted })));
    return KINDS.filter((_, at) => tried[at]?.status === "fulfilled");
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Translates a pid from inside a pid namespace (`inner`) to this process's view, among processes with this marker. */
export async function outerPid(inner: number, marker: string): Promise<number> {
  for (;;) {
    const found = lookFor(inner, marker);
    if (found !== undefined) return found;
    // The system exposes the environment of a new process with a short delay.
    await Bun.sleep(20);
  }
}

function lookFor(inner: number, marker: string): number | undefined {
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const own = /^NSpid:.*?(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, "utf8"))?.[1];
      if (Number(own) !== inner) continue;
      if (readFileSync(`/proc/${name}/environ`, "utf8").includes(marker)) return Number(name);
    } catch {
      // It has already exited.
    }
  }
  return undefined;
}
