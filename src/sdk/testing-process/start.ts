// Starts an integration's process as Heddle does, against a test's stand-ins.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { checkArgument } from "../arguments.ts";
import { testSeam } from "../test-seam.ts";
import { serveLoopback } from "./loopback.ts";
import { createRestServer } from "./rest-server.ts";

/** Options of `startProcess`. */
export interface StartProcess {
  /** The `CMD` of process.ts. As in Heddle, `bun` means the program that runs the test. */
  command: readonly string[];
  /** The integration's folder: `new URL("..", import.meta.url)` in a test below tests/. */
  folder: string | URL;
  /** Settings for the process's environment in addition to those of `useSettings`. */
  settings?: Record<string, string>;
}

/** How a process ended. */
export interface ProcessEnd {
  /** The exit code; null if a signal ended it. */
  code: number | null;
  /** The signal that ended it, "SIGKILL" if it did not end in time; null if it ended by itself. */
  signal: string | null;
}

/** A process that a test has started; `await using` ends it. */
export interface StartedProcess extends AsyncDisposable {
  /** Its output so far, standard output and standard error together. */
  readonly output: string;
  /** How it ended; undefined while it is running. */
  readonly ended: ProcessEnd | undefined;
  /**
   * Waits until the condition holds. Rejects with the output if the process ends first, or after `withinSeconds`
   * (default 10).
   */
  until(condition: () => boolean | Promise<boolean>, withinSeconds?: number): Promise<void>;
  /** Sends SIGTERM and waits until it has ended; after `graceSeconds` (default 10, as in Heddle) SIGKILL ends it. */
  stop(graceSeconds?: number): Promise<ProcessEnd>;
}

const LOOK_EVERY_MS = 20;

/** The variables that the server's environment passes to any process. */
const SURROUNDINGS = ["PATH", "LANG", "TZ", "BUN_BE_BUN"];

/**
 * Starts an integration's process as a child, with a fake Heddle server that passes its calls to inject, ingest,
 * search and store on to `fakeHeddle()` and the test's `store`. Under Deno the test needs `-A`.
 */
export async function startProcess(options: StartProcess): Promise<StartedProcess> {
  checkArgument("The argument of startProcess()", options, "an object");
  const { command, folder, settings } = options;
  if (!(folder instanceof URL)) checkArgument("The folder of startProcess()", folder, "a text");
  const cwd = resolve(typeof folder === "string" ? folder : fileURLToPath(folder));
  const [program = "", ...args] = commandOf(command);
  const seam = testSeam();
  const heddle = await serveLoopback(
    createRestServer({ services: () => testSeam().services, store: seam.store }),
  );
  const home = await mkdtemp(join(tmpdir(), "heddle-process-"));
  const child = spawn(program, args, {
    cwd,
    env: {
      ...surroundings(),
      ...Object.fromEntries(seam.settings),
      ...settings,
      HOME: home,
      TMPDIR: home,
      HEDDLE_URL: heddle.url,
      HEDDLE_API_KEY: "of-the-test",
      HEDDLE_INTEGRATION_ID: seam.server?.integrationId ?? basename(cwd),
      ...(seam.server && { HEDDLE_BASE_URL: seam.server.baseUrl }),
      ...(seam.server?.webhookPath !== undefined && { HEDDLE_WEBHOOK_PATH: seam.server.webhookPath }),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return follow(child, program, async () => {
    await heddle.close();
    await rm(home, { recursive: true, force: true });
  });
}

function follow(child: ChildProcess, program: string, release: () => Promise<void>): StartedProcess {
  let output = "";
  let ended: ProcessEnd | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  // The process must not outlive a test that ends early or fails.
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  const { promise: end, resolve: finish } = Promise.withResolvers<ProcessEnd>();
  child.once("error", (error) => {
    output += `${program} could not be started: ${error.message}\n`;
    finish({ code: null, signal: null });
  });
  child.once("close", (code, signal) => finish({ code, signal }));
  void end.then((how) => {
    ended = how;
    process.removeListener("exit", kill);
  });
  const stop = async (graceSeconds = 10): Promise<ProcessEnd> => {
    if (!ended) child.kill("SIGTERM");
    const timer = setTimeout(kill, graceSeconds * 1000);
    const how = await end;
    clearTimeout(timer);
    await release();
    return how;
  };
  return {
    get output() {
      return output;
    },
    get ended() {
      return ended;
    },
    async until(condition, withinSeconds = 10) {
      const deadline = performance.now() + withinSeconds * 1000;
      while (!(await condition())) {
        if (ended) throw new Error(`The process ended with ${JSON.stringify(ended)}; it wrote:\n${output}`);
        if (performance.now() > deadline) {
          throw new Error(
            `The condition was not met within ${withinSeconds} seconds; the process wrote:\n${output}`,
          );
        }
        await pause(LOOK_EVERY_MS);
      }
    },
    stop,
    [Symbol.asyncDispose]: async () => void (await stop(0)),
  };
}

/** Replaces `bun` by the runtime of the test; Deno also gets `run` and the permissions of a process in Heddle. */
function commandOf([program = "", ...args]: readonly string[]): string[] {
  if (program !== "bun") return [program, ...args];
  const rest = args[0] === "run" ? args.slice(1) : args;
  return [process.execPath, ...("Deno" in globalThis ? ["run", "-A"] : []), ...rest];
}

function surroundings(): Record<string, string> {
  const { env } = process;
  return Object.fromEntries(
    SURROUNDINGS.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
