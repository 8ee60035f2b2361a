import { Type } from "@sinclair/typebox";
import type { ToolContext } from "../../../sdk/types.ts";
import { cutText } from "../../cut-text.ts";
import type { Tool } from "../registry.ts";

export const SEARCH_HISTORY = "search_history";

/** `missing`: words of the query that the text has nothing near to. */
export interface FoundFit {
  weak: boolean;
  missing: string[];
}

/** Finds messages of the session, best first. */
export type SearchHistory = (
  input: { query: string; limit: number },
  context: Pick<ToolContext, "session_id" | "task_id">,
) => Promise<({ role: string; created_at: string; text: string; untrusted: boolean } & FoundFit)[]>;

const LIMIT = 5;
/** Characters of one message. */
const EXCERPT = 2_000;
const SAID_BY: Record<string, string> = { user: "the other side", assistant: "you", tool: "a tool" };
export const NOTHING_FITTING =
  "Nothing fits well: weak results are probably about something else, and say nothing of their missing words. If none states the answer, " +
  "say that you do not know; do not guess.";

/** What a model is told of it; nothing is missing in most good results. */
export const shownFit = ({ weak, missing }: FoundFit) => ({ weak, ...(missing.length > 0 && { missing }) });

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
        // First, because the middle of a long result is cut out.
        ...(hits.some(({ untrusted }) => untrusted) && { untrusted: true }),
        results: hits.map(({ role, created_at, text, ...fit }) => ({
          said_by: SAID_BY[role] ?? role,
          at: created_at,
          text: cutText(text, EXCERPT),
          ...shownFit(fit),
        })),
        ...(hits.every(({ weak }) => weak) && { note: NOTHING_FITTING }),
      };
    },
  };
}
