import { t } from "elysia";
import type { Skill } from "../../../content/skills/skill.ts";
import type { Skills } from "../../../content/skills/skills.ts";
import { named } from "../../../schema/openapi-schema.ts";
import type { RouteOptions } from "../route-options.ts";
import { ContentSource, contentRoutes, contentSource } from "./content.ts";

const SkillAnswer = named(
  "Skill",
  t.Object({
    id: t.String({ description: "The id by which bots, channels and messages refer to it." }),
    name: t.String({ description: "The name that people see." }),
    description: t.String({ description: "When to read it." }),
    tags: t.Array(t.String(), { description: "Words to find it by." }),
    ...ContentSource,
    characters: t.Integer({ description: "Number of characters of the text." }),
  }),
);

export interface SkillRoutes {
  skills: Pick<Skills, "get" | "list">;
  route: RouteOptions;
}

export function skillRoutes({ skills, route }: SkillRoutes) {
  return contentRoutes({
    route,
    kind: "skill",
    plural: "skills",
    tag: "Skills",
    description:
      "Skills that ship with Heddle, those in the home folder and those of integrations, sorted by id.",
    shows: "a skill with its text",
    Item: SkillAnswer,
    Detail: t.Object({ ...SkillAnswer.properties, text: t.String({ description: "Markdown." }) }),
    list: () => skills.list().map(present),
    find: (id) => {
      const skill = skills.get(id);
      return skill && { ...present(skill), text: skill.text };
    },
  });
}

const present = ({ id, name, description, tags, origin, text }: Skill) => ({
  id,
  name,
  description,
  tags,
  ...contentSource(origin),
  characters: text.length,
});
