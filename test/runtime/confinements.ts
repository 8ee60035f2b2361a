// The ways of confining a process, and which of them this machine can do.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConfinementKind, createConfinement } from "../../src/runtime/confine.ts";

const KINDS: ConfinementKind[] = ["bubblewrap", "landlock", "none"];

/** Tests of the others are left out. "none" is always one of them. */
export async function usableConfinements(): Promise<ConfinementKind[]> {
  const home = mkdtempSync(join(tmpdir(), "heddle-test-"));
  try {
    const tried = await Promise.allSettled(KINDS.map((wanted) => createConfinement({ home, wanted })));
    return KINDS.filter((_, at) => tried[at]?.status === "fulfilled");
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** The number by which this process knows the one that is `inner` to itself, among those with this marker. */
export async function outerPid(inner: number, marker: string): Promise<number> {
  for (;;) {
    const found = lookFor(inner, marker);
    if (found !== undefined) return found;
    // The system shows an environment a moment late.
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
      // It has just ended.
    }
  }
  return undefined;
}
