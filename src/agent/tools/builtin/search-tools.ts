// The core tools with which a bot with many tools finds those that it needs: only some are shown to the model from the start.

import { Type } from "@sinclair/typebox";
import type { JsonObject } from "../../../sdk/types.ts";
import { cutText } from "../../cut-text.ts";
import type { RankTools } from "../ranking.ts";
import type { RegisteredTool, Tool } from "../registry.ts";

export const SEARCH_TOOLS = "search_tools";
export const GET_TOOL_INFO = "get_tool_info";

/** The tools in question. */
export interface ToolsToFind {
  list(): RegisteredTool[];
  get(name: string): RegisteredTool | undefined;
  rank: RankTools;
  /** Shows these to the model from its next call on. Default: they are shown anyway. */
  reveal?: (names: string[]) => Promise<void>;
}

const LIMIT = 5;
/** Characters. */
const SHORT_DESCRIPTION = 400;
const MOST_OWNERS = 40;

/** `hidden` is in the description: the tools that are not shown. */
export function createSearchToolsTool(tools: ToolsToFind, hidden: RegisteredTool[] = []): Tool {
  return {
    name: SEARCH_TOOLS,
    annotations: { readOnly: true },
    description: [
      "Find tools that you may call but that are not shown to you yet, by what they should do. Those that it finds can be called from then on.",
      ...(hidden.length === 0 ? [] : [`There are ${hidden.length} more: ${byOwner(hidden)}.`]),
    ].join(" "),
    parameters: Type.Object(
      {
        query: Type.String({
          minLength: 1,
          maxLength: 500,
          description: 'What the tool should do, in a few words: "create an issue".',
        }),
        limit: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: 20,
            description: `The maximum number of tools; default ${LIMIT}.`,
          }),
        ),
      },
      { additionalProperties: false },
    ) as unknown as JsonObject,
    async run({ query, limit = LIMIT }: { query: string; limit?: number }) {
      const found = tools.rank(tools.list(), query).slice(0, limit);
      await tools.reveal?.(found.map(({ name }) => name));
      return {
        tools: found.map(({ name, description }) => ({
          name,
          description: cutText(description, SHORT_DESCRIPTION),
        })),
        ...(found.length === 0 && {
          note: `No tool fits. Try other words; there are tools of ${byOwner(tools.list())}.`,
        }),
      };
    },
  };
}

export function createGetToolInfoTool(tools: ToolsToFind): Tool {
  return {
    name: GET_TOOL_INFO,
    annotations: { readOnly: true },
    description: "Read the whole description and the arguments of a tool that you may call.",
    parameters: Type.Object(
      { name: Type.String({ minLength: 1, maxLength: 64, description: "The name of the tool." }) },
      { additionalProperties: false },
    ) as unknown as JsonObject,
    async run({ name }: { name: string }) {
      const tool = tools.get(name);
      if (!tool)
        return { error: `There is no tool "${name}" that you may call. ${SEARCH_TOOLS} finds tools.` };
      await tools.reveal?.([name]);
      const { description, parameters, annotations, owner } = tool;
      return { name, of: owner, description, parameters, annotations };
    },
  };
}

/** "github (11), acme (3)", by name, so that it stays the same from run to run. */
function byOwner(tools: RegisteredTool[]): string {
  const counts = [...Map.groupBy(tools, ({ owner }) => owner)].map(([owner, own]) => ({
    owner: owner === "core" ? "Heddle" : owner,
    count: own.length,
  }));
  const sorted = counts.sort((a, b) => (a.owner < b.owner ? -1 : 1));
  const shown = sorted.slice(0, MOST_OWNERS).map(({ owner, count }) => `${owner} (${count})`);
  if (sorted.length > MOST_OWNERS) shown.push(`${sorted.length - MOST_OWNERS} others`);
  return shown.join(", ") || "none";
}
