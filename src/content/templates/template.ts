import { Type as t } from "@sinclair/typebox";
import { frontMatterReader } from "../front-matter.ts";
import type { ContentAbout } from "../owned-registry.ts";
import { Tags, tagList } from "../tags.ts";
import type { TextProblem } from "../yaml-text.ts";

/** A text that tells bots how work in a channel is organised; a channel has at most one. */
export interface Template extends ContentAbout {
  description: string;
  category: string;
  /** The tags of the file, and "integration:<id>" for each integration that the template is made for. */
  tags: string[];
  /** The version of the template itself. */
  version: string | null;
  /** Minimum versions of integrations, by their id. */
  min_versions: Record<string, string>;
  /** Markdown, without the front matter. */
  text: string;
}

/** The category of a template whose file declares none. */
const DEFAULT_CATEGORY = "workspace_schema";

/** A version may be a number, because YAML reads 1.2 as one. */
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
