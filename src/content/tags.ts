import { Type as t } from "@sinclair/typebox";

/** Tags as people write them in front matter: a list, or words separated by commas. */
export const Tags = t.Optional(t.Union([t.Array(t.String()), t.String(), t.Null()]));

/** The tags, trimmed and without duplicates. */
export function tagList(tags: string[] | string | null | undefined): string[] {
  const list = typeof tags === "string" ? tags.split(",") : (tags ?? []);
  return [...new Set(list.map((tag) => tag.trim()).filter((tag) => tag !== ""))];
}
