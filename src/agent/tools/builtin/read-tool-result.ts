import { Type } from "@sinclair/typebox";
import type { JsonObject, ToolContext } from "../../../sdk/types.ts";
import type { Tool } from "../registry.ts";

export const READ_TOOL_RESULT = "read_tool_result";

/** Returns a kept result of the session; undefined if there is none. */
export type FindToolResult = (wanted: {
  id: string;
  sessionId: string;
}) => Promise<{ tool_name: string; content: string } | undefined>;

/** With its first line, this is short enough not to be cut itself. */
const MOST = 20_000;
/** What is shown before a text that was found. */
const BEFORE = 200;

interface Wanted {
  id: string;
  offset?: number;
  length?: number;
  find?: string;
}

/** The core tool `read_tool_result`. */
export function createReadToolResultTool(findResult: FindToolResult): Tool {
  return {
    name: READ_TOOL_RESULT,
    annotations: { readOnly: true },
    description:
      "Read a part of a tool's result that was too long to be shown in whole. The shown result says its id.",
    parameters: Type.Object(
      {
        id: Type.String({ format: "uuid", description: "The id that the shown result gives." }),
        offset: Type.Optional(
          Type.Integer({ minimum: 0, description: "The number of characters to leave out; default 0." }),
        ),
        length: Type.Optional(
          Type.Integer({ minimum: 1, maximum: MOST, description: `Characters to read; default ${MOST}.` }),
        ),
        find: Type.Optional(
          Type.String({
            minLength: 1,
            maxLength: 200,
            description: "Begin where this text comes next after the offset, ignoring case.",
          }),
        ),
      },
      { additionalProperties: false },
    ) as unknown as JsonObject,
    async run({ id, offset = 0, length = MOST, find }: Wanted, { session_id }: ToolContext) {
      const kept = await findResult({ id, sessionId: session_id });
      if (!kept) return { error: `There is no kept result "${id}" in this conversation.` };
      const { content, tool_name } = kept;
      const at = find === undefined ? offset : folded(content).indexOf(folded(find), offset);
      if (at < 0) return { error: `"${find}" does not occur after character ${offset}.` };
      if (offset > 0 && at >= content.length) {
        return { error: `The result has ${content.length} characters; got the offset ${offset}.` };
      }
      const from = find === undefined ? at : Math.max(0, at - BEFORE);
      const to = Math.min(content.length, from + length);
      // Not as JSON, which would be longer than the text. A cut may fall between the two halves of a surrogate pair.
      return `${tool_name}, characters ${from} to ${to} of ${content.length}:\n\n${content.slice(from, to).toWellFormed()}`;
    },
  };
}

/** For comparing without case. All places stay where they are: "İ" alone becomes two characters in lower case. */
const folded = (text: string): string => text.replaceAll("İ", "i").toLowerCase();
