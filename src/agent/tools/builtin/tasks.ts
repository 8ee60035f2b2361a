// The core tools with which a bot sees and cancels the runs of its channel.

import { type TObject, Type } from "@sinclair/typebox";
import { HeddleError } from "../../../errors.ts";
import type { ToolContext } from "../../../sdk/types.ts";
import { cutText } from "../../cut-text.ts";
import type { Tool } from "../registry.ts";
import { answering } from "./answering.ts";

const STATUSES = ["pending", "running", "waiting", "complete", "failed", "cancelled", "merged"] as const;
type Status = (typeof STATUSES)[number];

interface Task {
  id: string;
  channel_id: string;
  bot_id: string;
  status: string;
  source: string | null;
  prompt: string;
  result: string | null;
  error: string | null;
  created_at: Date;
  completed_at: Date | null;
}

/** The part of the tasks that the tools need. */
export interface TasksForTools {
  list(filter: { channel_id: string; status?: Status; limit: number }): Promise<Task[]>;
  /** Throws `not_found`. */
  get(id: string): Promise<Task>;
  cancel(id: string, reason: string): Promise<Task>;
}

const LIMIT = 10;
/** Characters of what a task is about. */
const SHORT = 300;

export function createTaskTools(tasks: TasksForTools): Tool[] {
  return [listTool, resultTool, cancelTool].map((make) => answering(make(tasks)));
}

const listTool = ({ list }: TasksForTools): Tool => ({
  name: "list_tasks",
  annotations: { readOnly: true },
  description:
    "List the runs of this channel, the newest first: what they are about, and what became of them.",
  parameters: schema({
    status: Type.Optional(
      Type.Union(
        STATUSES.map((status) => Type.Literal(status)),
        { description: "Only runs with this status." },
      ),
    ),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 50, description: `The maximum number; default ${LIMIT}.` }),
    ),
  }),
  async run({ status, limit = LIMIT }: { status?: Status; limit?: number }, run: ToolContext) {
    const found = await list({ channel_id: run.channel_id, limit, ...(status && { status }) });
    return {
      tasks: found.map((task) => ({
        ...about(task, run),
        prompt: cutText(task.prompt, SHORT),
        ...(task.error !== null && { error: cutText(task.error, SHORT) }),
      })),
    };
  },
});

const resultTool = (tasks: TasksForTools): Tool => ({
  name: "get_task_result",
  annotations: { readOnly: true },
  description: "Read what a run of this channel was asked and what it answered. list_tasks gives its id.",
  parameters: schema({ task_id: Type.String({ format: "uuid", description: "The run." }) }),
  async run({ task_id }: { task_id: string }, run: ToolContext) {
    const task = await inChannel(tasks, task_id, run);
    if (!task) return unknown(task_id);
    const { prompt, result, error } = task;
    return { ...about(task, run), prompt, result, ...(error !== null && { error }) };
  },
});

const cancelTool = (tasks: TasksForTools): Tool => ({
  name: "cancel_task",
  annotations: { destructive: true, idempotent: true },
  description: "Cancel a run of this channel that has not ended. list_tasks gives its id.",
  parameters: schema({ task_id: Type.String({ format: "uuid", description: "The run." }) }),
  async run({ task_id }: { task_id: string }, run: ToolContext) {
    if (task_id === run.task_id) return { error: "This is the run that you are in." };
    const task = await inChannel(tasks, task_id, run);
    if (!task) return unknown(task_id);
    return about(await tasks.cancel(task_id, `Cancelled by the bot ${run.bot_id}.`), run);
  },
});

/** Runs of other channels are as unknown as those that do not exist. */
async function inChannel({ get }: TasksForTools, id: string, run: ToolContext): Promise<Task | undefined> {
  const task = await get(id).catch(unlessGone);
  return task?.channel_id === run.channel_id ? task : undefined;
}

function unlessGone(error: unknown): undefined {
  if (error instanceof HeddleError && error.code === "not_found") return undefined;
  throw error;
}

const unknown = (id: string) => ({ error: `There is no run "${id}" in this channel.` });

const about = ({ id, bot_id, status, source, created_at, completed_at }: Task, run: ToolContext) => ({
  id,
  ...(id === run.task_id && { is_this_run: true }),
  bot_id,
  status,
  source,
  created_at: created_at.toISOString(),
  completed_at: completed_at?.toISOString() ?? null,
});

const schema = (properties: TObject["properties"]): Tool["parameters"] =>
  Type.Object(properties, { additionalProperties: false }) as unknown as Tool["parameters"];
