// Finds the names in files to which nothing belongs, for the log. Only the file's own names are looked up: a carapace
// that it names has a file of its own.

import type { BotFile } from "../content/bots/bot-file.ts";
import type { Carapace } from "../content/carapaces/carapace.ts";
import { findFor, type Origin, type OwnedRegistry } from "../content/owned-registry.ts";
import type { SkillEntry } from "../content/skills/skill.ts";
import { ofServers, type ToolNamesThere, unknownTools } from "./tool-patterns.ts";

/** A name to which nothing belongs: the field that has it ("skills.0"), and what to say. */
export interface MissingInFile {
  field: string;
  warning: string;
}

export interface FileNamesOptions {
  skills: Pick<OwnedRegistry<{ id: string }>, "get">;
  carapaces: Pick<OwnedRegistry<{ id: string }>, "get">;
  tools: ToolNamesThere;
}

export function createFileNames({ skills, carapaces, tools }: FileNamesOptions) {
  const each = (field: string, names: readonly string[], warningOf: (name: string) => string | undefined) =>
    names.flatMap((name, at): MissingInFile[] => {
      const warning = warningOf(name);
      return warning === undefined ? [] : [{ field: `${field}.${at}`, warning }];
    });
  const tool = (name: string) => unknownTools([name], tools)[0];
  const skillFor = (origin: Origin) => (id: string) =>
    findFor(skills, id, origin) ? undefined : `There is no skill "${id}".`;
  const carapaceFor = (origin: Origin) => (id: string) =>
    findFor(carapaces, id, origin) ? undefined : `There is no carapace "${id}".`;
  const botAmong = (bots: ReadonlySet<string>) => (id: string) =>
    id === "*" || bots.has(id) ? undefined : `There is no bot "${id}".`;

  return {
    ofCarapace: ({ origin, ...carapace }: Carapace, bots: ReadonlySet<string>): MissingInFile[] => [
      ...each("skills", carapace.skills.map(idOf), skillFor(origin)),
      ...each("local_tools", carapace.local_tools, tool),
      ...each("mcp_tools", carapace.mcp_tools, (name) => tool(ofServers(name))),
      ...each("pinned_tools", carapace.pinned_tools, tool),
      ...each("requires.tools", carapace.requires.tools, tool),
      ...each("includes", carapace.includes, carapaceFor(origin)),
      ...carapace.delegates.flatMap(({ type, id }, at): MissingInFile[] => {
        const warning = type === "bot" ? botAmong(bots)(id) : undefined;
        return warning === undefined ? [] : [{ field: `delegates.${at}`, warning }];
      }),
    ],
    ofBot({ origin, bot }: Pick<BotFile, "origin" | "bot">, bots: ReadonlySet<string>): MissingInFile[] {
      const { tools = [], skills = [], carapaces = [], delegate_bots = [] } = bot;
      return [
        ...each("tools", tools, tool),
        ...each("skills", skills.map(idOf), skillFor(origin)),
        ...each("carapaces", carapaces, carapaceFor(origin)),
        ...each("delegate_bots", delegate_bots, botAmong(bots)),
      ];
    },
  };
}

const idOf = (entry: SkillEntry): string => (typeof entry === "string" ? entry : entry.id);
