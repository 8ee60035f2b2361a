import { Type as t } from "@sinclair/typebox";
import { named } from "../../schema/openapi-schema.ts";
import { frontMatterReader } from "../front-matter.ts";
import type { ContentAbout } from "../owned-registry.ts";
import { Tags, tagList } from "../tags.ts";
import type { TextProblem } from "../yaml-text.ts";

/** Knowledge for bots: a text that is included in a run, or that the run reads when it needs it. */
export interface Skill extends ContentAbout {
  description: string;
  tags: string[];
  /** Markdown, without the front matter. */
  text: string;
}

/** A reference to a skill in a bot, a channel or a carapace. */
export const SkillEntry = named(
  "SkillEntry",
  t.Union(
    [
      t.String({ minLength: 1, maxLength: 200 }),
      t.Object(
        {
          id: t.String({ minLength: 1, maxLength: 200, description: "The skill." }),
          mode: t.Optional(
            t.Union([t.Literal("pinned"), t.Literal("rag"), t.Literal("on_demand")], {
              description:
                "pinned: the text is in every run; on_demand: it is listed, and read with get_skill; rag: in addition, a passage that fits the message is in the run.",
            }),
          ),
          similarity_threshold: t.Optional(
            t.Number({
              minimum: 0,
              maximum: 1,
              description:
                "With the mode rag: the cosine similarity to the message that a passage must have. Default: what counts as related for the embedding model.",
            }),
          ),
        },
        { additionalProperties: false },
      ),
    ],
    { description: "The id of a skill, or { id, mode, similarity_threshold }; an id alone is on_demand." },
  ),
);
export type SkillEntry = typeof SkillEntry.static;

const readMarkdown = frontMatterReader(
  t.Object({ name: t.Optional(t.String()), description: t.Optional(t.String()), tags: Tags }),
);

export function readSkill(
  text: string,
  about: ContentAbout,
): { ok: true; item: Skill } | { ok: false; problem: TextProblem } {
  const markdown = readMarkdown(text);
  if (!markdown.ok) return markdown;
  const { name = about.name, description = "", tags } = markdown.fields;
  return { ok: true, item: { ...about, name, description, tags: tagList(tags), text: markdown.body } };
}
