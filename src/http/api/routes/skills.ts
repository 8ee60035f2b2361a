import { t } from "elysia";
import type { HomeFiles } from "../../../content/home-files.ts";
import type { Skill } from "../../../content/skills/skill.ts";
import type { Skills } from "../../../content/skills/skills.ts";
import { named } from "../../../schema/openapi-schema.ts";
import type { SkillCopies, SkillCopy } from "../../../search/skill-copies.ts";
import type { RouteOptions } from "../route-options.ts";
import { Instant, instantOrNull, nullable } from "../schemas.ts";
import { ContentFileText, ContentSource, contentFileText, contentRoutes, contentSource } from "./content.ts";

const SkillAnswer = named(
  "Skill",
  t.Object({
    id: t.String({ description: "The id by which bots, channels and messages refer to it." }),
    name: t.String({ description: "The name that people see." }),
    description: t.String({ description: "When to read it." }),
    tags: t.Array(t.String(), { description: "Words to find it by." }),
    ...ContentSource,
    characters: t.Integer({ description: "Number of characters of the text." }),
    indexed_at: nullable(
      Instant,
      "When its present text was put into the search, which skills with the mode rag need; null: not yet.",
    ),
    passages: t.Integer({ description: "Into how many passages the search has split its text." }),
  }),
);

export interface SkillRoutes {
  skills: Pick<Skills, "get" | "list">;
  copiesOfSkills: SkillCopies["copiesOf"];
  homeFiles: HomeFiles;
  route: RouteOptions;
}

export function skillRoutes({ skills, copiesOfSkills, homeFiles, route }: SkillRoutes) {
  return contentRoutes({
    route,
    kind: "skill",
    plural: "skills",
    example: "---\ndescription: What to do when the alarm goes off.\n---\nCall the person on duty.\n",
    homeFiles,
    tag: "Skills",
    description:
      "Skills that ship with Heddle, those in the home folder and those of integrations, sorted by id.",
    shows: "a skill with its text",
    Item: SkillAnswer,
    Detail: t.Object({
      ...SkillAnswer.properties,
      text: t.String({ description: "Markdown." }),
      ...ContentFileText,
    }),
    async list() {
      const all = skills.list();
      const copies = await copiesOfSkills(all);
      return all.map((skill) => present(skill, copies.get(skill.id)));
    },
    async find(id) {
      const skill = skills.get(id);
      if (!skill) return undefined;
      const [copies, file] = await Promise.all([copiesOfSkills([skill]), homeFiles.read(skill)]);
      return { ...present(skill, copies.get(id)), text: skill.text, ...contentFileText(file) };
    },
  });
}

const present = (
  { id, name, description, tags, origin, path, text }: Skill,
  copy: SkillCopy | undefined,
) => ({
  id,
  name,
  description,
  tags,
  ...contentSource({ origin, path }),
  characters: text.length,
  indexed_at: instantOrNull(copy?.copied_at ?? null),
  passages: copy?.passages ?? 0,
});
