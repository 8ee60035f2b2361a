// `heddle ask`: a message to a bot, and its answer.

import { userInfo } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { HeddleError } from "../../errors.ts";
import type { Connection } from "./connect.ts";

export interface Question {
  text: string;
  /** Default: the server's default bot. */
  botId?: string | undefined;
  /** Begins a new conversation instead of going on with this user's. */
  isNew: boolean;
  /** Seconds to wait for the answer. */
  timeoutSeconds: number;
}

interface Task {
  status: string;
  result: string | null;
  error: string | null;
  warnings?: string[];
}

/** The longest that a timer takes. */
const LONGEST_MS = 2 ** 31 - 1;
const LOOK_EVERY_MS = 200;
/** After this a person wants to know that something is going on. */
const PATIENCE_MS = 3_000;
const OVER = ["complete", "failed", "cancelled"];

/**
 * Returns the answer. Throws "upstream" with the reason of a run that failed, and "timeout" when it takes too long.
 * `note` hears, in words, what else a person should know.
 */
export async function ask(
  server: Connection,
  { text, botId, isNew, timeoutSeconds }: Question,
  note: (line: string) => void,
): Promise<string> {
  const limit = AbortSignal.timeout(Math.min(timeoutSeconds * 1000, LONGEST_MS));
  let taskId: string | undefined;
  const work = async (): Promise<Task> => {
    const begun = { client_id: conversation(isNew), ...(botId !== undefined && { bot_id: botId }) };
    const { session_id } = (await server.post("/api/v1/sessions", begun, limit)) as { session_id: string };
    const path = `/api/v1/sessions/${session_id}/messages`;
    const message = { content: text, run_agent: true };
    ({ task_id: taskId } = (await server.post(path, message, limit)) as { task_id: string });
    return whenOver(server, taskId, limit, note);
  };
  const task = await work().catch((error: unknown) => {
    throw limit.aborted ? tooLong(timeoutSeconds, taskId, error) : error;
  });
  for (const warning of task.warnings ?? []) note(warning);
  if (task.status === "complete") return task.result ?? "";
  throw new HeddleError("upstream", task.error ?? `The run was ${task.status}.`);
}

/** This user's own, which goes on from one question to the next. */
function conversation(isNew: boolean): string {
  const { username, uid } = userInfo();
  // Bun knows the name from the environment only.
  const own = `cli:${username === "unknown" ? uid : username}`;
  return isNew ? `${own}:${crypto.randomUUID()}` : own;
}

function tooLong(seconds: number, taskId: string | undefined, cause: unknown): HeddleError {
  const message = taskId
    ? `There is no answer after ${seconds} seconds; task ${taskId} goes on, and GET /api/v1/tasks/${taskId} will have its answer.`
    : `The server did not take the question within ${seconds} seconds: its log says what it is doing; restart it if it says nothing.`;
  return new HeddleError("timeout", message, { cause });
}

/** Rejects with whatever the abort of `limit` interrupts. */
async function whenOver(
  server: Connection,
  id: string,
  limit: AbortSignal,
  note: (line: string) => void,
): Promise<Task> {
  const begun = performance.now();
  let isTold = false;
  for (;;) {
    const task = (await server.get(`/api/v1/tasks/${id}`, limit)) as Task;
    if (OVER.includes(task.status)) return task;
    if (performance.now() - begun > PATIENCE_MS && !isTold) {
      note(`Waiting for the answer (task ${id}) …`);
      isTold = true;
    }
    await pause(LOOK_EVERY_MS, undefined, { signal: limit });
  }
}
