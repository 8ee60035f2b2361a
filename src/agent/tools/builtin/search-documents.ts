import { Type } from "@sinclair/typebox";
import type { DocumentHit, ToolContext } from "../../../sdk/types.ts";
import type { Tool } from "../registry.ts";

/** Finds passages, best first. */
export type SearchForTool = (
  input: { query: string; limit: number },
  context: ToolContext,
) => Promise<Pick<DocumentHit, "id" | "title" | "content" | "score">[]>;

const LIMIT = 5;

/** The core tool `search_documents`. */
export function createSearchDocumentsTool(search: SearchForTool): Tool {
  return {
    name: "search_documents",
    description:
      "Search the stored documents for passages about something. Returns the best passages first, each with its " +
      "document's id and title.",
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
    }) as unknown as Tool["parameters"],
    async run({ query, limit = LIMIT }: { query: string; limit?: number }, context: ToolContext) {
      const hits = await search({ query, limit }, context);
      return { results: hits.map(({ id, title, content, score }) => ({ id, title, content, score })) };
    },
  };
}
