// Decides what an integration's process runs. A program of the workspace is bundled from the reviewed files and runs from
// that bundle, so that nothing a bot writes later is ever started, not even after a crash or a restart of the server.

import { createHash } from "node:crypto";
import { mkdir, readFile, realpath, stat, writeFile } from "node:fs/promises";
import { basename, join, resolve, sep } from "node:path";
import { HeddleError } from "../../errors.ts";
import { bundleProgram, type Gate, type Problem } from "../../runtime/bundle.ts";
import { onlyBundled } from "../../runtime/only-bundled.ts";
import { OWN_BUN } from "../../runtime/run-bun.ts";
import { isResolverSetting } from "../../workspace/path.ts";
import { errorAt } from "../discovery/locate.ts";
import { sharedBeside } from "../discovery/shared-beside.ts";
import type { Closure } from "../review/closure.ts";

export interface Program {
  /** The command to start. */
  command: string[];
  /** Changes whenever the code that runs changes. */
  identity: string;
  /** The program runs nothing from the workspace, so code that waits for approval there does not concern it. */
  isSelfContained: boolean;
  /** Folders outside the integration's folder that the program needs to read. */
  readable: string[];
}

export interface ProgramOptions {
  /** The integration's folder, as its process sees it. */
  folder: string;
  readFrom?: string | undefined;
  /** Absolute real path; undefined without a workspace: then every program runs as it is. */
  workspace: string | undefined;
  gate: Gate | undefined;
  closure: Closure | undefined;
  /** The hash of everything that was loaded. */
  hash: string;
  /** The folder for bundled modules. */
  dir: string;
}

/** Forms of `bun <file>` that run exactly this file. */
const HARMLESS_FLAGS = ["--smol"];
const SDK = "heddle/sdk";

/** Throws an error with its location when the program must not run. */
export async function programOf(cmd: readonly string[], options: ProgramOptions): Promise<Program> {
  const { folder, readFrom, workspace, gate, closure, hash } = options;
  const isOfWorkspace = readFrom !== undefined;
  const file = await fileOf(cmd, options);
  const reached = file && closure?.reachableFrom([file.path]);
  const inWorkspace = (path: string) => workspace !== undefined && path.startsWith(workspace + sep);
  if (file && gate && workspace !== undefined && (isOfWorkspace || [...(reached ?? [])].some(inWorkspace)))
    return bundled(cmd, file, { ...options, gate, workspace });
  if (isOfWorkspace) await refuseElsewhere(cmd, folder, workspace);
  const parts = [...(closure?.files ?? [])].flatMap(([path, { sha256 }]) =>
    !reached || reached.has(path) || isResolverSetting(basename(path)) ? [`${path} ${sha256}`] : [],
  );
  const identity = closure ? digest([...cmd, ...parts.sort()]) : hash;
  return {
    command: [...cmd],
    identity,
    isSelfContained: !isOfWorkspace,
    readable: isOfWorkspace ? [] : await sharedBeside(folder),
  };
}

interface ProgramFile {
  index: number;
  /** The path that the process sees. */
  path: string;
  /** The path to read from. */
  source: string;
}

/** The file of `bun <file>` or `bun run <file>`; undefined for other commands, or when the file does not exist. */
async function fileOf(
  cmd: readonly string[],
  { folder, readFrom }: ProgramOptions,
): Promise<ProgramFile | undefined> {
  if (cmd[0] !== OWN_BUN) return undefined;
  const index = cmd.findIndex(
    (arg, at) => at > 0 && !(at === 1 && arg === "run") && !HARMLESS_FLAGS.includes(arg),
  );
  const name = cmd[index];
  if (name === undefined || name.startsWith("-") || !/\.[cm]?[jt]sx?$/.test(name)) return undefined;
  const path = resolve(folder, name);
  const isInside = path.startsWith(folder + sep);
  const source = readFrom !== undefined && isInside ? readFrom + path.slice(folder.length) : path;
  const found = await stat(source).catch(() => undefined);
  return found?.isFile() ? { index, path, source } : undefined;
}

async function bundled(
  cmd: readonly string[],
  { index, path, source }: ProgramFile,
  { dir, gate, workspace }: ProgramOptions & { gate: Gate; workspace: string },
): Promise<Program> {
  const outDir = join(dir, "program");
  await mkdir(outDir, { recursive: true, mode: 0o700 });
  const result = await bundleProgram({ file: await realpath(source), outDir, external: [SDK], gate });
  if (!result.ok) throw located(result.problems[0] ?? { reason: "The program cannot be bundled" }, path);
  const [entry = "", ...others] = result.modules;
  const guard = join(outDir, "only-bundled.js");
  await writeFile(guard, onlyBundled(workspace), { mode: 0o600 });
  const texts = await Promise.all([entry, ...others].map((module) => readFile(module, "utf8")));
  const args = cmd.slice(index + 1);
  return {
    command: [
      OWN_BUN,
      ...cmd.slice(1, index).filter((arg) => arg !== "run"),
      `--preload=${guard}`,
      entry,
      ...args,
    ],
    identity: digest([...cmd, ...texts.sort()]),
    isSelfContained: true,
    readable: [outDir],
  };
}

const located = ({ reason, file, line }: Problem, path: string): Error =>
  errorAt(file ?? path, line ?? 1, reason);

/** Other programs run from the folder itself, which is reviewed before each start. Files elsewhere in the workspace are not. */
async function refuseElsewhere(
  cmd: readonly string[],
  folder: string,
  workspace: string | undefined,
): Promise<void> {
  for (const arg of cmd) {
    const named = resolve(folder, arg.slice(arg.startsWith("-") ? arg.indexOf("=") + 1 : 0));
    const real = await realpath(named).catch(() => undefined);
    if (real === undefined || real === folder || real.startsWith(folder + sep)) continue;
    if (workspace === undefined || !real.startsWith(workspace + sep)) continue;
    throw new HeddleError(
      "validation",
      `CMD must name files in the integration's own folder; got ${arg}, which is not reviewed before a start. Move it into the folder.`,
    );
  }
}

const digest = (parts: readonly string[]): string =>
  createHash("sha256").update(parts.join("\n")).digest("hex");
