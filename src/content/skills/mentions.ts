// Skills that a message asks for by name: "@skill:triage", "@skill:integrations/github/github".

import type { Skill } from "./skill.ts";
import type { Skills } from "./skills.ts";

/** The repeat is bounded: a name is no longer than the ids of skills are, whatever a sender writes. */
const MENTION = /(?<![<@\w])@skill:([A-Za-z_][\w./-]{0,199})/g;
/** A text of strangers may be full of them. */
const MOST = 20;

/** The names in their order, each once. */
export function mentionedSkills(text: string): string[] {
  const names = new Set<string>();
  for (const [, name = ""] of text.matchAll(MENTION)) {
    names.add(withoutStops(name));
    if (names.size === MOST) break;
  }
  return [...names];
}

/** What ends a sentence does not belong to the name: "use @skill:triage." */
function withoutStops(name: string): string {
  let end = name.length;
  while (end > 0 && "./-".includes(name.charAt(end - 1))) end--;
  return name.slice(0, end);
}

/** By its id, or by the end of it when just one id ends that way: "github" for "integrations/github/github". */
export function findMentioned(skills: Skills, name: string): Skill | undefined {
  const exact = skills.get(name);
  if (exact) return exact;
  const [only, ...others] = skills.list().filter(({ id }) => id.endsWith(`/${name}`));
  return others.length === 0 ? only : undefined;
}
