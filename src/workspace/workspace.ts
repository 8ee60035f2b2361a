// The folder that bots share with each other and with the operator: `$HEDDLE_HOME/workspace`. Bots access files only
// through this module, so that every write is recorded before the file appears.

import { createHash } from "node:crypto";
import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { HeddleError } from "../errors.ts";
import { createEditedFiles, type EditedFiles } from "./edited-files.ts";
import { listFolderBelow, readFileBelow, removeUnfinished, writeFileBelow } from "./files.ts";
import type { Overwritten } from "./overwritten.ts";
import { parseFilePath, parsePath, WORKSPACE_FOLDERS } from "./path.ts";
import type { WorkspaceWrites } from "./writes.ts";

/** The bot on whose behalf files are accessed. In `bots/` it sees only the folder with its own id. */
export interface WorkspaceUser {
  botId: string;
  taskId: string | null;
}

export interface WorkspaceEntry {
  path: string;
  kind: "file" | "folder";
}

export interface WorkspaceMatch {
  path: string;
  /** 1-based. */
  line: number;
  text: string;
}

/** Paths are relative, with slashes. Each throws "validation" (field "path"), "not_found" or "forbidden". */
export interface Workspace {
  /** Absolute real path. */
  readonly root: string;
  /** Lists a folder; with `recursive`, also everything below it. */
  list(user: WorkspaceUser, path: string, options: { recursive: boolean }): Promise<Listing<WorkspaceEntry>>;
  /** Reads a text file of at most `MAX_FILE_BYTES`. */
  read(user: WorkspaceUser, path: string): Promise<string>;
  /** Reads any file of at most `MAX_FILE_BYTES`. */
  readFile(user: WorkspaceUser, path: string): Promise<Buffer>;
  /** Finds lines that contain the text, ignoring case, in all files below a path. */
  search(user: WorkspaceUser, query: string, path: string): Promise<Listing<WorkspaceMatch>>;
  /** The same files for a person with an editor. */
  readonly edited: EditedFiles;
  /** Creates or replaces a file atomically. */
  write(user: WorkspaceUser, path: string, content: string, options: { replace: boolean }): Promise<Written>;
}

export interface Listing<Item> {
  items: Item[];
  /** True if there were more items. */
  truncated: boolean;
}

export interface Written {
  path: string;
  bytes: number;
  /** "unchanged": the file already had this content. */
  outcome: "created" | "replaced" | "unchanged";
}

export interface WorkspaceOptions {
  /** Created if missing. */
  dir: string;
  writes: Pick<WorkspaceWrites, "record" | "isOfBot">;
  /** Keeps a copy of people's files before a bot overwrites them. */
  overwritten: Overwritten;
  /** Returns why bots may not write an integration with this id: another folder already has one. */
  whyNotIntegration(id: string): string | undefined;
}

export const MAX_FILE_BYTES = 1024 * 1024;
const MAX_ENTRIES = 500;
const MAX_MATCHES = 100;
const MAX_SEARCHED_FILES = 5_000;
const MAX_LINE_LENGTH = 300;

