// Reads the exports of process.ts.

import { errorAt } from "../discovery/locate.ts";
import { insteadOf, kindOf } from "./exports.ts";
import type { ProcessDeclaration } from "./load.ts";

/** The exports that are read. */
export const PROCESS_EXPORTS = ["DESCRIPTION", "CMD", "REQUIRED_ENV", "WATCH_PATHS", "MEMORY_LIMIT_MB"];

export type DeclaredProcess = Omit<ProcessDeclaration, "program">;

/** Throws an error with the file's location when an export is invalid; `file` is absolute. */
export function declaredProcess(file: string, exports: Record<string, unknown>): DeclaredProcess {
  const { DESCRIPTION = "", CMD, REQUIRED_ENV = [], WATCH_PATHS = [], MEMORY_LIMIT_MB = null } = exports;
  if (!isTexts(CMD) || CMD.length === 0)
    throw errorAt(file, 1, `The file must export CMD, a list of at least one string${got(CMD, exports)}`);
  if (!isTexts(REQUIRED_ENV)) throw errorAt(file, 1, "REQUIRED_ENV must be a list of strings");
  if (!isTexts(WATCH_PATHS)) throw errorAt(file, 1, "WATCH_PATHS must be a list of strings");
  if (MEMORY_LIMIT_MB !== null && !(typeof MEMORY_LIMIT_MB === "number" && MEMORY_LIMIT_MB > 0))
    throw errorAt(file, 1, "MEMORY_LIMIT_MB must be a number above 0");
  return {
    description: String(DESCRIPTION),
    cmd: CMD,
    requiredEnv: REQUIRED_ENV,
    watchPaths: WATCH_PATHS,
    memoryLimitMb: MEMORY_LIMIT_MB,
  };
}

const got = (cmd: unknown, exports: Record<string, unknown>): string =>
  cmd === undefined ? insteadOf("CMD", exports) : `; got ${kindOf(cmd)}`;

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");
