import { Type } from "@sinclair/typebox";
import type { DocumentHit, ToolContext } from "../../../sdk/types.ts";
import type { Tool } from "../registry.ts";

/** Finds passages, best first. */
export type SearchForTool = (
  input: { query: string; limit: number; cursor?: string },
  context: ToolContext,
) => Promise<Pick<DocumentHit, "id" | "title" | "content" | "score" | "lane" | "weak" | "cursor">[]>;

const LIMIT = 5;
const NOTHING_FITS =
  "Nothing fits well: weak passages are probably about something else. If none states the answer, say that you do not know; do not guess.";

interface Wanted {
  query: string;
  limit?: number;
  cursor?: string;
}

/** The core tool `search_documents`. */
export function createSearchDocumentsTool(search: SearchForTool): Tool {
  return {
    name: "search_documents",
    annotations: { readOnly: true },
    description:
      "Search the stored documents for passages about something. Returns the best passages first, each with its " +
      "document's id and title. Passages marked as weak are hardly related: do not take them for an answer.",
    parameters: Type.Object({
      query: Type.String({
        minLength: 1,
        maxLength: 1000,
        description: "What to search for, in a few words.",
      }),
      limit: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 20,
          description: `The maximum number of passages; default ${LIMIT}.`,
        }),
      ),
      cursor: Type.Optional(
        Type.String({
          maxLength: 100,
          description: "The cursor of the last passage, to get those after it.",
        }),
      ),
    }) as unknown as Tool["parameters"],
    async run({ query, limit = LIMIT, cursor }: Wanted, context: ToolContext) {
      const hits = await search({ query, limit, ...(cursor !== undefined && { cursor }) }, context);
      const results = hits.map(({ id, title, content, score, lane, weak, cursor }) => ({
        id,
        title,
        content,
        score,
        lane,
        weak,
        cursor,
      }));
      // Further pages are weak where the first was good.
      const isNothing = cursor === undefined && hits.every(({ weak }) => weak);
      return { results, ...(isNothing && { note: NOTHING_FITS }) };
    },
  };
}
