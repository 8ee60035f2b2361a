import { Type } from "@sinclair/typebox";
import type { JsonObject, ToolContext } from "../../../sdk/types.ts";
import { cutText } from "../../cut-text.ts";
import type { Tool } from "../registry.ts";

/** Returns messages of the session that come before the run, or before this place, the newest first. */
export type ReadHistory = (wanted: {
  sessionId: string;
  taskId: string;
  before: number | undefined;
  limit: number;
}) => Promise<{ position: number; role: string; created_at: string; text: string; untrusted: boolean }[]>;

const LIMIT = 10;
const MOST = 30;
/** Characters of all messages of one page, which must not be cut itself. */
const MOST_TEXT = 20_000;
const SAID_BY: Record<string, string> = { user: "the other side", assistant: "you" };

/** The core tool `read_conversation_history`. */
export function createReadHistoryTool(readHistory: ReadHistory): Tool {
  return {
    name: "read_conversation_history",
    annotations: { readOnly: true },
    description:
      "Read earlier messages of this conversation word for word, including those that are no longer shown to you, page by page backwards. To find something, use search_history.",
    parameters: Type.Object(
      {
        before: Type.Optional(
          Type.Integer({
            minimum: 1,
            description: "`before` of the page that you have read, for the one before it.",
          }),
        ),
        limit: Type.Optional(
          Type.Integer({ minimum: 1, maximum: MOST, description: `Messages of a page; default ${LIMIT}.` }),
        ),
      },
      { additionalProperties: false },
    ) as unknown as JsonObject,
    async run({ before, limit = LIMIT }: { before?: number; limit?: number }, run: ToolContext) {
      const { session_id: sessionId, task_id: taskId } = run;
      const found = await readHistory({ sessionId, taskId, before, limit });
      const room = Math.floor(MOST_TEXT / Math.max(1, found.length));
      return {
        // First, because the middle of a long result is cut out.
        ...(found.some(({ untrusted }) => untrusted) && { untrusted: true }),
        messages: found.toReversed().map(({ role, created_at, text }) => ({
          said_by: SAID_BY[role] ?? role,
          at: created_at,
          text: cutText(text, room),
        })),
        // Missing: there is nothing before.
        ...(found.length === limit && { before: found.at(-1)?.position }),
      };
    },
  };
}
