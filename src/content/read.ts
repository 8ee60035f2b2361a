// Reads the skills, carapaces, templates and bots of a folder. A bad file is reported with its path and line, and the
// others are still read, so that the caller decides what to do without it.

import { isUtf8 } from "node:buffer";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorMessage } from "../errors.ts";
import { type BotFile, readBot } from "./bots/bot-file.ts";
import { type Carapace, readCarapace } from "./carapaces/carapace.ts";
import type { ContentFile, ContentFiles, ContentProblem } from "./files.ts";
import type { ContentAbout, Origin } from "./owned-registry.ts";
import { readSkill, type Skill } from "./skills/skill.ts";
import { readTemplate, type Template } from "./templates/template.ts";
import type { TextProblem } from "./yaml-text.ts";

export interface Content {
  skills: Skill[];
  carapaces: Carapace[];
  templates: Template[];
  bots: BotFile[];
}

/** Larger texts would not fit into a model's context, and every file is held in memory. */
export const MAX_FILE_BYTES = 512 * 1024;
export const NOT_UTF8 = "It is not a text in UTF-8";
const TOO_LARGE = `It is larger than ${MAX_FILE_BYTES / 1024} KiB`;
/** Ids appear in messages ("@skill:triage") and in paths of the API. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;

export async function readContent(
  folder: string,
  files: ContentFiles,
  origin: Origin,
  /** Reads one of the files by its absolute path. Rejects with ENOENT when the file has been removed. */
  read: (file: string) => Promise<Buffer> = readSmall,
): Promise<{ content: Content; problems: ContentProblem[] }> {
  const problems = [...files.problems];
  const prefix = origin.kind === "integration" ? `integrations/${origin.id}/` : "";

  async function readAll<Item extends Pick<ContentAbout, "id">>(
    files: ContentFile[],
    parse: (text: string, about: ContentAbout) => Parsed<Item>,
  ): Promise<Item[]> {
    const items = new Map<string, Item>();
    for (const { path, id } of files) {
      const file = join(folder, path);
      const parsed = await readOne({ file, id, read }, (text) =>
        parse(text, { id: prefix + id, name: titleOf(id), origin, file, path }),
      );
      // A file removed after the listing is treated as if it had never existed.
      if (!parsed) continue;
      if (!parsed.ok) problems.push({ ...parsed.problem, file });
      else if (items.has(parsed.item.id)) {
        problems.push({ file, reason: `Another file has the id "${parsed.item.id}" already` });
      } else items.set(parsed.item.id, parsed.item);
    }
    return [...items.values()];
  }

  const [skills, carapaces, templates, bots] = await Promise.all([
    readAll(files.skills, readSkill),
    readAll(files.carapaces, readCarapace),
    readAll(files.templates, readTemplate),
    readAll(files.bots, readBot),
  ]);
  return { content: { skills, carapaces, templates, bots }, problems };
}

type Parsed<Item> = { ok: true; item: Item } | { ok: false; problem: TextProblem };

async function readOne<Item>(
  { file, id, read }: { file: string; id: string; read: (file: string) => Promise<Buffer> },
  parse: (text: string) => Parsed<Item>,
): Promise<Parsed<Item> | undefined> {
  const refuse = (reason: string): Parsed<Item> => ({ ok: false, problem: { reason } });
  if (!ID.test(id)) return refuse("The name may have letters, digits, dots, _ and -");
  try {
    const bytes = await read(file);
    if (bytes.length > MAX_FILE_BYTES) return refuse(TOO_LARGE);
    return isUtf8(bytes) ? parse(bytes.toString("utf8")) : refuse(NOT_UTF8);
  } catch (error) {
    return (error as { code?: unknown }).code === "ENOENT" ? undefined : refuse(errorMessage(error));
  }
}

async function readSmall(file: string): Promise<Buffer> {
  if ((await stat(file)).size > MAX_FILE_BYTES) throw new Error(TOO_LARGE);
  return readFile(file);
}

/** "carapaces/x/pull_requests" → "Pull requests". */
export function titleOf(id: string): string {
  const words = id.slice(id.lastIndexOf("/") + 1).replace(/[_-]+/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
