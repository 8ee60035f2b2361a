// `heddle check` runs the code that it checks, which nobody may have reviewed yet. The code therefore runs in a separate
// process without this one's environment, which can read only the system and the folder, write only to a folder that is
// removed afterwards, and has no network unless the tests or the process are to be run.

import { mkdir, readFile, realpath, stat, writeFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { HeddleError } from "../../errors.ts";
import type { FoundIntegration } from "../../integrations/discovery/discover.ts";
import { sharedBeside } from "../../integrations/discovery/shared-beside.ts";
import { isInProgram, readableDir } from "../../runtime/assets.ts";
import { createConfinement } from "../../runtime/confine.ts";
import { packageFolders } from "../../runtime/package-folders.ts";
import { ownProgram, runCommand } from "../../runtime/run-bun.ts";
import { checkIntegrations } from "./check.ts";
import { startCheck, testCheck } from "./executed-checks.ts";
import type { Report } from "./finding.ts";
import type { CheckedIntegration } from "./subject.ts";

export interface CheckRequest {
  integrations: CheckedIntegration[];
  start: boolean;
  test: boolean;
}

const LONGEST_MS = 30 * 60_000;

/** Checks in this process: for trusted code, and in the process that `checkConfined` starts. */
export function checkHere({ integrations, start, test }: CheckRequest, scratch: string): Promise<Report[]> {
  const executed = [...(start ? [startCheck()] : []), ...(test ? [testCheck] : [])];
  return checkIntegrations({ integrations, executed, scratch });
}

/** `say` receives what the code prints. Throws "config" when code that bots may have written cannot be confined. */
export async function checkConfined(
  request: CheckRequest,
  { scratch, say }: { scratch: string; say(line: string): void },
): Promise<Report[]> {
  const { start, test } = request;
  const integrations = await Promise.all(request.integrations.map(withShared));
  const home = join(scratch, "home");
  const work = join(scratch, "work");
  for (const folder of [home, work]) await mkdir(folder, { recursive: true });
  const confinement = await createConfinement({ home });
  if (confinement.kind === "none") {
    const written = await firstOfWorkspace(integrations);
    if (written) {
      throw new HeddleError(
        "config",
        `${written.folder} is in a workspace, where bots write, and its code cannot be confined here (${confinement.reason}). Review the files, then run \`heddle check --trust\` if you would run them yourself.`,
      );
    }
    say(`The code that is checked is not confined: ${confinement.reason}`);
  }
  const file = join(work, "request.json");
  await writeFile(file, JSON.stringify({ ...request, integrations } satisfies CheckRequest));
  const program = ownProgram(["check", `--request=${file}`]);
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
    access: {
      read: [...new Set([...integrations.flatMap(readableFor), ...contentOfHeddle()])],
      write: [work],
      network: start || test,
    },
  });
  const end = await runCommand({ ...launch, onLine: say, timeoutMs: LONGEST_MS });
  const report = await readFile(reportOf(file), "utf8").catch(() => undefined);
  if (report !== undefined) return JSON.parse(report) as Report[];
  const how = end.timedOut ? "did not end" : end.code === null ? "was killed" : `ended with code ${end.code}`;
  const owner = await otherOwner(integrations.map(({ folder }) => folder));
  const hint =
    owner && ` If it could not enter ${owner.folder}: run heddle check as its owner (user ${owner.uid}).`;
  throw new HeddleError("internal", `The checking process ${how}; its output is above.${hint ?? ""}`);
}

/** Confined code has no privileges: what root may enter, it may not. */
async function otherOwner(folders: string[]): Promise<{ folder: string; uid: number } | undefined> {
  for (const folder of folders) {
    const { uid } = await stat(folder);
    if (uid !== process.getuid?.()) return { folder, uid };
  }
  return undefined;
}

/** The work of the process that `checkConfined` starts. */
export async function answerRequest(file: string): Promise<void> {
  const request = JSON.parse(await readFile(file, "utf8")) as CheckRequest;
  const reports = await checkHere(request, dirname(file));
  await writeFile(reportOf(file), JSON.stringify(reports));
}

const reportOf = (file: string): string => `${file}.report`;

async function withShared(found: CheckedIntegration): Promise<CheckedIntegration> {
  return { ...found, shared: await sharedBeside(found.folder) };
}

/** The skills and carapaces that every integration may name. */
function contentOfHeddle(): string[] {
  const folder = readableDir("manifests");
  return isInProgram(folder) ? [] : [folder];
}

/** The folder and what it may import from beside it. */
function readableFor({ folder, prebuilt, shared = [] }: CheckedIntegration): string[] {
  const prebuilds = prebuilt === undefined || isInProgram(prebuilt) ? [] : [prebuilt];
  return [folder, ...shared, ...packageFolders(folder), ...prebuilds];
}

async function firstOfWorkspace(integrations: FoundIntegration[]): Promise<FoundIntegration | undefined> {
  for (const found of integrations) if (await isOfWorkspace(found.folder)) return found;
  return undefined;
}

/** Judged by its place: a home has its keys beside its workspace. */
async function isOfWorkspace(folder: string): Promise<boolean> {
  const real = await realpath(folder).catch(() => folder);
  for (let dir = real; dir !== dirname(dir); dir = dirname(dir)) {
    if (!dir.endsWith(`${sep}workspace`)) continue;
    if ((await stat(join(dirname(dir), "keys")).catch(() => undefined))?.isDirectory()) return true;
  }
  return false;
}
