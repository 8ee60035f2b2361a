// Skills, carapaces and templates as the files that they are: read for an editor, and written to the home folder.

import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { mkdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import pLimit from "p-limit";
import { errorMessage, HeddleError, notFound } from "../errors.ts";
import { readCarapace } from "./carapaces/carapace.ts";
import type { ContentAbout, OwnedRegistry } from "./owned-registry.ts";
import { MAX_FILE_BYTES, NOT_UTF8, titleOf } from "./read.ts";
import { readSkill } from "./skills/skill.ts";
import { readTemplate } from "./templates/template.ts";

const KINDS = {
  skills: { name: "skill", read: readSkill, extension: "md" },
  carapaces: { name: "carapace", read: readCarapace, extension: "yaml" },
  templates: { name: "template", read: readTemplate, extension: "md" },
};

export type FileKind = keyof typeof KINDS;

export interface FileText {
  text: string;
  /** Changes with the text. */
  version: string;
}

export interface HomeFiles {
  /** The file of an item, as it is now. Undefined if it belongs to an integration, or is gone. */
  read(item: Pick<ContentAbout, "origin" | "file">): Promise<FileText | undefined>;
  /**
   * Writes the file of an item in the home folder, and resolves when the item is in use. An item of Heddle's own is replaced by
   * this, and left as it is. `version` is that of the file which the writer has seen, null: there was none.
   * @throws HeddleError `validation` with the line, `not_found` if the file is gone, or `changed_meanwhile` if the file is another than the writer has seen.
   */
  write(kind: FileKind, id: string, file: { text: string; version: string | null }): Promise<void>;
  /** Deletes the file from the home folder. @throws HeddleError `not_found`, or `conflict` for another's file. */
  remove(kind: FileKind, id: string): Promise<void>;
}

export interface HomeFilesOptions {
  home: string;
  items: Record<FileKind, Pick<OwnedRegistry<ContentAbout>, "get">>;
  /** Reads the files again. */
  reload(): Promise<void>;
}

/** Ids of new files; what a name begins with decides whether it is read. */
const NEW_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

export function createHomeFiles({ home, items, reload }: HomeFilesOptions): HomeFiles {
  const inTurn = pLimit(1);

  function placeOf(kind: FileKind, id: string): { path: string; seen: string | undefined } {
    const item = items[kind].get(id);
    if (item?.origin.kind === "integration") {
      throw new HeddleError(
        "conflict",
        `${id} belongs to the integration ${item.origin.id}, and changes with it. Copy it under another id instead.`,
      );
    }
    if (item) return { path: item.path, seen: item.origin.kind === "builtin" ? item.file : undefined };
    if (!NEW_ID.test(id)) {
      const rule =
        "must begin with a letter or digit, and consist of at most 100 letters, digits, '.', '_' and '-'";
      throw new HeddleError("validation", `id ${rule}; got ${JSON.stringify(id.slice(0, 120))}.`, {
        field: "id",
      });
    }
    return { path: `${kind}/${id}.${KINDS[kind].extension}`, seen: undefined };
  }

  async function write(
    kind: FileKind,
    id: string,
    { text, version }: { text: string; version: string | null },
  ) {
    const { path, seen } = placeOf(kind, id);
    const file = join(home, path);
    const now = (await textOf(file)) ?? (seen === undefined ? undefined : await textOf(seen));
    if (!now && version !== null) throw notFound(KINDS[kind].name, id);
    if ((now?.version ?? null) !== version) {
      throw new HeddleError(
        "changed_meanwhile",
        `${path} has changed since it was read. Read it again, and repeat the change.`,
      );
    }
    refuseUnusable(kind, text, { id, name: titleOf(id), origin: { kind: "home" }, file, path });
    await replace(file, text).catch((cause) => {
      throw new HeddleError("conflict", `${path} could not be written: ${errorMessage(cause)}`, { cause });
    });
    await reload();
  }

  async function remove(kind: FileKind, id: string) {
    const item = items[kind].get(id);
    if (!item) throw notFound(KINDS[kind].name, id);
    if (item.origin.kind !== "home") {
      throw new HeddleError("conflict", `${id} is not in the home folder, so it cannot be deleted here.`);
    }
    await rm(item.file, { force: true });
    await reload();
  }

  return {
    read: async ({ origin, file }) => (origin.kind === "integration" ? undefined : textOf(file)),
    write: (kind, id, file) => inTurn(() => write(kind, id, file)),
    remove: (kind, id) => inTurn(() => remove(kind, id)),
  };
}

async function textOf(file: string): Promise<FileText | undefined> {
  try {
    const bytes = await readFile(file);
    // Read as what it is not, it would be saved with other characters.
    if (!isUtf8(bytes)) throw new HeddleError("conflict", `${NOT_UTF8}: ${file}.`);
    const text = bytes.toString("utf8");
    return { text, version: createHash("sha256").update(text).digest("hex").slice(0, 16) };
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}

/** A file that could not be used would leave the last good version in place, and nobody would know. */
function refuseUnusable(kind: FileKind, text: string, about: ContentAbout): void {
  const refuse = (reason: string) => new HeddleError("validation", reason, { field: "text" });
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    throw refuse(
      `text must be at most ${MAX_FILE_BYTES / 1024} KiB; got ${Math.ceil(Buffer.byteLength(text) / 1024)}.`,
    );
  }
  const read = KINDS[kind].read(text, about);
  if (!read.ok) {
    const { line, reason } = read.problem;
    throw refuse(line === undefined ? reason : `Line ${line}: ${reason}`);
  }
  if (read.item.id !== about.id) throw refuse(`id must be ${about.id}, or be left out; got ${read.item.id}.`);
}

/** Whoever reads the file meanwhile gets the old text or the new one. A link stays a link. */
async function replace(file: string, text: string): Promise<void> {
  const target = await realpath(file).catch(() => file);
  await mkdir(dirname(target), { recursive: true });
  // Names that begin with a dot are not read.
  const unfinished = join(dirname(target), `.${basename(target)}.${process.pid}`);
  try {
    await writeFile(unfinished, text, { flush: true });
    await rename(unfinished, target);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
