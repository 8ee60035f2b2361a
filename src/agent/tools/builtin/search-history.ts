import { Type } from "@sinclair/typebox";
import type { ToolContext } from "../../../sdk/types.ts";
import { cutText } from "../../cut-text.ts";
import type { Tool } from "../registry.ts";

export const SEARCH_HISTORY = "search_history";

/** Finds messages of the session, best first. */
export type SearchHistory = (
  input: { query: string; limit: number },
  context: Pick<ToolContext, "session_id" | "task_id">,
) => Promise<{ role: string; created_at: string; text: string; weak: boolean }[]>;

const LIMIT = 5;
/** Characters of one message. */
const EXCERPT = 2_000;
const SAID_BY: Record<string, string> = { user: "the other side", assistant: "you", tool: "a tool" };
export const NOTHING_FITTING =
  "Nothing fits well; weak results are probably about something else. If they do not answer the question, say that you do not know.";

/** The core tool `search_history`. */
export function createSearchHistoryTool(search: SearchHistory): Tool {
  return {
    name: SEARCH_HISTORY,
    annotations: { readOnly: true },
    description:
      "Search all earlier messages of this conversation, including those that are no longer shown to you, for what was said or " +
      "found. Returns the best messages first.",
    parameters: Type.Object({
      query: Type.String({ minLength: 1, maxLength: 1000, description: "What to look for, in a few words." }),
      limit: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 20,
          description: `The maximum number of messages; default ${LIMIT}.`,
        }),
      ),
    }) as unknown as Tool["parameters"],
    async run({ query, limit = LIMIT }: { query: string; limit?: number }, context: ToolContext) {
      const hits = await search({ query, limit }, context);
      return {
        results: hits.map(({ role, created_at, text, weak }) => ({
          said_by: SAID_BY[role] ?? role,
          at: created_at,
          text: cutText(text, EXCERPT),
          weak,
        })),
        ...(hits.every(({ weak }) => weak) && { note: NOTHING_FITTING }),
      };
    },
  };
}
