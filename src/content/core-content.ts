// The skills, carapaces, templates and bots that belong to no integration: those that Heddle ships with, and those that
// the operator keeps in the home folder. They are read again when a file changes.

import { join } from "node:path";
import pLimit from "p-limit";
import type { Logger } from "../log.ts";
import { type FolderWatch, watchFolders } from "../runtime/watch-folders.ts";
import type { BotFile } from "./bots/bot-file.ts";
import type { Bots } from "./bots/bots.ts";
import type { Carapace } from "./carapaces/carapace.ts";
import { type ContentProblem, listContent } from "./files.ts";
import type { OwnedRegistry } from "./owned-registry.ts";
import { type Content, readContent } from "./read.ts";
import type { Skill } from "./skills/skill.ts";
import type { Template } from "./templates/template.ts";

export interface ContentSinks {
  skills: Pick<OwnedRegistry<Skill>, "replaceOwner">;
  carapaces: Pick<OwnedRegistry<Carapace>, "replaceOwner">;
  templates: Pick<OwnedRegistry<Template>, "replaceOwner">;
  bots: Pick<Bots, "seed">;
}

export interface CoreContentOptions {
  /** In order of precedence, lowest first: an operator's file replaces Heddle's own with the same id. */
  folders: { dir: string; origin: { kind: "builtin" | "home" } }[];
  sinks: ContentSinks;
  log: Logger;
}

export interface CoreContent {
  /** The readable files of bots, whether or not the bots in the database still equal them. */
  botFiles(): readonly BotFile[];
  /** Whether every folder could be read the last time. */
  isWhole(): boolean;
  /** Calls the listener after the files have been read again. */
  onLoad(listener: () => void): void;
  /** Reads everything again, without waiting for the file system to tell of a change. */
  reload(): Promise<void>;
  close(): void;
}

const OWNER = "core";
const KINDS = ["skills", "carapaces", "templates", "bots"];

/**
 * Resolves when everything has been read. A file that cannot be used is logged as an error and affects no other; its
 * last good version stays in use.
 */
export async function openCoreContent({ folders, sinks, log }: CoreContentOptions): Promise<CoreContent> {
  const listeners: (() => void)[] = [];
  let botFiles: BotFile[] = [];
  let logged = new Set<string>();
  let last = new Map<string, Content>();
  let isWhole = true;

  const oneAtATime = pLimit(1);
  const reload = () => oneAtATime(load);

  async function load(): Promise<void> {
    const problems: ContentProblem[] = [];
    const now = new Map<string, Content>();
    let areReadable = true;
    for (const { dir, origin } of folders) {
      const listed = await listContent(dir, { templates: "templates", bots: true });
      areReadable &&= listed.problems.length === 0;
      const read = await readContent(dir, listed, origin);
      problems.push(...read.problems);
      now.set(dir, withLastGood(read.content, last.get(dir), read.problems));
    }
    last = now;
    isWhole = areReadable;
    const all = [...now.values()];
    // Carapaces come first, because only they can be refused: a file may give one any id.
    sinks.carapaces.replaceOwner(OWNER, byId(all.flatMap(({ carapaces }) => carapaces)));
    sinks.skills.replaceOwner(OWNER, byId(all.flatMap(({ skills }) => skills)));
    sinks.templates.replaceOwner(OWNER, byId(all.flatMap(({ templates }) => templates)));
    botFiles = byId(all.flatMap(({ bots }) => bots));
    const added = await sinks.bots.seed(botFiles.map(({ bot }) => bot));
    for (const { id } of added) log.info("Bot {id} added from its file", { id });
    logNew(problems);
    for (const listener of listeners) listener();
  }

  function logNew(problems: ContentProblem[]): void {
    const now = new Set<string>();
    for (const { file, line, reason } of problems) {
      const place = line === undefined ? file : `${file}:${line}`;
      now.add(`${place} ${reason}`);
      if (!logged.has(`${place} ${reason}`)) log.error("{place}: {reason}", { place, reason });
    }
    logged = now;
  }

  const watching: FolderWatch = watchFolders({
    folders: folders.flatMap(({ dir }) =>
      KINDS.map((kind) => ({ dir: join(dir, kind), reports: "itself" as const })),
    ),
    log,
    onChange: reload,
  });
  await watching.ready;
  await reload();
  return {
    reload,
    botFiles: () => botFiles,
    isWhole: () => isWhole,
    onLoad: (listener) => void listeners.push(listener),
    close: () => watching.close(),
  };
}

/** The content, with the last good version of each file that cannot be used now. Bots are in the database. */
function withLastGood(content: Content, last: Content | undefined, problems: ContentProblem[]): Content {
  if (!last) return content;
  const spoiled = problems.map(({ file }) => file);
  // A folder that cannot be read spoils everything in it.
  const kept = <Item extends { file: string }>(items: Item[]) =>
    items.filter(({ file }) => spoiled.some((path) => file === path || file.startsWith(`${path}/`)));
  return {
    skills: [...kept(last.skills), ...content.skills],
    carapaces: [...kept(last.carapaces), ...content.carapaces],
    templates: [...kept(last.templates), ...content.templates],
    bots: content.bots,
  };
}

/** Keeps the last of several items with the same id. */
const byId = <Item extends { id: string }>(items: Item[]): Item[] => [
  ...new Map(items.map((item) => [item.id, item])).values(),
];
