// `bun run check`: formatting and lint, types, and unused code. All of them run, even if one reports something.

import { spawnSync } from "node:child_process";
import { join } from "node:path";

const repository = join(import.meta.dirname, "..");

const CHECKS = [
  { name: "biome", args: ["ci", "--colors=off", "--error-on-warnings"] },
  { name: "tsc", args: ["--noEmit", "--pretty", "false"] },
  { name: "tsc", args: ["--noEmit", "--pretty", "false", "--project", "src/web"] },
  { name: "knip", args: ["--no-progress"] },
];

/** Prints the findings and returns the names of the tools that reported something. */
export function check(): string[] {
  // The admin UI's types of the REST API are made of the routes, and are not in version control.
  const { status: made } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "web", "generate-api-types.ts")],
    {
      cwd: repository,
      stdio: "inherit",
    },
  );
  const failed = CHECKS.filter(({ name, args }) => {
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
  return made === 0 ? failed : ["generate-api-types", ...failed];
}

if (import.meta.main) process.exit(check().length === 0 ? 0 : 1);
