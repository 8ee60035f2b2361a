// Finds integration folders. One result feeds every consumer: routes, tools, skills, manifests, processes.

import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { type ContentFiles, listContent, NO_CONTENT } from "../../content/files.ts";
import { isImportable } from "../../runtime/importable-path.ts";

export type SourceKind = "builtin" | "tools" | "workspace" | "external";

/** A directory whose subfolders are integrations; of kind "tools", one that holds tool files itself. */
export interface IntegrationSource {
  kind: SourceKind;
  dir: string;
  /** Where `prebuild` left bundles of this directory's integrations. */
  prebuilt?: string;
}

/** Files that Heddle loads, by what they are; relative to the folder. */
export interface IntegrationFiles {
  index?: string;
  config?: string;
  dispatcher?: string;
  hooks?: string;
  router?: string;
  setup?: string;
  process?: string;
  tools: string[];
}

export interface FoundIntegration {
  id: string;
  source: SourceKind;
  /** Absolute real path. */
  folder: string;
  /** The copy of the folder that its files are read from; by default they are read from the folder. */
  readFrom?: string;
  files: IntegrationFiles;
  /** Skills, carapaces and templates. */
  content: ContentFiles;
  prebuilt?: string;
  /** What of the folder is not used. */
  notes?: Note[];
}

export interface Discovery {
  /** In order of the sources, then by name. */
  found: FoundIntegration[];
  notes: Note[];
}

/** Why a folder is not used, or what it does to another. */
export interface Note {
  level: "info" | "warning";
  folder: string;
  reason: string;
}

const ID = /^[a-z][a-z0-9_-]*$/;
/** Owns what Heddle itself registers. */
const RESERVED = [
  "core",
  // Below /api/v1/admin/integrations these are lists and schemas.
  "icons",
  "sidebar-sections",
  "dashboard-modules",
  "manifest-schema",
  "dashboard-schema",
];
const CODE = /\.([cm]?[jt]s|[jt]sx)$/;
/** What of one name is loaded when several files have it: the source rather than what a compiler made of it. */
const FIRST = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"];
const NOT_CODE = /\.(d|test|spec)\.[cm]?[jt]sx?$/;
const SINGLE = ["index", "config", "dispatcher", "hooks", "router", "setup", "process"] as const;

/** A later source replaces an integration of the same id. Never throws for what it finds on the disk. */
export async function discover(sources: IntegrationSource[]): Promise<Discovery> {
  const notes: Note[] = [];
  const found = new Map<string, FoundIntegration>();
  for (const source of sources) {
    const entries = await list(source.dir);
    if (!entries) {
      notes.push({ level: "warning", folder: source.dir, reason: "There is no such directory" });
      continue;
    }
    const candidates =
      source.kind === "tools" ? [toolFolder(source, found)] : await subfolders(source, entries);
    for (const result of await Promise.all(candidates.map((candidate) => examine(candidate, source)))) {
      if (!result) continue;
      if ("reason" in result) {
        notes.push(result);
        continue;
      }
      const integration = result;
      notes.push(...(integration.notes ?? []));
      const earlier = found.get(integration.id);
      if (earlier) {
        const reason = `Replaces the integration "${integration.id}" in ${earlier.folder}`;
        notes.push({ level: "warning", folder: integration.folder, reason });
        found.delete(integration.id);
      }
      found.set(integration.id, integration);
    }
  }
  return { found: [...found.values()], notes };
}

/** The integration in this very folder, or why it is none. */
export async function discoverOne(folder: string): Promise<FoundIntegration | Note> {
  const real = await realpath(folder);
  const found = await examine({ id: basename(real), folder: real }, { kind: "external", dir: real });
  return found ?? { level: "warning", folder, reason: "There is no such directory" };
}

/** The same integration as a copy of its folder has it, or why the copy has none. */
export async function discoverInCopy(
  found: FoundIntegration,
  copy: string,
): Promise<FoundIntegration | Note> {
  const there = await examine({ id: found.id, folder: copy }, { kind: found.source, dir: copy });
  if (!there) return { level: "warning", folder: copy, reason: "There is no such directory" };
  return "id" in there ? { ...there, folder: found.folder, readFrom: copy } : there;
}

/** Why an integration cannot have this id, which is its folder's name; undefined when it can. */
export function whyNoId(id: string): string | undefined {
  if (RESERVED.includes(id)) return `"${id}" cannot be an id; it belongs to Heddle`;
  if (ID.test(id)) return undefined;
  return `"${id}" cannot be an id; one begins with a-z, and a-z, 0-9, _ and - may follow`;
}

interface Candidate {
  id: string;
  folder: string;
}

