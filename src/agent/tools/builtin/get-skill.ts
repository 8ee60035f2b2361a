import type { Skill } from "../../../content/skills/skill.ts";
import { HeddleError } from "../../../errors.ts";
import type { Tool } from "../registry.ts";

export const GET_SKILL = "get_skill";

/** Creates the tool that reads one of these skills. */
export function createGetSkillTool(skills: { get(id: string): Skill | undefined; list(): Skill[] }): Tool {
  return {
    name: GET_SKILL,
    annotations: { readOnly: true },
    description:
      "Read a skill: instructions and facts for one kind of work. Read the one that fits before you begin.",
    parameters: {
      type: "object",
      properties: {
        skill_id: { type: "string", maxLength: 200, description: "The id from the list of skills." },
      },
      required: ["skill_id"],
      additionalProperties: false,
    },
    run({ skill_id }: { skill_id: string }) {
      // The text of a skill refers to its files by their names.
      const skill = skills.get(skill_id) ?? skills.get(skill_id.replace(/\.md$/, ""));
      if (skill) return skill.text;
      const ids = skills.list().map(({ id }) => id);
      throw new HeddleError(
        "not_found",
        `There is no skill "${skill_id}". Available: ${ids.join(", ") || "none"}.`,
      );
    },
  };
}
