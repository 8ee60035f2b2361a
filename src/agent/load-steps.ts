// Loads the steps that a run has stored, for a run that continues and for the history of later ones.

import { asc, eq, getTableColumns, or, type SQL, sql } from "drizzle-orm";
import { type AttachedFile, filesOf } from "../attachments/store.ts";
import type { Queryable } from "../db/database.ts";
import { messages } from "../db/schema.ts";
import type { LlmMessage } from "../llm/llm.ts";
import type { JsonObject } from "../sdk/types.ts";
import { inMessage, type KeptActions } from "../secrets/kept-actions.ts";
import { isOutside, strangersWrote } from "../taint/taint.ts";
import { joinedMessage } from "./arrivals.ts";
import { attached } from "./attached.ts";
import type { ResumePoint } from "./loop.ts";

export interface StoredSteps {
  resume: ResumePoint;
  /** By iteration: the assistant message that asked for tools. */
  messageIds: Map<number, string>;
  clientActions: JsonObject[];
  toolCallsMade: number;
  /** Whether strangers wrote messages that joined the run. */
  hasStrangers: boolean;
}

/** Loads the steps that an earlier claim of this task has stored. */
export async function loadSteps(
  query: Queryable,
  taskId: string,
  actions: KeptActions,
): Promise<StoredSteps> {
  const rows = await query
    .select({ ...getTableColumns(messages), files: filesOf(sql`messages.id`) })
    .from(messages)
    .where(or(eq(messages.task_id, taskId), joined(taskId)))
    .orderBy(asc(messages.position));
  const assistantRows = rows.filter((row) => row.role === "assistant");
  const calls = assistantRows.flatMap((row) => row.tool_calls ?? []);
  const last = assistantRows.at(-1);
  const answered = new Set(
    rows
      .filter((row) => row.role === "tool" && row.position > (last?.position ?? 0))
      .map((row) => row.tool_call_id),
  );
  return {
    resume: {
      iterations: assistantRows.length,
      steps: rows.map((row) =>
        row.task_id === null ? joinedMessage(row) : toLlmMessage({ ...row, outside: isOutside(row) }),
      ),
      unanswered: (last?.tool_calls ?? []).filter((call) => !answered.has(call.id)),
    },
    messageIds: new Map(assistantRows.map((row, index) => [index + 1, row.id])),
    clientActions: rows
      .filter(({ role }) => role === "tool")
      .flatMap(({ id, metadata }) => {
        const kept = (metadata.client_actions ?? []) as (JsonObject | string)[];
        return actions.open(kept, inMessage(id));
      }),
    toolCallsMade: calls.length,
    hasStrangers: rows.some((row) => row.role === "user" && row.task_id === null && strangersWrote(row)),
  };
}

/** The messages that joined the run, which come after the one that it answers. */
const joined = (taskId: string): SQL => sql`exists (
  select from tasks merged join tasks run on run.id = merged.merged_into join messages asked on asked.id = run.message_id
  where merged.message_id = messages.id and merged.merged_into = ${taskId}::uuid and messages.position > asked.position)`;

type MessageRow = Pick<
  typeof messages.$inferSelect,
  "id" | "role" | "content" | "tool_calls" | "tool_call_id"
> & { outside: boolean } & Partial<Pick<typeof messages.$inferSelect, "continuation">> & {
    files?: AttachedFile[] | null;
  };

/** Converts a stored message to the form that a model reads. */
export function toLlmMessage(row: MessageRow): LlmMessage {
  const { id, role, content, tool_calls, tool_call_id, continuation, files = null, outside } = row;
  switch (role) {
    case "tool":
      return {
        role,
        content,
        tool_call_id: tool_call_id ?? "",
        ...attached(files),
        ...(outside && { outside: id }),
      };
    case "assistant":
      if (!tool_calls?.length) return { role, content };
      return { role, content, tool_calls, ...(continuation && { continuation }) };
    case "user":
      return { role, content, ...attached(files) };
    default:
      return { role, content };
  }
}
