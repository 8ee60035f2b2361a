// The compiled program, for tests and benchmarks. It is rebuilt only when one of its inputs has changed.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { oneAtATime } from "./one-at-a-time.ts";

const repository = join(import.meta.dirname, "..");
const INPUTS = [
  "src",
  "integrations",
  "manifests",
  "compile.ts",
  "compile-sdk.ts",
  "package.json",
  "bun.lock",
];

/** Returns the path of a program built from the current sources. */
export const compiledBinary = (): Promise<string> => oneAtATime("compile", build);

async function build(): Promise<string> {
  const binary = join(repository, "dist", "heddle");
  const stamp = join(repository, "dist", "built-from");
  const inputs = hashOf(INPUTS);
  if (existsSync(binary) && existsSync(stamp) && readFileSync(stamp, "utf8") === inputs) return binary;
  const compiling = spawn(process.execPath, ["compile.ts"], {
    cwd: repository,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [status] = await once(compiling, "exit");
  if (status !== 0) throw new Error("compile.ts failed");
  writeFileSync(stamp, inputs);
  return binary;
}

function hashOf(paths: string[]): string {
  const hash = createHash("sha256");
  for (const path of paths.flatMap(filesBelow).sort()) {
    hash.update(`${path}\n`).update(readFileSync(join(repository, path)));
  }
  return hash.digest("hex");
}

function filesBelow(path: string): string[] {
  if (!statSync(join(repository, path)).isDirectory()) return [path];
  return readdirSync(join(repository, path)).flatMap((name) => filesBelow(join(path, name)));
}
