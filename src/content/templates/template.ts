import { Type as t } from "@sinclair/typebox";
import { frontMatterReader } from "../front-matter.ts";
import type { ContentAbout } from "../owned-registry.ts";
import { Tags, tagList } from "../tags.ts";
import type { TextProblem } from "../yaml-text.ts";

/** A text that tells bots how the work in a channel is laid out; a channel has at most one. */
export interface Template extends ContentAbout {
  description: string;
  category: string;
  /** Its own, and "integration:<id>" for each integration that it is made for. */
  tags: string[];
  /** Of the template itself. */
  version: string | null;
  /** The least versions of integrations that it works with, by their id. */
  min_versions: Record<string, string>;
  /** Markdown, without the front matter. */
  text: string;
}

/** What a channel's template is, unless its file says something else. */
const DEFAULT_CATEGORY = "workspace_schema";

/** YAML reads 1.2 as a number. */
const Version = t.Union([t.String(), t.Number()]);
const IntegrationId = t.String({ pattern: "^[a-z][a-z0-9_-]*$" });

const readMarkdown = frontMatterReader(
  t.Object({
    name: t.Optional(t.String({ minLength: 1 })),
    description: t.Optional(t.String()),
    category: t.Optional(t.String({ minLength: 1 })),
    tags: Tags,
    version: t.Optional(Version),
    compatible_integrations: t.Optional(
      t.Array(
        t.Union([
          IntegrationId,
          t.Object({ id: IntegrationId, min_version: t.Optional(Version) }, { additionalProperties: false }),
        ]),
      ),
    ),
  }),
);

export function readTemplate(
  text: string,
  about: ContentAbout,
): { ok: true; item: Template } | { ok: false; problem: TextProblem } {
  const markdown = readMarkdown(text);
  if (!markdown.ok) return markdown;
  const { fields, body } = markdown;
  const integrations = (fields.compatible_integrations ?? []).map((entry) =>
    typeof entry === "string" ? { id: entry } : entry,
  );
  const tags = [...tagList(fields.tags), ...integrations.map(({ id }) => integrationTag(id))];
  const minimums = integrations.flatMap(({ id, min_version }) =>
    min_version === undefined ? [] : [[id, String(min_version)] as const],
  );
  const item: Template = {
    ...about,
    name: fields.name ?? about.name,
    description: fields.description ?? "",
    category: fields.category ?? DEFAULT_CATEGORY,
    tags: [...new Set(tags)],
    version: fields.version === undefined ? null : String(fields.version),
    min_versions: Object.fromEntries(minimums),
    text: body,
  };
  return { ok: true, item };
}

export const integrationTag = (id: string): string => `integration:${id}`;
