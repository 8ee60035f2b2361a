// How a bot, a channel or a carapace uses a skill.

import type { Schema } from "../api/client.ts";

type SkillEntry = Schema<"Bot">["skills"][number];

export const skillId = (entry: SkillEntry): string => (typeof entry === "string" ? entry : entry.id);

export const skillMode = (entry: SkillEntry) =>
  (typeof entry === "string" ? undefined : entry.mode) ?? "on_demand";

/** What the modes are called: the text is in every run, is searched for what fits, or is read when needed. */
export const MODES = { pinned: "Pinned", rag: "By search", on_demand: "On demand" } as const;

/** The note behind the name of a skill; on demand is the usual case and needs none. */
export const modesOf = (entries: readonly SkillEntry[]) => (id: string) => {
  const entry = entries.find((one) => skillId(one) === id);
  const mode = entry === undefined ? undefined : skillMode(entry);
  return mode === undefined || mode === "on_demand" ? undefined : MODES[mode].toLowerCase();
};
