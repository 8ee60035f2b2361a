// `heddle check` runs the code that it looks at, which may be code that nobody has looked at yet. So it runs in a process
// of its own: without this one's environment, with nothing to read but the system and the folder, nothing to write but a
// folder that is thrown away, and no network unless its tests or its process are to be run.

import { mkdir, readdir, readFile, realpath, stat, writeFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { HeddleError } from "../../errors.ts";
import type { FoundIntegration } from "../../integrations/discovery/discover.ts";
import { createConfinement } from "../../runtime/confine.ts";
import { ownProgram, runCommand } from "../../runtime/run-bun.ts";
import { packagesAbove } from "../../runtime/spawn.ts";
import { checkIntegrations } from "./check.ts";
import type { Report } from "./finding.ts";
import { startTrial, testTrial } from "./trials.ts";

export interface CheckRequest {
  integrations: FoundIntegration[];
  start: boolean;
  test: boolean;
}

const SETTINGS = ["package.json", "tsconfig.json"];
const LONGEST_MS = 30 * 60_000;

/** In this process, for code that is trusted, and in the one that `checkConfined` starts. */
export function checkHere({ integrations, start, test }: CheckRequest, scratch: string): Promise<Report[]> {
  const trials = [...(start ? [startTrial()] : []), ...(test ? [testTrial] : [])];
  return checkIntegrations({ integrations, trials, scratch });
}

/** `say` gets what the code prints. Throws "config" where code that bots may have written cannot be confined. */
export async function checkConfined(
  request: CheckRequest,
  { scratch, say }: { scratch: string; say(line: string): void },
): Promise<Report[]> {
  const { integrations, start, test } = request;
  const home = join(scratch, "home");
  const work = join(scratch, "work");
  for (const folder of [home, work]) await mkdir(folder, { recursive: true });
  const confinement = await createConfinement({ home });
  if (confinement.kind === "none") {
    const written = await firstOfWorkspace(integrations);
    if (written) {
      throw new HeddleError(
        "config",
        `${written.folder} lies in a workspace, where bots write, and its code cannot be confined here (${confinement.reason}). Look at the files, and run \`heddle check --trust\` if you would run them yourself.`,
      );
    }
    say(`The code that is checked is not confined: ${confinement.reason}`);
  }
  const file = join(work, "request.json");
  await writeFile(file, JSON.stringify(request));
  const program = ownProgram(["check", `--request=${file}`]);
  const folders = await Promise.all(integrations.map(readableFor));
  const launch = confinement.wrap({
    command: program.command,
    cwd: work,
    environment: {
      ...program.environment,
      PATH: "/usr/local/bin:/usr/bin:/bin",
      HOME: work,
      TMPDIR: work,
      LANG: "C.UTF-8",
      NO_COLOR: "1",
    },
    access: { read: [...new Set(folders.flat())], write: [work], network: start || test },
  });
  const end = await runCommand({ ...launch, onLine: say, timeoutMs: LONGEST_MS });
  const report = await readFile(reportOf(file), "utf8").catch(() => undefined);
  if (report !== undefined) return JSON.parse(report) as Report[];
  const how = end.timedOut ? "did not end" : end.code === null ? "was killed" : `ended with code ${end.code}`;
  const owner = await otherOwner(integrations.map(({ folder }) => folder));
  const hint =
    owner && ` If it could not enter ${owner.folder}: run heddle check as its owner (user ${owner.uid}).`;
  throw new HeddleError(
    "internal",
    `The process that checks ${how}; see above for what it said.${hint ?? ""}`,
  );
}

/** Confined code has no privileges: what root may enter, it may not. */
async function otherOwner(folders: string[]): Promise<{ folder: string; uid: number } | undefined> {
  for (const folder of folders) {
    const { uid } = await stat(folder);
    if (uid !== process.getuid?.()) return { folder, uid };
  }
  return undefined;
}

/** What the process of `checkConfined` does. */
export async function answerRequest(file: string): Promise<void> {
  const request = JSON.parse(await readFile(file, "utf8")) as CheckRequest;
  const reports = await checkHere(request, dirname(file));
  await writeFile(reportOf(file), JSON.stringify(reports));
}

const reportOf = (file: string): string => `${file}.report`;

/** Also the folders beside it in which integrations share code: their names begin with "_", and a tsconfig.json steers both. */
async function readableFor({ folder, prebuilt, source }: FoundIntegration): Promise<string[]> {
  const beside = dirname(folder);
  const names = source === "builtin" ? [] : await readdir(beside).catch(() => []);
  const shared = names.filter((name) => name.startsWith("_") || SETTINGS.includes(name));
  const prebuilds = prebuilt === undefined ? [] : [prebuilt];
  return [folder, ...shared.map((name) => join(beside, name)), ...packagesAbove(folder), ...prebuilds];
}

async function firstOfWorkspace(integrations: FoundIntegration[]): Promise<FoundIntegration | undefined> {
  for (const found of integrations) if (await isOfWorkspace(found.folder)) return found;
  return undefined;
}

/** By where it lies: a home has its keys beside its workspace. */
async function isOfWorkspace(folder: string): Promise<boolean> {
  const real = await realpath(folder).catch(() => folder);
  for (let dir = real; dir !== dirname(dir); dir = dirname(dir)) {
    if (!dir.endsWith(`${sep}workspace`)) continue;
    if ((await stat(join(dirname(dir), "keys")).catch(() => undefined))?.isDirectory()) return true;
  }
  return false;
}
