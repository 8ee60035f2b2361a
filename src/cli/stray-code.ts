// Integrations run in this process. What their code prints, and errors that they leave uncaught (in a timer, for
// example), go to the log, where secrets are redacted: they must neither end the server nor mix with its own output.

import { Console } from "node:console";
import { fstatSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Writable } from "node:stream";
import { format } from "node:util";
import { errorMessage } from "../errors.ts";
import { rootLogger } from "../log.ts";
import { bareWrite, ownWrite } from "../runtime/stray-output.ts";

const LEVELS = {
  debug: "debug",
  trace: "debug",
  log: "info",
  info: "info",
  dir: "info",
  table: "info",
  warn: "warn",
  error: "error",
} as const;

/** Captures stray output and errors for the rest of the process. The program itself prints with `say`. */
export function containStrays(): void {
  const report = (error: unknown) => {
    const facts = { error: errorMessage(error), cause: error };
    const place = strayPlace(error);
    if (place === undefined) rootLogger().error("Uncaught error: {error}", facts);
    else rootLogger().error("Uncaught error: {error}, thrown at {place}", { ...facts, place });
  };
  refuseEnds();
  process.on("unhandledRejection", report);
  process.on("uncaughtException", report);
  for (const [method, level] of Object.entries(LEVELS) as [keyof typeof LEVELS, "debug" | "info"][]) {
    console[method] = (...values: unknown[]) =>
      rootLogger()
        .getChild("console")
        [level]("{text}", { text: format(...values) });
  }
  const printer = new Console({ stdout: logged("info"), stderr: logged("error"), colorMode: false });
  const methods = Object.entries(printer).filter(([name]) => PRINTED.has(name));
  Object.assign(console, Object.fromEntries(methods));
}

/** An integration that ends the process would end every other one as well, and again after each restart. */
function refuseEnds(): void {
  const exit = process.exit.bind(process);
  const abort = process.abort.bind(process);
  const kill = process.kill.bind(process);
  process.exit = (code) => {
    refuseToIntegrations("process.exit()");
    return exit(code);
  };
  process.abort = () => {
    refuseToIntegrations("process.abort()");
    return abort();
  };
  process.kill = (pid, signal) => {
    // 0 is the own process group; signal 0 only asks whether the process is there.
    if ([process.pid, -process.pid, 0].includes(pid) && signal !== 0)
      refuseToIntegrations("process.kill() for the server itself");
    return kill(pid, signal);
  };
}

/** Throws if the call comes from an integration's code. */
function refuseToIntegrations(call: string): void {
  const error = new Error(`An integration must not call ${call}, which would end the server.`);
  const place = strayPlace(error);
  if (place === undefined) return;
  rootLogger().error("{call} was called at {place}; the server goes on", { call, place });
  throw error;
}

/** The end of a frame: "/path/file.ts:1:2", perhaps in parentheses. */
const FRAME = /(?:^|[ (])(?:file:\/\/)?(\/[^()]{1,1000}:\d{1,9}):\d{1,9}\)?$/;

/** Returns file and line of the innermost frame outside Heddle and packages, which must be an integration's. */
export function strayPlace(error: unknown): string | undefined {
  if (!(error instanceof Error) || typeof error.stack !== "string") return undefined;
  for (const line of error.stack.split("\n")) {
    const [, place] = (line.trim().startsWith("at ") && FRAME.exec(line)) || [];
    if (place && !place.startsWith(OWN) && !place.includes("/node_modules/")) return place;
  }
  return undefined;
}

/** The folder of Heddle's sources; in the binary it is in a virtual file system. */
const OWN = dirname(import.meta.dirname);

/** Console methods whose output depends on earlier calls or on a condition. */
const PRINTED: ReadonlySet<string> = new Set(
  "assert count countReset dirxml group groupCollapsed groupEnd time timeEnd timeLog".split(" "),
);

const logged = (level: "info" | "error") =>
  new Writable({
    write(chunk, _, done) {
      const text = String(chunk).trimEnd();
      if (text !== "") rootLogger().getChild("console")[level]("{text}", { text });
      done();
    },
  });

/**
 * Handles failing writes to the outputs for the rest of the process. Left uncaught, such an error would be logged on
 * standard error, which would cause the next one. A command whose standard output is lost ends with code 1.
 */
export function containOutputs(): void {
  let hasReported = false;
  process.stderr.on("error", () => undefined);
  process.stdout.on("error", (error: Error & { code?: string }) => {
    // EPIPE: the reader has closed the pipe because it has read enough.
    if (error.code === "EPIPE" || hasReported) return;
    hasReported = true;
    process.exitCode = 1;
    process.stderr.write(`heddle: Standard output cannot be written: ${error.message}\n`);
  });
}

/** Prints a line to standard output. */
export function say(line: string): void {
  ownWrite(process.stdout)(`${line}\n`);
}

/** Prints a line without redaction, for a secret that the reader asked for. */
export function sayWithSecret(line: string): void {
  bareWrite(process.stdout)(`${line}\n`);
}

/** Prints a line and rejects if nobody can read it: Bun turns a closed standard output into /dev/null. */
export async function sayForSure(line: string): Promise<void> {
  const [output, nowhere] = [fstatSync(1), statSync("/dev/null", { throwIfNoEntry: false })];
  if (output.isCharacterDevice() && output.rdev === nowhere?.rdev) {
    throw new Error("standard output is closed, or is /dev/null");
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  ownWrite(process.stdout)(`${line}\n`, (error) => (error ? reject(error) : resolve()));
  await promise;
}
