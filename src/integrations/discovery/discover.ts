// Finds integration folders. One result feeds every consumer: routes, tools, skills, manifests, processes.

import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
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
  const files = loose ? { tools: await codeFiles(folder, "") } : await integrationFiles(folder);
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
  return { id, source: source.kind, folder: real, files, content, ...(prebuilt && { prebuilt }) };
}

async function integrationFiles(folder: string): Promise<IntegrationFiles> {
  const names = ((await list(folder)) ?? []).map((entry) => entry.name).sort();
  const files: IntegrationFiles = { tools: await codeFiles(join(folder, "tools"), "tools/") };
  for (const part of SINGLE) {
    const name = names.find((name) => CODE.test(name) && name.replace(CODE, "") === part);
    if (name) files[part] = name;
  }
  return files;
}

async function codeFiles(folder: string, prefix: string): Promise<string[]> {
  return ((await list(folder)) ?? [])
    .map((entry) => entry.name)
    .filter((name) => CODE.test(name) && !NOT_CODE.test(name) && !/^[_.]/.test(name))
    .sort()
    .map((name) => prefix + name);
}

/** Undefined when there is no such directory, or none that may be read. */
const list = (folder: string): Promise<Dirent[] | undefined> =>
  readdir(folder, { withFileTypes: true }).catch(() => undefined);

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