export async function createWorkspace({
  dir,
  writes,
  overwritten,
  whyNotIntegration,
}: WorkspaceOptions): Promise<Workspace> {
  for (const folder of WORKSPACE_FOLDERS) await mkdir(join(dir, folder), { recursive: true, mode: 0o700 });
  const root = await realpath(dir);
  await removeUnfinished(root);
  /** Writes are serialised, so that they become visible in the order in which they are recorded. */
  let writing: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const next = writing.then(work);
    writing = next.catch(() => undefined);
    return next;
  };

  async function* walk(
    user: WorkspaceUser,
    names: string[],
    recursive: boolean,
  ): AsyncGenerator<WorkspaceEntry> {
    for (const { name, kind } of await listFolderBelow(root, names)) {
      const inner = [...names, name];
      if (isForeign(user, inner) || (names.length === 0 && !isWorkspaceFolder(name))) continue;
      yield { path: inner.join("/"), kind };
      // A folder that is removed meanwhile counts as empty.
      if (recursive && kind === "folder") yield* ignoringMissing(walk(user, inner, true));
    }
  }

  async function write(
    user: WorkspaceUser,
    names: string[],
    bytes: Buffer,
    replace: boolean,
  ): Promise<Written> {
    const path = names.join("/");
    const old = await readFileBelow(root, names, MAX_FILE_BYTES).catch((error: unknown) => {
      if (error instanceof HeddleError && error.code === "not_found") return undefined;
      // A file too large to read is too large to back up, so it must not be overwritten.
      throw error;
    });
    if (old !== undefined && !replace)
      throw new HeddleError("conflict", `${path} already exists; set replace to true to overwrite it.`, {
        field: "path",
      });
    // Recording this write would attribute a file to the bot that an operator put there or approved.
    if (old?.equals(bytes)) return { path, bytes: bytes.length, outcome: "unchanged" };
    if (old && !(await writes.isOfBot({ path, sha256: sha256Of(old) }))) await overwritten.keep(path, old);
    const sha256 = sha256Of(bytes);
    await writeFileBelow(root, names, bytes, () => writes.record({ path, sha256, ...user }));
    return { path, bytes: bytes.length, outcome: old === undefined ? "created" : "replaced" };
  }

  return {
    root,
    edited: createEditedFiles(root, inTurn),
    async list(user, path, { recursive }) {
      const names = permitted(user, parsePath(path));
      return collect(walk(user, names, recursive), MAX_ENTRIES);
    },
    readFile: async (user, path) => readFileBelow(root, permitted(user, parsePath(path)), MAX_FILE_BYTES),
    async read(user, path) {
      const names = permitted(user, parsePath(path));
      return textOf(names, await readFileBelow(root, names, MAX_FILE_BYTES));
    },
    async search(user, query, path) {
      const names = permitted(user, parsePath(path));
      const wanted = query.toLowerCase();
      let searched = 0;
      const matches = async function* () {
        for await (const entry of walk(user, names, true)) {
          if (entry.kind === "folder") continue;
          if (++searched > MAX_SEARCHED_FILES) return;
          yield* linesWith(wanted, entry.path, await readable(entry.path.split("/")));
        }
      };
      const { items, truncated } = await collect(matches(), MAX_MATCHES);
      return { items, truncated: truncated || searched > MAX_SEARCHED_FILES };
    },
    async write(user, path, content, { replace }) {
      const names = permitted(user, parseFilePath(path));
      const bytes = Buffer.from(content, "utf8");
      if (bytes.length > MAX_FILE_BYTES)
        throw new HeddleError(
          "payload_too_large",
          `A file must have at most ${MAX_FILE_BYTES} bytes; got ${bytes.length}.`,
          {
            field: "content",
          },
        );
      const reason = names[0] === "integrations" ? whyNotIntegration(names[1] ?? "") : undefined;
      if (reason) throw new HeddleError("forbidden", reason, { field: "path" });
      return inTurn(() => write(user, names, bytes, replace));
    },
  };

  /** Returns undefined for a file that cannot be searched: too large, not text, or removed. */
  async function readable(names: string[]): Promise<string | undefined> {
    try {
      return textOf(names, await readFileBelow(root, names, MAX_FILE_BYTES));
    } catch (error) {
      if (error instanceof HeddleError) return undefined;
      throw error;
    }
  }
}

const sha256Of = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

const isWorkspaceFolder = (name: string): boolean => WORKSPACE_FOLDERS.some((folder) => folder === name);

const isForeign = ({ botId }: WorkspaceUser, [first, second]: string[]): boolean =>
  first === "bots" && second !== undefined && second !== botId;

function permitted(user: WorkspaceUser, names: string[]): string[] {
  if (!isForeign(user, names)) return names;
  throw new HeddleError("forbidden", `In bots/ you may only use bots/${user.botId}/.`, { field: "path" });
}

function textOf(names: string[], bytes: Buffer): string {
  const text = bytes.includes(0) ? undefined : bytes.toString("utf8");
  if (text !== undefined) return text;
  throw new HeddleError("validation", `${names.join("/")} is not a text file.`, { field: "path" });
}

function* linesWith(wanted: string, path: string, text: string | undefined): Generator<WorkspaceMatch> {
  if (!text?.toLowerCase().includes(wanted)) return;
  for (const [index, line] of text.split("\n").entries())
    if (line.toLowerCase().includes(wanted))
      yield { path, line: index + 1, text: line.slice(0, MAX_LINE_LENGTH) };
}

async function collect<Item>(items: AsyncIterable<Item>, limit: number): Promise<Listing<Item>> {
  const collected: Item[] = [];
  for await (const item of items) {
    if (collected.length === limit) return { items: collected, truncated: true };
    collected.push(item);
  }
  return { items: collected, truncated: false };
}

async function* ignoringMissing<Item>(items: AsyncGenerator<Item>): AsyncGenerator<Item> {
  try {
    yield* items;
  } catch (error) {
    if (!(error instanceof HeddleError && (error.code === "not_found" || error.code === "validation")))
      throw error;
  }
}
