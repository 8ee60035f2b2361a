// Finds integration folders. One result feeds every consumer: routes, tools, skills, manifests, processes.

import type { Dirent } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { type ContentFiles, listContent, NO_CONTENT } from "../../content/files.ts";
import { isAbsent } from "../../runtime/absent.ts";
import { isImportable } from "../../runtime/importable-path.ts";
import { ABSENT, type IntegrationFiles, integrationFiles, list, reasonUnreadable } from "./code-files.ts";
import { nearMiss } from "./near-miss.ts";

export type SourceKind = "builtin" | "tools" | "workspace" | "external";

/** A directory whose subfolders are integrations. One of kind "tools" holds tool files itself. */
export interface IntegrationSource {
  kind: SourceKind;
  dir: string;
  /** The folder of the prebuilt bundles of this directory's integrations. */
  prebuilt?: string;
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
  /** What each directory of integrations has, also what a later one replaces. */
  of: ReadonlyMap<string, readonly FoundIntegration[]>;
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

/**
 * Finds the integrations of all sources; a later source replaces integrations with the same id. Never throws for anything on the disk.
 * What was found `before` and cannot be read now is still there: this process may have too many files open for a moment.
 */
export async function discover(
  sources: IntegrationSource[],
  before?: Pick<Discovery, "of">,
): Promise<Discovery> {
  const notes: Note[] = [];
  const found = new Map<string, FoundIntegration>();
  const of = new Map<string, FoundIntegration[]>();
  for (const source of sources) {
    const name = `${source.kind} ${source.dir}`;
    const own = await inSource(source, { taken: found, known: before?.of.get(name) ?? [], notes });
    of.set(name, own);
    for (const integration of own) {
      const earlier = found.get(integration.id);
      if (earlier) {
        const reason = `Replaces the integration "${integration.id}" in ${earlier.folder}`;
        notes.push({ level: "warning", folder: integration.folder, reason });
        found.delete(integration.id);
      }
      found.set(integration.id, integration);
    }
  }
  return { found: [...found.values()], notes, of };
}

interface Looking {
  taken: ReadonlyMap<string, unknown>;
  /** What was found before. */
  known: readonly FoundIntegration[];
  /** Remarks are added. */
  notes: Note[];
}

async function inSource(
  source: IntegrationSource,
  { taken, known, notes }: Looking,
): Promise<FoundIntegration[]> {
  const entries = await list(source.dir).catch((error: unknown) => ({ error }));
  if (!Array.isArray(entries)) {
    notes.push({ level: "warning", folder: source.dir, reason: reasonUnreadable(entries.error) });
    return isAbsent(entries.error) ? [] : [...known];
  }
  const candidates =
    source.kind === "tools" ? [toolFolder(source, taken)] : await subfolders(source, entries);
  const examined = await Promise.all(
    candidates.map(async (one) => ({ id: one.id, ...("is" in one ? one : await examine(one, source)) })),
  );
  return examined.flatMap((one) => {
    if (one.is === "absent") return [];
    if (one.is === "found") {
      notes.push(...(one.found.notes ?? []));
      return [one.found];
    }
    notes.push(one.note);
    return one.is === "unreadable" ? known.filter(({ id }) => id === one.id) : [];
  });
}

/** The integration in this folder, or why the folder is not an integration. */
export async function discoverOne(folder: string): Promise<FoundIntegration | Note> {
  const real = await realpath(folder);
  const found = await examine({ id: basename(real), folder: real }, { kind: "external", dir: real });
  return foundOrNote(found, folder);
}

/** The same integration with its files read from a copy of the folder, or why the copy is not an integration. */
export async function discoverInCopy(
  found: FoundIntegration,
  copy: string,
): Promise<FoundIntegration | Note> {
  const there = foundOrNote(
    await examine({ id: found.id, folder: copy }, { kind: found.source, dir: copy }),
    copy,
  );
  return "id" in there ? { ...there, folder: found.folder, readFrom: copy } : there;
}

function foundOrNote(examined: Examined, folder: string): FoundIntegration | Note {
  if (examined.is === "absent") return { level: "warning", folder, reason: ABSENT };
  return examined.is === "found" ? examined.found : examined.note;
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

/** What is in a folder. "unreadable": something is there, but nobody can say what. */
type Examined =
  | { is: "found"; found: FoundIntegration }
  | { is: "none" | "unreadable"; note: Note }
  | { is: "absent" };

type Unreadable = { id: string; is: "unreadable"; note: Note };

async function subfolders(source: IntegrationSource, entries: Dirent[]): Promise<(Candidate | Unreadable)[]> {
  const names = entries
    .map((entry) => entry.name)
    .filter((name) => !/^[_.]/.test(name) && name !== "node_modules");
  const candidates = names.sort().map((name) => ({ id: name, folder: join(source.dir, name) }));
  // The entry's own type would not do: a symbolic link to a folder counts as a folder.
  const looked = await Promise.all(
    candidates.map(async (candidate): Promise<(Candidate | Unreadable)[]> => {
      const { id, folder } = candidate;
      const result = await isDirectory(folder);
      if (typeof result === "boolean") return result ? [candidate] : [];
      return [{ id, is: "unreadable", note: skipped(folder, result) }];
    }),
  );
  return looked.flat();
}

const skipped = (folder: string, reason: string): Note => ({
  level: "warning",
  folder,
  reason: `Skipped: ${reason}`,
});

async function examine({ id, folder }: Candidate, source: IntegrationSource): Promise<Examined> {
  const loose = source.kind === "tools";
  const whyNot = loose ? undefined : whyNoId(id);
  if (whyNot !== undefined) return { is: "none", note: skipped(folder, whyNot) };
  const { files, unused, unreadable } = await integrationFiles(folder, loose);
  const content = loose ? NO_CONTENT : await listContent(folder, { templates: "prompts" });
  const useful = files.router || files.dispatcher || files.hooks || files.listeners || files.process;
  const isSilent = Object.values(content).every((list) => list.length === 0);
  if (!useful && files.tools.length === 0 && isSilent) {
    const [first] = unreadable;
    if (first) return { is: "unreadable", note: skipped(folder, first.reason) };
    const reason = loose
      ? "Ignored: it contains no tool files"
      : `Ignored: it has no router, dispatcher, hooks, listeners, process, tools, skills, carapaces or prompts${await nearMiss(folder)}`;
    return { is: "none", note: { level: "info", folder, reason } };
  }
  const real = await realpath(folder).catch((error: unknown) => ({ error }));
  if (typeof real !== "string") {
    // A folder that was removed after the listing is treated as if it had never been there.
    if (isAbsent(real.error)) return { is: "absent" };
    return { is: "unreadable", note: skipped(folder, reasonUnreadable(real.error)) };
  }
  if (!isImportable(real)) {
    const reason = `the path must not contain "?" or "\\", because no code can be loaded from there; got ${real}. Rename that folder`;
    return { is: "none", note: skipped(folder, reason) };
  }
  const prebuilt = source.prebuilt === undefined ? undefined : join(source.prebuilt, id);
  const notes = unused.map(({ name, used }): Note => {
    const reason = `${name} is not used, because ${used} exists as well; remove one of the two`;
    return { level: "warning", folder: real, reason };
  });
  notes.push(...unreadable.map((one): Note => ({ level: "warning", ...one })));
  return {
    is: "found",
    found: {
      id,
      source: source.kind,
      folder: real,
      files,
      content,
      ...(notes.length > 0 && { notes }),
      ...(prebuilt && { prebuilt }),
    },
  };
}

/** The reason instead, if the path exists but cannot be followed. */
const isDirectory = (path: string): Promise<boolean | string> =>
  stat(path).then(
    (found) => found.isDirectory(),
    (error: unknown) => !isAbsent(error) && reasonUnreadable(error),
  );
