import type { Capabilities, RagSkill } from "../capabilities/effective-set.ts";
import type { Skill } from "../content/skills/skill.ts";

/** Returns those skills that fit the message, best first, with the passage that does for a text. */
export type FittingSkills = (skills: readonly RagSkill[], message: string) => Promise<Skill[]>;

/** Adds passages of the skills with the mode "rag" to what the message asks for. */
export async function withFittingSkills(
  capabilities: Capabilities,
  message: string,
  find: FittingSkills = async () => [],
): Promise<Capabilities> {
  const { rag, askedSkills } = capabilities;
  return rag.length === 0
    ? capabilities
    : { ...capabilities, askedSkills: [...askedSkills, ...(await find(rag, message))] };
}