function toolFolder(source: IntegrationSource, taken: ReadonlyMap<string, unknown>): Candidate {
  // Two directories of the same name are two owners: neither replaces the other.
  const id = `tools:${basename(source.dir)}`;
  let number = 2;
  let free = id;
  while (taken.has(free)) free = `${id}-${number++}`;
  return { id: free, folder: source.dir };
}

async function subfolders(source: IntegrationSource, entries: Dirent[]): Promise<Candidate[]> {
  const names = entries
    .map((entry) => entry.name)
    .filter((name) => !/^[_.]/.test(name) && name !== "node_modules");
  const candidates = names.sort().map((name) => ({ id: name, folder: join(source.dir, name) }));
  // Not the entry's own type: a symbolic link to a folder counts as one.
  const areFolders = await Promise.all(candidates.map(({ folder }) => isDirectory(folder)));
  return candidates.filter((_, index) => areFolders[index]);
}

async function examine(
  { id, folder }: Candidate,
  source: IntegrationSource,
): Promise<FoundIntegration | Note | undefined> {
  const loose = source.kind === "tools";
  const whyNot = loose ? undefined : whyNoId(id);
  if (whyNot !== undefined) return { level: "warning", folder, reason: `Skipped: ${whyNot}` };
  const { files, unused } = await integrationFiles(folder, loose);
  const content = loose ? NO_CONTENT : await listContent(folder, { templates: "prompts" });
  const useful = files.router || files.dispatcher || files.hooks || files.process;
  const isSilent = Object.values(content).every((list) => list.length === 0);
  if (!useful && files.tools.length === 0 && isSilent) {
    const reason = loose
      ? "Ignored: it holds no tool files"
      : "Ignored: it has no router, dispatcher, hooks, process, tools, skills, carapaces or prompts";
    return { level: "info", folder, reason };
  }
  // Removed between listing and now: as if it had not been there.
  const real = await realpath(folder).catch(() => undefined);
  if (!real) return undefined;
  if (!isImportable(real)) {
    const reason = `Skipped: no code can be loaded from a path with "?" or "\\" in it; it is ${real}. Rename that folder`;
    return { level: "warning", folder, reason };
  }
  const prebuilt = source.prebuilt === undefined ? undefined : join(source.prebuilt, id);
  const notes = unused.map(({ name, used }): Note => {
    const reason = `${name} is not used, for ${used} is there as well; remove one of the two`;
    return { level: "warning", folder: real, reason };
  });
  return {
    id,
    source: source.kind,
    folder: real,
    files,
    content,
    ...(notes.length > 0 && { notes }),
    ...(prebuilt && { prebuilt }),
  };
}

interface Chosen {
  files: IntegrationFiles;
  /** Each file beside the one of its name that is used. */
  unused: { name: string; used: string }[];
}

async function integrationFiles(folder: string, isLoose: boolean): Promise<Chosen> {
  const prefix = isLoose ? "" : "tools/";
  const tools = await namesIn(join(folder, prefix), (name) => !NOT_CODE.test(name) && !/^[_.]/.test(name));
  const parts = isLoose ? [] : await namesIn(folder, (name) => SINGLE.includes(stemOf(name)));
  const chosen = [oneOfEach(parts, ""), oneOfEach(tools, prefix)];
  const files: IntegrationFiles = { tools: chosen[1]?.used ?? [] };
  for (const name of chosen[0]?.used ?? []) files[stemOf(name)] = name;
  return { files, unused: chosen.flatMap(({ unused }) => unused) };
}

type Single = (typeof SINGLE)[number];

const stemOf = (name: string): Single => name.replace(CODE, "") as Single;

/** Files of code, by their names. */
const namesIn = async (folder: string, isWanted: (name: string) => boolean): Promise<string[]> =>
  ((await list(folder)) ?? [])
    .map((entry) => entry.name)
    .filter((name) => CODE.test(name) && isWanted(name))
    .sort();

function oneOfEach(names: string[], prefix: string): { used: string[]; unused: Chosen["unused"] } {
  const rank = (name: string) => FIRST.indexOf(extname(name));
  const best = new Map<string, string>();
  for (const name of names) {
    const other = best.get(stemOf(name));
    if (other === undefined || rank(name) < rank(other)) best.set(stemOf(name), name);
  }
  const unused = names.flatMap((name) => {
    const used = best.get(stemOf(name)) ?? name;
    return used === name ? [] : [{ name: prefix + name, used: prefix + used }];
  });
  return { used: [...best.values()].sort().map((name) => prefix + name), unused };
}

/** Undefined when there is no such directory, or none that may be read. */
const list = (folder: string): Promise<Dirent[] | undefined> =>
  readdir(folder, { withFileTypes: true }).catch(() => undefined);

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
