// The folder that bots share with each other and with the operator: `$HEDDLE_HOME/workspace`. This is the only door
// by which bots get at files, so that what they write is known before it is there.

import { createHash } from "node:crypto";
import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { HeddleError } from "../errors.ts";
import { listFolderBelow, readFileBelow, removeUnfinished, writeFileBelow } from "./files.ts";
import type { Overwritten } from "./overwritten.ts";
import { parseFilePath, parsePath, WORKSPACE_FOLDERS } from "./path.ts";
import type { WorkspaceWrites } from "./writes.ts";

/** On whose behalf: a bot sees of `bots/` only the folder of its own id. */
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
  /** From 1. */
  line: number;
  text: string;
}

/** Paths are relative, with slashes. Each throws "validation" (field "path"), "not_found" or "forbidden". */
export interface Workspace {
  /** Absolute real path. */
  readonly root: string;
  /** What is in a folder; `recursive` also what is below. */
  list(user: WorkspaceUser, path: string, options: { recursive: boolean }): Promise<Listing<WorkspaceEntry>>;
  /** The text of a file of at most `MAX_FILE_BYTES`. */
  read(user: WorkspaceUser, path: string): Promise<string>;
  /** Lines that hold the text, in any case, of all files below a path. */
  search(user: WorkspaceUser, query: string, path: string): Promise<Listing<WorkspaceMatch>>;
  /** Makes or replaces a file; all of it or nothing. */
  write(user: WorkspaceUser, path: string, content: string, options: { replace: boolean }): Promise<Written>;
}

export interface Listing<Item> {
  items: Item[];
  /** There was more than is shown. */
  truncated: boolean;
}

export interface Written {
  path: string;
  bytes: number;
  /** "unchanged": the file already was just this. */
  outcome: "created" | "replaced" | "unchanged";
}

export interface WorkspaceOptions {
  /** Made if missing. */
  dir: string;
  writes: Pick<WorkspaceWrites, "record" | "isOfBot">;
  /** Keeps what people had there before a bot writes over it. */
  overwritten: Overwritten;
  /** Why bots may not write an integration of this id: another place has one. */
  whyNotIntegration(id: string): string | undefined;
}

export const MAX_FILE_BYTES = 1024 * 1024;
const MOST_ENTRIES = 500;
const MOST_MATCHES = 100;
const MOST_SEARCHED = 5_000;
const LONGEST_LINE = 300;

export async function createWorkspace({
  dir,
  writes,
  overwritten,
  whyNotIntegration,
}: WorkspaceOptions): Promise<Workspace> {
  for (const folder of WORKSPACE_FOLDERS) await mkdir(join(dir, folder), { recursive: true, mode: 0o700 });
  const root = await realpath(dir);
  await removeUnfinished(root);
  /** One write after the other: between telling of a write and doing it none may come that is told of later. */
  let writing: Promise<unknown> = Promise.resolve();

  async function* walk(
    user: WorkspaceUser,
    names: string[],
    recursive: boolean,
  ): AsyncGenerator<WorkspaceEntry> {
    for (const { name, kind } of await listFolderBelow(root, names)) {
      const inner = [...names, name];
      if (isForeign(user, inner) || (names.length === 0 && !isWorkspaceFolder(name))) continue;
      yield { path: inner.join("/"), kind };
      // A folder that goes away meanwhile is empty.
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
      // What is too large for a bot to read is too large to be kept, and so is nothing that it writes over.
      throw error;
    });
    if (old !== undefined && !replace)
      throw new HeddleError("conflict", `${path} exists already; replace it if that is meant.`, {
        field: "path",
      });
    // Writing it again would make a bot's of what an operator put there or approved.
    if (old?.equals(bytes)) return { path, bytes: bytes.length, outcome: "unchanged" };
    if (old && !(await writes.isOfBot({ path, sha256: sha256Of(old) }))) await overwritten.keep(path, old);
    const sha256 = sha256Of(bytes);
    await writeFileBelow(root, names, bytes, () => writes.record({ path, sha256, ...user }));
    return { path, bytes: bytes.length, outcome: old === undefined ? "created" : "replaced" };
  }

  return {
    root,
    async list(user, path, { recursive }) {
      const names = permitted(user, parsePath(path));
      return collect(walk(user, names, recursive), MOST_ENTRIES);
    },
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
          if (++searched > MOST_SEARCHED) return;
          yield* linesWith(wanted, entry.path, await readable(entry.path.split("/")));
        }
      };
      const { items, truncated } = await collect(matches(), MOST_MATCHES);
      return { items, truncated: truncated || searched > MOST_SEARCHED };
    },
    async write(user, path, content, { replace }) {
      const names = permitted(user, parseFilePath(path));
      const bytes = Buffer.from(content, "utf8");
      if (bytes.length > MAX_FILE_BYTES)
        throw new HeddleError("payload_too_large", `A file takes at most ${MAX_FILE_BYTES} bytes.`, {
          field: "content",
        });
      const reason = names[0] === "integrations" ? whyNotIntegration(names[1] ?? "") : undefined;
      if (reason) throw new HeddleError("forbidden", reason, { field: "path" });
      const written = writing.then(() => write(user, names, bytes, replace));
      writing = written.catch(() => undefined);
      return written;
    },
  };

  /** Undefined for what cannot be searched: too large, not text, gone. */
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
  throw new HeddleError("forbidden", `Of bots/ only bots/${user.botId}/ is yours.`, { field: "path" });
}

function textOf(names: string[], bytes: Buffer): string {
  const text = bytes.includes(0) ? undefined : bytes.toString("utf8");
  if (text !== undefined) return text;
  throw new HeddleError("validation", `${names.join("/")} is no text.`, { field: "path" });
}

function* linesWith(wanted: string, path: string, text: string | undefined): Generator<WorkspaceMatch> {
  if (!text?.toLowerCase().includes(wanted)) return;
  for (const [index, line] of text.split("\n").entries())
    if (line.toLowerCase().includes(wanted))
      yield { path, line: index + 1, text: line.slice(0, LONGEST_LINE) };
}

async function collect<Item>(items: AsyncIterable<Item>, most: number): Promise<Listing<Item>> {
  const collected: Item[] = [];
  for await (const item of items) {
    if (collected.length === most) return { items: collected, truncated: true };
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
