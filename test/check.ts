// `bun run check`: formatting and lint, types, and unused code. All of them run, even if one reports something.

import { spawnSync } from "node:child_process";
import { join } from "node:path";

const repository = join(import.meta.dirname, "..");

const CHECKS = [
  { name: "biome", args: ["ci", "--colors=off"] },
  { name: "tsc", args: ["--noEmit", "--pretty", "false"] },
  { name: "knip", args: ["--no-progress"] },
];

/** Prints the findings and returns the names of the tools that reported something. */
export function check(): string[] {
  return CHECKS.filter(({ name, args }) => {
    console.log(`\n── ${name}`);
    // The tools run in this Bun, because their shebang line names Node.
    const tool = join(repository, "node_modules", ".bin", name);
    const { status, error } = spawnSync(process.execPath, ["--bun", tool, ...args], {
      cwd: repository,
      stdio: "inherit",
    });
    if (error) console.log(error.message);
    console.log(status === 0 ? "   nothing found" : `   ${name} failed`);
    return status !== 0;
  }).map(({ name }) => name);
}

if (import.meta.main) process.exit(check().length === 0 ? 0 : 1);
