import { Elysia, t } from "elysia";
import type { Skill } from "../../../content/skills/skill.ts";
import type { Skills } from "../../../content/skills/skills.ts";
import { notFound } from "../../../errors.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { failures, type RouteOptions } from "../route-options.ts";
import {
  ContentParams,
  ContentSource,
  contentSource,
  IdPageQuery,
  NextCursor,
  pageById,
  RestOfPath,
} from "../schemas.ts";

const tag = "Skills";

const SkillAnswer = named(
  "Skill",
  t.Object({
    id: t.String(),
    name: t.String(),
    description: t.String(),
    tags: t.Array(t.String()),
    ...ContentSource,
    characters: t.Integer({ description: "Of the text." }),
  }),
);

export interface SkillRoutes {
  skills: Pick<Skills, "get" | "list">;
  route: RouteOptions;
}

export function skillRoutes({ skills, route }: SkillRoutes) {
  const fetchOne = (id: string) => {
    const skill = skills.get(id);
    if (!skill) throw notFound("skill", id);
    return { ...present(skill), text: skill.text };
  };
  const documented = {
    ...route.plain({
      scope: "skills:read",
      tag,
      summary: "Fetch a skill with its text",
      description: "Slashes in the id may be encoded, or stand as they are.",
    }),
    params: ContentParams,
    response: {
      200: t.Object({ ...SkillAnswer.properties, text: t.String({ description: "Markdown." }) }),
      ...failures(403, 404, 422),
    },
  };

  return (
    new Elysia({ prefix: "/api/v1/skills", normalize: false })
      .get(
        "",
        ({ query }) => {
          const { rows, next_cursor } = pageById(skills.list(), query);
          return { skills: rows.map(present), next_cursor };
        },
        {
          ...route.plain({
            scope: "skills:read",
            tag,
            summary: "List skills",
            description:
              "By id: those that Heddle brings along, those of the home folder and of integrations.",
          }),
          query: t.Object(IdPageQuery, { additionalProperties: false }),
          response: {
            200: t.Object({ skills: t.Array(SkillAnswer), next_cursor: NextCursor }),
            ...failures(403, 422),
          },
        },
      )
      .get("/:id", ({ params }) => fetchOne(params.id), documented)
      // Written out, an id's slashes are parts of the path.
      .get("/*", ({ params }) => fetchOne(params["*"]), {
        ...documented,
        params: RestOfPath,
        detail: { hide: true },
      })
  );
}

const present = ({ id, name, description, tags, origin, text }: Skill) => ({
  id,
  name,
  description,
  tags,
  ...contentSource(origin),
  characters: text.length,
});
