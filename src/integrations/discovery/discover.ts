// Finds integration folders. One result feeds every consumer: routes, tools, skills, manifests, processes.

import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { type ContentFiles, listContent, NO_CONTENT } from "../../content/files.ts";
import { errorMessage } from "../../errors.ts";
import { isAbsent } from "../../runtime/absent.ts";
import { isImportable } from "../../runtime/importable-path.ts";
import { nearMiss } from "./near-miss.ts";

export type SourceKind = "builtin" | "tools" | "workspace" | "external";

/** A directory whose subfolders are integrations. One of kind "tools" holds tool files itself. */
export interface IntegrationSource {
  kind: SourceKind;
  dir: string;
  /** The folder of the prebuilt bundles of this directory's integrations. */
  prebuilt?: string;
}

/** The files that Heddle loads, by their role. Paths are relative to the folder. */
export interface IntegrationFiles {
  index?: string;
  config?: string;
  dispatcher?: string;
  hooks?: string;
  listeners?: string;
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
  /** A copy of the folder to read files from instead of the folder itself. */
  readFrom?: string;
  files: IntegrationFiles;
  /** Skills, carapaces and templates. */
  content: ContentFiles;
  prebuilt?: string;
  /** Remarks about parts of the folder that are not used. */
  notes?: Note[];
}

export interface Discovery {
  /** In order of the sources, then by name. */
  found: FoundIntegration[];
  notes: Note[];
}

/** A remark about a folder: why it is not used, or what it replaces. */
export interface Note {
  level: "info" | "warning";
  folder: string;
  reason: string;
}

const ID = /^[a-z][a-z0-9_-]*$/;
/** Ids that no integration can have. "core" owns what Heddle itself registers. */
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
/** Which file is loaded when several have the same stem: sources come before compiled output. */
const PREFERRED = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"];
const NOT_CODE = /\.(d|test|spec)\.[cm]?[jt]sx?$/;
const SINGLE = ["index", "config", "dispatcher", "hooks", "listeners", "router", "setup", "process"] as const;

