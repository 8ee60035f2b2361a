// Selects the tests for daily work: those that start no process or server, compile nothing and repeat nothing.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const tests = import.meta.dirname;

/** Folders of tests that repeat something many times: attacks, power cuts, growing inputs. */
const THOROUGH = ["faults", "power-cut", "linear-time", "bench"];

/** Calls that make a test slow: starting a process (such as the compiled program) or a whole server. */
const SLOW = /\bBun\.spawn|\bstartServer\b/;
/** Modules that start processes, and those that open an embedded database outside of the pool of the file. */
const SLOW_MODULES =
  /^node:child_process$|\/src\/(processes|workspace|db\/(embedded|durable-files)|runtime\/spawn)\b/;
/** The helper with the pool, which may open databases. */
const DATABASE = join(tests, "database.ts");

/** Returns paths that begin with "./", which `bun test` reads as files rather than as parts of names. */
export function fastTests(): string[] {
  const files = readdirSync(tests, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".test.ts"),
  );
  return files
    .filter((name) => !THOROUGH.includes(name.split("/")[0] ?? "") && !isSlow(join(tests, name), new Set()))
    .map((name) => `./test/${name}`)
    .sort();
}

/** Returns true for a test that is slow itself or through one of its helpers. */
function isSlow(file: string, seen: Set<string>): boolean {
  if (seen.has(file)) return false;
  seen.add(file);
  const text = readFileSync(file, "utf8");
  if (SLOW.test(text)) return true;
  const imported = new Bun.Transpiler({ loader: "ts" }).scanImports(text).map(({ path }) => path);
  const helpers = imported
    .filter((path) => path.startsWith("."))
    .map((path) => resolve(dirname(file), path))
    .filter((path) => !relative(tests, path).startsWith(".."));
  if (imported.some((path) => SLOW_MODULES.test(path))) return true;
  return helpers.some((helper) => helper !== DATABASE && isSlow(helper, seen));
}
