// Finds the skills that a message mentions by name: "@skill:triage", "@skill:integrations/github/github".

import type { Skill } from "./skill.ts";
import type { Skills } from "./skills.ts";

/** The repetition is bounded, because no id of a skill is longer, whatever a sender writes. */
const MENTION = /(?<![<@\w])@skill:([A-Za-z_][\w./-]{0,199})/g;
/** A stranger's message may be full of mentions. */
const MOST = 20;

/** The mentioned names in order of appearance, without duplicates. */
export function mentionedSkills(text: string): string[] {
  const names = new Set<string>();
  for (const [, name = ""] of text.matchAll(MENTION)) {
    names.add(withoutStops(name));
    if (names.size === MOST) break;
  }
  return [...names];
}

/** Punctuation that ends a sentence is not part of the name: "use @skill:triage." */
function withoutStops(name: string): string {
  let end = name.length;
  while (end > 0 && "./-".includes(name.charAt(end - 1))) end--;
  return name.slice(0, end);
}

/** Finds a skill by its id, or by the end of its id if that is unambiguous: "github" for "integrations/github/github". */
export function findMentioned(skills: Skills, name: string): Skill | undefined {
  const exact = skills.get(name);
  if (exact) return exact;
  const [only, ...others] = skills.list().filter(({ id }) => id.endsWith(`/${name}`));
  return others.length === 0 ? only : undefined;
}