/** Finds the integrations of all sources; a later source replaces integrations with the same id. Never throws for anything on the disk. */
export async function discover(sources: IntegrationSource[]): Promise<Discovery> {
  const notes: Note[] = [];
  const found = new Map<string, FoundIntegration>();
  for (const source of sources) {
    const entries = await list(source.dir).catch(reasonUnreadable);
    if (typeof entries === "string") {
      notes.push({ level: "warning", folder: source.dir, reason: entries });
      continue;
    }
    const candidates =
      source.kind === "tools" ? [toolFolder(source, found)] : await subfolders(source, entries, notes);
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

/** The integration in this folder, or why the folder is not an integration. */
export async function discoverOne(folder: string): Promise<FoundIntegration | Note> {
  const real = await realpath(folder);
  const found = await examine({ id: basename(real), folder: real }, { kind: "external", dir: real });
  return found ?? { level: "warning", folder, reason: ABSENT };
}

/** The same integration with its files read from a copy of the folder, or why the copy is not an integration. */
export async function discoverInCopy(
  found: FoundIntegration,
  copy: string,
): Promise<FoundIntegration | Note> {
  const there = await examine({ id: found.id, folder: copy }, { kind: found.source, dir: copy });
  if (!there) return { level: "warning", folder: copy, reason: ABSENT };
  return "id" in there ? { ...there, folder: found.folder, readFrom: copy } : there;
}

/** Why an integration cannot have this id, which is the name of its folder; undefined for a valid id. */
export function whyNoId(id: string): string | undefined {
  if (RESERVED.includes(id)) return `"${id}" cannot be an id, because Heddle uses it itself`;
  if (ID.test(id)) return undefined;
  return `"${id}" cannot be an id; an id must begin with a-z and contain only a-z, 0-9, _ and -`;
}

interface Candidate {
  id: string;
  folder: string;
}

function toolFolder(source: IntegrationSource, taken: ReadonlyMap<string, unknown>): Candidate {
  // Two directories with the same name are different owners, so neither replaces the other.
  const id = `tools:${basename(source.dir)}`;
  let number = 2;
  let free = id;
  while (taken.has(free)) free = `${id}-${number++}`;
  return { id: free, folder: source.dir };
}

async function subfolders(source: IntegrationSource, entries: Dirent[], notes: Note[]): Promise<Candidate[]> {
  const names = entries
    .map((entry) => entry.name)
    .filter((name) => !/^[_.]/.test(name) && name !== "node_modules");
  const candidates = names.sort().map((name) => ({ id: name, folder: join(source.dir, name) }));
  // The entry's own type would not do: a symbolic link to a folder counts as a folder.
  const areFolders = await Promise.all(
    candidates.map(async ({ folder }) => {
      const result = await isDirectory(folder);
      if (typeof result === "boolean") return result;
      notes.push({ level: "warning", folder, reason: `Skipped: ${result}` });
      return false;
    }),
  );
  return candidates.filter((_, index) => areFolders[index]);
}

async function examine(
  { id, folder }: Candidate,
  source: IntegrationSource,
): Promise<FoundIntegration | Note | undefined> {
  const loose = source.kind === "tools";
  const whyNot = loose ? undefined : whyNoId(id);
  if (whyNot !== undefined) return { level: "warning", folder, reason: `Skipped: ${whyNot}` };
  const { files, unused, unreadable } = await integrationFiles(folder, loose);
  const content = loose ? NO_CONTENT : await listContent(folder, { templates: "prompts" });
  const useful = files.router || files.dispatcher || files.hooks || files.listeners || files.process;
  const isSilent = Object.values(content).every((list) => list.length === 0);
  if (!useful && files.tools.length === 0 && isSilent) {
    const [first] = unreadable;
    if (first) return { level: "warning", folder, reason: `Skipped: ${first.reason}` };
    const reason = loose
      ? "Ignored: it contains no tool files"
      : `Ignored: it has no router, dispatcher, hooks, listeners, process, tools, skills, carapaces or prompts${await nearMiss(folder)}`;
    return { level: "info", folder, reason };
  }
  // A folder that was removed after the listing is treated as if it had never been there.
  const real = await realpath(folder).catch(() => undefined);
  if (!real) return undefined;
  if (!isImportable(real)) {
    const reason = `Skipped: the path must not contain "?" or "\\", because no code can be loaded from there; got ${real}. Rename that folder`;
    return { level: "warning", folder, reason };
  }
  const prebuilt = source.prebuilt === undefined ? undefined : join(source.prebuilt, id);
  const notes = unused.map(({ name, used }): Note => {
    const reason = `${name} is not used, because ${used} exists as well; remove one of the two`;
    return { level: "warning", folder: real, reason };
  });
  notes.push(...unreadable);
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
  /** Files that are not used, each with the file of the same stem that is. */
  unused: { name: string; used: string }[];
  /** Directories that exist but cannot be read. */
  unreadable: Note[];
}

async function integrationFiles(folder: string, isLoose: boolean): Promise<Chosen> {
  const prefix = isLoose ? "" : "tools/";
  const unreadable: Note[] = [];
  const tools = await namesIn(
    isLoose ? folder : join(folder, "tools"),
    unreadable,
    (name) => !NOT_CODE.test(name) && !/^[_.]/.test(name),
  );
  const parts = isLoose ? [] : await namesIn(folder, unreadable, (name) => SINGLE.includes(stemOf(name)));
  const chosen = [oneOfEach(parts, ""), oneOfEach(tools, prefix)];
  const files: IntegrationFiles = { tools: chosen[1]?.used ?? [] };
  for (const name of chosen[0]?.used ?? []) files[stemOf(name)] = name;
  return { files, unused: chosen.flatMap(({ unused }) => unused), unreadable };
}

type Single = (typeof SINGLE)[number];

const stemOf = (name: string): Single => name.replace(CODE, "") as Single;

/** The names of code files in a folder. A folder that exists but cannot be read is added to `unreadable`. */
async function namesIn(
  folder: string,
  unreadable: Note[],
  isWanted: (name: string) => boolean,
): Promise<string[]> {
  const entries = await list(folder).catch((error: unknown) => {
    if (!isAbsent(error)) unreadable.push({ level: "warning", folder, reason: reasonUnreadable(error) });
    return [];
  });
  return entries
    .map((entry) => entry.name)
    .filter((name) => CODE.test(name) && isWanted(name))
    .sort();
}

function oneOfEach(names: string[], prefix: string): { used: string[]; unused: Chosen["unused"] } {
  const rank = (name: string) => PREFERRED.indexOf(extname(name));
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

const ABSENT = "There is no such directory";

const list = (folder: string): Promise<Dirent[]> => readdir(folder, { withFileTypes: true });

/** Only these two codes mean that the directory is absent. */
const reasonUnreadable = (error: unknown): string =>
  isAbsent(error) ? ABSENT : `The directory cannot be read: ${errorMessage(error)}`;

/** The reason instead, if the path exists but cannot be followed. */
const isDirectory = (path: string): Promise<boolean | string> =>
  stat(path).then(
    (found) => found.isDirectory(),
    (error: unknown) => !isAbsent(error) && reasonUnreadable(error),
  );
