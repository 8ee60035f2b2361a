// Skills that a message asks for by name: "@skill:triage", "@skill:integrations/github/github".

import type { Skill } from "./skill.ts";
import type { Skills } from "./skills.ts";

const MENTION = /(?<![<@\w])@skill:([A-Za-z_][\w./-]*)/g;
/** A text of strangers may be full of them. */
const MOST = 20;

/** The names in their order, each once. */
export function mentionedSkills(text: string): string[] {
  const names = [...text.matchAll(MENTION)].map(([, name = ""]) => name.replace(/[./-]+$/, ""));
  return [...new Set(names)].slice(0, MOST);
}

/** By its id, or by the end of it when just one id ends that way: "github" for "integrations/github/github". */
export function findMentioned(skills: Skills, name: string): Skill | undefined {
  const exact = skills.get(name);
  if (exact) return exact;
  const [only, ...others] = skills.list().filter(({ id }) => id.endsWith(`/${name}`));
  return others.length === 0 ? only : undefined;
}
