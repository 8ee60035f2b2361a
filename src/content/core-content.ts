// The skills, carapaces and templates that belong to no integration: those that Heddle brings along, and those that
// the operator keeps in the home folder. They are read again when a file changes.

import { join } from "node:path";
import type { Logger } from "../log.ts";
import { type FolderWatch, watchFolders } from "../runtime/watch-folders.ts";
import type { Carapace } from "./carapaces/carapace.ts";
import { listContent } from "./files.ts";
import type { OwnedRegistry } from "./owned-registry.ts";
import { type Content, type ContentProblem, readContent } from "./read.ts";
import type { Skill } from "./skills/skill.ts";
import type { Template } from "./templates/template.ts";

export interface ContentSinks {
  skills: Pick<OwnedRegistry<Skill>, "replaceOwner">;
  carapaces: Pick<OwnedRegistry<Carapace>, "replaceOwner">;
  templates: Pick<OwnedRegistry<Template>, "replaceOwner">;
}

export interface CoreContentOptions {
  /** In order: an operator's file replaces one of the same id that Heddle brings along. */
  folders: { dir: string; origin: { kind: "builtin" | "home" } }[];
  sinks: ContentSinks;
  log: Logger;
}

const OWNER = "core";
const KINDS = ["skills", "carapaces", "templates", "bots"];

/**
 * Resolves when all of it was read. A file that cannot be used is an error in the log and leaves the others alone; its
 * last good version stays.
 */
export async function openCoreContent({
  folders,
  sinks,
  log,
}: CoreContentOptions): Promise<{ close(): void }> {
  let said = new Set<string>();
  let last = new Map<string, Content>();

  async function load(): Promise<void> {
    const problems: ContentProblem[] = [];
    const now = new Map<string, Content>();
    for (const { dir, origin } of folders) {
      const read = await readContent(
        dir,
        await listContent(dir, { templates: "templates", bots: true }),
        origin,
      );
      problems.push(...read.problems);
      now.set(dir, withLastGood(read.content, last.get(dir), read.problems));
    }
    last = now;
    const all = [...now.values()];
    // First the only ones that may be refused: a file can give a carapace any id.
    sinks.carapaces.replaceOwner(OWNER, byId(all.flatMap(({ carapaces }) => carapaces)));
    sinks.skills.replaceOwner(OWNER, byId(all.flatMap(({ skills }) => skills)));
    sinks.templates.replaceOwner(OWNER, byId(all.flatMap(({ templates }) => templates)));
    say(problems);
  }

  function say(problems: ContentProblem[]): void {
    const now = new Set<string>();
    for (const { file, line, reason } of problems) {
      const place = line === undefined ? file : `${file}:${line}`;
      now.add(`${place} ${reason}`);
      if (!said.has(`${place} ${reason}`)) log.error("{place}: {reason}", { place, reason });
    }
    said = now;
  }

  const watching: FolderWatch = watchFolders({
    folders: folders.flatMap(({ dir }) =>
      KINDS.map((kind) => ({ dir: join(dir, kind), tellsOf: "itself" as const })),
    ),
    log,
    onChange: load,
  });
  await watching.ready;
  await load();
  return { close: () => watching.close() };
}

/** The content, and of each file that cannot be used now what it last said. */
function withLastGood(content: Content, last: Content | undefined, problems: ContentProblem[]): Content {
  if (!last) return content;
  const spoiled = new Set(problems.map(({ file }) => file));
  const kept = <Item extends { file: string }>(items: Item[]) =>
    items.filter(({ file }) => spoiled.has(file));
  return {
    skills: [...kept(last.skills), ...content.skills],
    carapaces: [...kept(last.carapaces), ...content.carapaces],
    templates: [...kept(last.templates), ...content.templates],
  };
}

/** Of several with one id the last. */
const byId = <Item extends { id: string }>(items: Item[]): Item[] => [
  ...new Map(items.map((item) => [item.id, item])).values(),
];
