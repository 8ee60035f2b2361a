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
  const { session_id } = (await server.post("/api/v1/sessions", {
    client_id: conversation(isNew),
    ...(botId !== undefined && { bot_id: botId }),
  })) as { session_id: string };
  const path = `/api/v1/sessions/${session_id}/messages`;
  const { task_id } = (await server.post(path, { content: text, run_agent: true })) as { task_id: string };
  const task = await whenOver(server, task_id, timeoutSeconds * 1000, note);
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

async function whenOver(
  server: Connection,
  id: string,
  timeoutMs: number,
  note: (line: string) => void,
): Promise<Task> {
  const begun = performance.now();
  let isTold = false;
  for (;;) {
    const task = (await server.get(`/api/v1/tasks/${id}`)) as Task;
    if (OVER.includes(task.status)) return task;
    const waited = performance.now() - begun;
    if (waited > timeoutMs) {
      throw new HeddleError(
        "timeout",
        `There is no answer after ${timeoutMs / 1000} seconds; task ${id} goes on, and GET /api/v1/tasks/${id} will have it.`,
      );
    }
    if (waited > PATIENCE_MS && !isTold) {
      note(`Waiting for the answer (task ${id}) …`);
      isTold = true;
    }
    await pause(LOOK_EVERY_MS);
  }
}
