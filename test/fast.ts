// The tests for daily work: those that start no process, compile nothing and try nothing over and over.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const tests = import.meta.dirname;

/** Folders whose tests repeat: attacks, power cuts, growing inputs. */
const THOROUGH = ["faults", "power-cut", "linear-time", "bench"];

/** What makes a test slow: a process of its own (the compiled program is one), a whole server. */
const SLOW = /\bBun\.spawn|\bstartServer\b/;
/** The modules that start processes, and the embedded database of a test that does not take the one of its file. */
const SLOW_MODULES =
  /^node:child_process$|\/src\/(processes|workspace|db\/(embedded|durable-files)|runtime\/spawn)\b/;
/** The one helper that may. */
const DATABASE = join(tests, "database.ts");

/** Paths below the repository, with "./" in front: `bun test` takes them for files, and not for parts of names. */
export function fastTests(): string[] {
  const files = readdirSync(tests, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".test.ts"),
  );
  return files
    .filter((name) => !THOROUGH.includes(name.split("/")[0] ?? "") && !isSlow(join(tests, name), new Set()))
    .map((name) => `./test/${name}`)
    .sort();
}

/** What its helpers do counts as well. */
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
