// Finds what a message mentions by name: "@skill:triage", "@skill:integrations/github/github", "@tool:github_get_pr", "@bot:writer".

import type { Skill } from "../content/skills/skill.ts";
import type { Skills } from "../content/skills/skills.ts";

/** The repetition is bounded, because no id of a skill and no name of a tool is longer, whatever a sender writes. */
const MENTION = /(?<![<@\w])@(skill|tool|bot):([A-Za-z_][\w./-]{0,199})/g;
/** Of each kind; a stranger's message may be full of mentions. */
const MOST = 20;

export interface Mentions {
  skill: string[];
  tool: string[];
  bot: string[];
}

/** The mentioned names of each kind in order of appearance, without duplicates. */
export function mentionsIn(text: string): Mentions {
  const names = { skill: new Set<string>(), tool: new Set<string>(), bot: new Set<string>() };
  for (const [, kind, name = ""] of text.matchAll(MENTION)) {
    const ofKind = names[kind as keyof Mentions];
    if (ofKind.size < MOST) ofKind.add(withoutStops(name));
  }
  return { skill: [...names.skill], tool: [...names.tool], bot: [...names.bot] };
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
