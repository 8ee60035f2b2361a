// The checks of `heddle check --test` and `--start`: the author's tests and the process, each in an environment that
// inherits nothing from this one.

import { stripVTControlCharacters } from "node:util";
import { sharedBeside } from "../../integrations/discovery/shared-beside.ts";
import type { IntegrationSetting } from "../../integrations/manifest/declared-settings.ts";
import { rootLogger } from "../../log.ts";
import { createConfinement } from "../../runtime/confine.ts";
import { OWN_BUN } from "../../runtime/run-bun.ts";
import { serve } from "../../runtime/serve.ts";
import { createSpawner, type SpawnRequest } from "../../runtime/spawn.ts";
import { within } from "../../within.ts";
import type { Finding } from "./finding.ts";
import type { CheckedIntegration, Subject } from "./subject.ts";

/** Starts something of an integration; `scratch` is thrown away afterwards. */
export interface ExecutedCheck {
  rule: string;
  about: string;
  run(subject: Subject, scratch: string): Promise<ExecutedResult>;
}

export interface ExecutedResult {
  findings: Finding[];
  /** What was run, for people, such as "14 tests passed". */
  ran: string;
}

const START_SECONDS = 3;
const TESTS_SECONDS = 120;
const GRACE_MS = 2_000;
const SHOWN_LINES = 20;

/** Checks that CMD of process.ts is still running after some seconds, against a server that answers 503. */
export const startCheck = (seconds = START_SECONDS): ExecutedCheck => ({
  rule: "process-starts",
  about: `The process is still running after ${seconds} seconds (--start).`,
  async run({ found, loaded }, scratch) {
    const { process } = loaded ?? {};
    if (!loaded || !process) return { findings: [], ran: "no process to start" };
    const error = { code: "unavailable", message: "There is no server: an integration is being checked" };
    const server = serve({
      hostname: "127.0.0.1",
      port: 0,
      maxBodyBytes: 1024 * 1024,
      fetch: () => Response.json({ error }, { status: 503 }),
    });
    const url = `http://127.0.0.1:${server.port}`;
    try {
      const end = await start(
        found,
        { scratch, seconds },
        {
          command: process.cmd,
          environment: {
            ...madeUp(loaded.settings, process.requiredEnv, url),
            HEDDLE_URL: url,
            HEDDLE_API_KEY: "hdl_of_the_check",
            HEDDLE_INTEGRATION_ID: found.id,
          },
        },
      );
      const command = process.cmd.join(" ");
      if (end.isRunning) return { findings: [], ran: `${command} ran for ${seconds} s` };
      return {
        findings: [
          {
            rule: "process-starts",
            level: "error",
            message: `${command} ended within ${seconds} seconds (${end.how}).\n${end.said}`,
            fix: "It must survive a service that does not answer: catch the error, wait, and try again.",
            file: found.files.process ?? "process.ts",
          },
        ],
        ran: `${command} ended`,
      };
    } finally {
      await server.close();
    }
  },
});

/** Checks that the tests pass under the Bun in this program. */
export const testCheck: ExecutedCheck = {
  rule: "tests-pass",
  about: "Its tests pass (--test).",
  async run({ found, files }, scratch) {
    if (!files.some(({ kind, path }) => kind === "test" && /\.(test|spec)\./.test(path))) {
      return { findings: [], ran: "no tests to run" };
    }
    const end = await start(
      found,
      { scratch, seconds: TESTS_SECONDS },
      { command: [OWN_BUN, "test"], environment: {} },
    );
    const ran = `${countOf(end.said, "pass")} tests passed, ${countOf(end.said, "fail")} failed`;
    if (end.how === "code 0") return { findings: [], ran };
    const message = end.isRunning
      ? `The tests did not end within ${TESTS_SECONDS} seconds.`
      : `The tests fail (${end.how}).`;
    return {
      findings: [
        {
          rule: "tests-pass",
          level: "error",
          message: `${message}\n${end.said}`,
          fix: /Cannot find (?:module|package) 'heddle/.test(end.said)
            ? "Run `heddle types` for this folder: it puts the SDK there, which tests need."
            : "Fix the code, or what the tests expect. They run without environment variables; use useSettings.",
          file: "tests",
        },
      ],
      ran,
    };
  },
};

/** From the summary at the end of what `bun test` prints: " 14 pass", " 0 fail". */
const countOf = (said: string, what: "pass" | "fail"): number =>
  Number(new RegExp(`^ *([0-9]+) ${what}$`, "m").exec(said)?.[1] ?? 0);

/** Runs the command for at most so many seconds, then ends its whole process tree. */
async function start(
  { folder, shared }: CheckedIntegration,
  { scratch, seconds }: { scratch: string; seconds: number },
  request: Pick<SpawnRequest, "command" | "environment">,
) {
  const spawner = createSpawner({
    serverId: crypto.randomUUID(),
    home: scratch,
    confinement: createConfinement({ home: scratch }),
    log: rootLogger(),
  });
  await spawner.prepare();
  const beside = shared ?? (await sharedBeside(folder));
  let said = "";
  const decoder = new TextDecoder();
  try {
    const child = spawner.spawn({
      ...request,
      cwd: folder,
      access: { read: [folder, ...beside], write: [scratch] },
      environment: {
        PATH: "/usr/local/bin:/usr/bin:/bin",
        HOME: scratch,
        TMPDIR: scratch,
        NO_COLOR: "1",
        ...request.environment,
      },
      onOutput: (chunk) => {
        said += decoder.decode(chunk, { stream: true });
        return undefined;
      },
    });
    const end = await within(seconds * 1000, child.exited).catch(() => "running" as const);
    await child.end(GRACE_MS);
    const how = end === "running" ? "running" : end.signal ? `signal ${end.signal}` : `code ${end.code}`;
    return { isRunning: end === "running", how, said: lastLines(said) };
  } finally {
    await spawner.close();
  }
}

/** Bun shows the lines around an error, which in the SDK's own file are as long as that. */
const LONGEST_LINE = 300;

const lastLines = (text: string): string =>
  stripVTControlCharacters(text)
    .trimEnd()
    .split("\n")
    .slice(-SHOWN_LINES)
    .map((line) => `             ${line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line}`)
    .join("\n");

/** A value for each setting; addresses lead to the check itself. */
function madeUp(settings: IntegrationSetting[], required: string[], url: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const { key, schema, default: fallback } of settings) {
    const made = schema.type === "boolean" ? "false" : schema.type === "string" ? textFor(key, url) : "1";
    values[key] = /URL|HOST|ENDPOINT/.test(key) ? textFor(key, url) : (fallback ?? made);
  }
  for (const key of required) values[key] ??= textFor(key, url);
  return values;
}

const textFor = (key: string, url: string): string =>
  /URL|ENDPOINT/.test(key) ? url : "made-up-for-the-check";
