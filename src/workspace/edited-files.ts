// Files of the workspace in an editor of the admin UI: a person reads and writes them, and nobody's change is lost.

import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { relative } from "node:path";
import { HeddleError } from "../errors.ts";
import { listFolderBelow, readFileBelow, writeFileBelow } from "./files.ts";
import { parseFilePath } from "./path.ts";

export interface EditedFile {
  text: string;
  /** Changes with the text. */
  version: string;
}

/** Paths are below `folder`, an absolute path in the workspace. Each throws "validation" (field "path") and "not_found". */
export interface EditedFiles {
  /** The files of a folder and of those in it, sorted; at most MOST_FILES. */
  list(folder: string): Promise<string[]>;
  read(folder: string, path: string): Promise<EditedFile>;
  /**
   * Creates or replaces a file. `version` is that of the file which the writer has seen, null: there was none. Throws
   * "changed_meanwhile" if it has another one by now.
   */
  write(folder: string, path: string, file: { text: string; version: string | null }): Promise<EditedFile>;
}

const MOST_FILES = 500;
const MAX_BYTES = 1024 * 1024;

/** `inTurn` runs one write after the other, those of bots included. */
export function createEditedFiles(
  root: string,
  inTurn: <Result>(write: () => Promise<Result>) => Promise<Result>,
): EditedFiles {
  const namesOf = (folder: string, path: string): string[] =>
    parseFilePath([...namesIn(root, folder), path].join("/"));

  async function read(names: string[]): Promise<EditedFile> {
    const bytes = await readFileBelow(root, names, MAX_BYTES);
    // Read as what it is not, a text would be saved with other characters.
    if (bytes.includes(0) || !isUtf8(bytes)) throw refused("is not a text in UTF-8");
    return { text: bytes.toString("utf8"), version: versionOf(bytes) };
  }

  async function* walk(names: string[], below: string): AsyncGenerator<string> {
    for (const { name, kind } of await listFolderBelow(root, names)) {
      if (kind === "file") yield below + name;
      else yield* walk([...names, name], `${below}${name}/`);
    }
  }

  return {
    async list(folder) {
      const files: string[] = [];
      for await (const file of walk(namesIn(root, folder), "")) {
        if (files.length === MOST_FILES) break;
        files.push(file);
      }
      return files;
    },
    read: async (folder, path) => read(namesOf(folder, path)),
    async write(folder, path, { text, version }) {
      const names = namesOf(folder, path);
      const bytes = Buffer.from(text, "utf8");
      if (bytes.length > MAX_BYTES) throw refused(`is larger than ${MAX_BYTES} bytes`, "text");
      return inTurn(async () => {
        const now = await versionNow(names);
        if (now !== version) throw changed(path, now);
        // Not recorded as a bot's: what a person has written needs nobody's approval.
        await writeFileBelow(root, names, bytes, async () => {});
        return { text, version: versionOf(bytes) };
      });
    },
  };

  async function versionNow(names: string[]): Promise<string | null> {
    try {
      return versionOf(await readFileBelow(root, names, MAX_BYTES));
    } catch (error) {
      if (error instanceof HeddleError && error.code === "not_found") return null;
      throw error;
    }
  }
}

function namesIn(root: string, folder: string): string[] {
  const names = relative(root, folder).split(/[\\/]/);
  if (names[0] === "integrations" && names.length > 1) return names;
  throw new HeddleError(
    "conflict",
    `${folder} is not in the workspace, so it is changed on the server's disk.`,
  );
}

const versionOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

const changed = (path: string, now: string | null): HeddleError =>
  new HeddleError(
    "changed_meanwhile",
    now === null
      ? `There is no ${path} any more; it was there when it was read.`
      : `${path} was changed after it was read; read it again before you change it.`,
  );

const refused = (reason: string, field = "path"): HeddleError =>
  new HeddleError("validation", `The file ${reason}.`, { field });
