// Explains what to do about an integration that does not load.

import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { Problem } from "../../runtime/bundle.ts";
import { nearest } from "../../schema/nearest.ts";
import { within } from "../../within.ts";
import type { FoundIntegration } from "../discovery/discover.ts";
import { SDK_NAMES } from "./host-sdk.ts";
import { entriesOf, type Prepared } from "./prepare.ts";

type Of = Pick<FoundIntegration, "id" | "folder" | "files">;

/** Adds how to get what is missing: a package, or a folder beside the integration's. */
export async function withRemedy(problem: Problem, { id, folder }: Of): Promise<Problem> {
  const { missingPackage: name } = problem;
  const absent = ABSENT_EXPORT.exec(problem.reason)?.[1];
  if (absent !== undefined) return { ...problem, reason: absentFromSdk(absent) };
  const [, of, wanted] = ABSENT_FROM_FILE.exec(problem.reason) ?? [];
  if (of !== undefined) return { ...problem, reason: `"${nameIn(folder, of)}" exports no ${wanted}` };
  if (name === undefined) return withoutShared(problem, folder);
  if (name === "heddle")
    return {
      ...problem,
      reason: problem.reason.includes('"heddle/sdk/testing"')
        ? '"heddle/sdk/testing" is for tests; what the server loads must not import it'
        : `${withoutAdvice(problem.reason)}; integrations import what Heddle offers from "heddle/sdk"`,
    };
  const add = (await isDeclared(name, folder)) ? "" : ` --add ${name}`;
  return {
    ...problem,
    reason: `The package "${name}" is not installed: run \`heddle install ${id}${add}\``,
  };
}

const ABSENT_EXPORT = /^No matching export in "heddle-bound:heddle\/sdk" for import "([\w$]{1,100})"/;

const ABSENT_FROM_FILE = /^No matching export in "([^"]{1,4096})" for import "([\w$]{1,100})"$/;

/** The bundler names a file as seen from this process's directory, which means nothing to the author. */
function nameIn(folder: string, file: string): string {
  const name = relative(folder, resolve(file));
  return name.startsWith("..") ? basename(file) : name;
}

const OF_SHARED = /^Could not resolve: "(?:\.\.\/)+(_[a-z0-9_-]{1,64})\//;

/** Whoever copies an integration often leaves behind the folders in which it shares code with others. */
async function withoutShared(problem: Problem, folder: string): Promise<Problem> {
  const shared = OF_SHARED.exec(problem.reason)?.[1];
  if (shared === undefined) return problem;
  const isThere = await stat(join(dirname(folder), shared)).catch(() => undefined);
  if (isThere) return problem;
  return {
    ...problem,
    reason: `The folder "${shared}", in which integrations share code, is missing: put it beside the integration's folder`,
  };
}

function absentFromSdk(name: string): string {
  if (name === "default")
    return '"heddle/sdk" has no default export; import by name what you use: `import { register } from "heddle/sdk"`';
  const meant = nearest(name, SDK_NAMES);
  return `"heddle/sdk" exports no ${name}${meant === undefined ? "" : `; did you mean ${meant}?`}`;
}

/** Bun's error ends with "Maybe you need to "bun install"?", which would not help. */
const withoutAdvice = (reason: string): string => reason.split(". Maybe you need to")[0] ?? reason;

async function isDeclared(name: string, folder: string): Promise<boolean> {
  try {
    const { dependencies } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    return Object.hasOwn(dependencies, name);
  } catch {
    // package.json is absent or unreadable; `heddle install` reports that.
    return false;
  }
}

/** Time limit of the search for a top-level await that does not settle. */
const SEARCH_MS = 3_000;

export interface LateLoad {
  /** Absolute path of the file that was being loaded. */
  file: string;
  timeoutMs: number;
  /** Undefined when bundling did not finish. */
  prepared: Pick<Prepared, "awaitsIn"> | undefined;
}

/** Why the file was not loaded in time, as far as the sources show. */
export async function hangingAwait({ folder, files }: Of, late: LateLoad): Promise<Problem> {
  const { file, timeoutMs, prepared } = late;
  const slow = (name: string) => `${basename(name)} was not loaded within ${timeoutMs / 1000} s`;
  const unknown = { reason: `${slow(file)}; does a top-level await never end?`, file };
  const entries = entriesOf(files);
  const at = entries.findIndex((name) => join(folder, name) === file);
  if (!prepared || at === -1) return unknown;
  const search = async (): Promise<Problem[]> => {
    const ended = new Set<string>();
    // A module that an earlier file imports as well has already finished.
    for (const name of entries.slice(0, at))
      for (const found of await prepared.awaitsIn(name)) ended.add(locationOf(found));
    const awaits = await prepared.awaitsIn(entries[at] ?? "");
    return awaits.filter((found) => found.file !== undefined && !ended.has(locationOf(found)));
  };
  const [first, ...others] = await within(SEARCH_MS, search()).catch(() => []);
  if (!first?.file) return unknown;
  const { reason: _, ...location } = first;
  if (others.length === 0)
    return { ...location, reason: `${slow(first.file)}; does its top-level await never end?` };
  const all = [first, ...others].map((found) => `${basename(found.file ?? "")}:${found.line}`);
  return {
    ...location,
    reason: `${slow(file)}; does a top-level await never end? Candidates: ${all.join(", ")}`,
  };
}

const locationOf = ({ file, line }: Problem): string => `${file}:${line}`;
