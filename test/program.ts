// The program that tests start as a process of its own.

import { join } from "node:path";
import { compiledBinary } from "./compiled-binary.ts";
import { isPartOfRun } from "./databases-of-run.ts";

export const FROM_SOURCE: readonly string[] = [process.execPath, join(import.meta.dirname, "../src/main.ts")];

/**
 * In a run of all tests it is the compiled program, which is what users start, and which starts in half the time. A test run
 * by itself starts the sources, so that nobody waits for the compiler.
 */
export const PROGRAM: readonly string[] = isPartOfRun() ? [await compiledBinary()] : FROM_SOURCE;
