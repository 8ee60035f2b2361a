// `heddle ask`: sends a message to a bot and prints its answer.

import { userInfo } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { TASK_ENDS } from "../../db/schema.ts";
import { HeddleError } from "../../errors.ts";
import type { SentFile } from "./attach.ts";
import type { Connection } from "./connect.ts";

export interface Question {
  text: string;
  /** Default: the server's default bot. */
  botId?: string | undefined;
  /** Starts a new conversation instead of continuing this user's. */
  isNew: boolean;
  /** Seconds to wait for the answer. */
  timeoutSeconds: number;
  attachments?: SentFile[];
}

interface Task {
  status: string;
  result: string | null;
  error: string | null;
  /** The task whose run answers the message of a merged one. */
  merged_into?: string | null;
  warnings?: string[];
}

/** The longest delay that a timer accepts. */
const LONGEST_MS = 2 ** 31 - 1;
const LOOK_EVERY_MS = 200;
/** After this long a person is told that the question is still being worked on. */
const PATIENCE_MS = 3_000;

/**
 * Returns the answer. Throws "upstream" with the reason of a failed run, and "timeout" if it takes too long.
 * `notify` gets warnings and progress as lines for a person.
 */
export async function ask(
  server: Connection,
  { text, botId, isNew, timeoutSeconds, attachments = [] }: Question,
  notify: (line: string) => void,
): Promise<string> {
  const limit = AbortSignal.timeout(Math.min(timeoutSeconds * 1000, LONGEST_MS));
  let taskId: string | undefined;
  const work = async (): Promise<Task> => {
    const begun = { client_id: conversation(isNew), ...(botId !== undefined && { bot_id: botId }) };
    const { session_id } = (await server.post("/api/v1/sessions", begun, limit)) as { session_id: string };
    const path = `/api/v1/sessions/${session_id}/messages`;
    const message = { content: text, run_agent: true, ...(attachments.length > 0 && { attachments }) };
    ({ task_id: taskId } = (await server.post(path, message, limit)) as { task_id: string });
    return waitForEnd(server, taskId, limit, notify);
  };
  const task = await work().catch((error: unknown) => {
    throw limit.aborted ? tooLong(timeoutSeconds, taskId, error) : error;
  });
  for (const warning of task.warnings ?? []) notify(warning);
  if (task.status === "complete") return task.result ?? "";
  throw new HeddleError("upstream", task.error ?? `The run was ${task.status}.`);
}

/** The client id of this user's conversation, which continues from one question to the next. */
export function conversation(isNew: boolean): string {
  const { username, uid } = userInfo();
  // Bun reads the name from the environment only.
  const own = `cli:${username === "unknown" ? uid : username}`;
  return isNew ? `${own}:${crypto.randomUUID()}` : own;
}

function tooLong(seconds: number, taskId: string | undefined, cause: unknown): HeddleError {
  const message = taskId
    ? `There is no answer after ${seconds} seconds; task ${taskId} is still running, and GET /api/v1/tasks/${taskId} will have its answer.`
    : `The server did not accept the question within ${seconds} seconds: look into its log, and restart it if the log is silent.`;
  return new HeddleError("timeout", message, { cause });
}

/** Polls until the task has ended. Rejects with the error of the call that `limit` aborted. */
async function waitForEnd(
  server: Connection,
  id: string,
  limit: AbortSignal,
  notify: (line: string) => void,
): Promise<Task> {
  const begun = performance.now();
  let [hasReported, isWaitTold] = [false, false];
  let current = id;
  for (;;) {
    const task = (await server.get(`/api/v1/tasks/${current}`, limit)) as Task;
    if (TASK_ENDS.includes(task.status)) return task;
    if (task.status === "merged" && task.merged_into) {
      current = task.merged_into;
      continue;
    }
    if (task.status === "waiting" && !isWaitTold) {
      notify("The run waits, perhaps for you: see heddle approvals list.");
      isWaitTold = true;
    }
    if (performance.now() - begun > PATIENCE_MS && !hasReported) {
      notify(`Waiting for the answer (task ${id}) …`);
      hasReported = true;
    }
    await pause(LOOK_EVERY_MS, undefined, { signal: limit });
  }
}
