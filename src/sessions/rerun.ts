// Runs the message of a task again, with its files, as it was or with other words.

import { eq } from "drizzle-orm";
import { sentAgain } from "../attachments/store.ts";
import type { Queryable } from "../db/database.ts";
import { messages, sessions } from "../db/schema.ts";
import type { ConfigSealer } from "../dispatch/seal-config.ts";
import { HeddleError } from "../errors.ts";
import type { DispatchConfig, InjectResult } from "../sdk/types.ts";
import type { Sender } from "./inject.ts";
import type { Sessions } from "./sessions.ts";
import type { TaskRow, Tasks } from "./tasks.ts";

export interface RerunInput {
  /** Other words than those of the task's message. */
  content?: string | undefined;
  /** Whether the outcome goes where the task's went. Default true. */
  deliver?: boolean | undefined;
}

/** Throws `not_found`, and `conflict` for a task whose session is over. */
export type Rerun = (
  id: string,
  input: RerunInput,
  by: { scope: string; sender: Sender },
) => Promise<InjectResult>;

export interface RerunOptions {
  query: Queryable;
  tasks: Pick<Tasks, "get">;
  sessions: Pick<Sessions, "inject">;
  sealer: ConfigSealer;
}

export function createRerun({ query, tasks, sessions: { inject }, sealer }: RerunOptions): Rerun {
  return async (id, { content, deliver = true }, { scope, sender }) => {
    const task = await tasks.get(id);
    const [message] = await query
      .select({ source: messages.source, metadata: messages.metadata, from_person: messages.from_person })
      .from(messages)
      .where(eq(messages.id, task.message_id));
    const [session] = await query
      .select({ active: sessions.active })
      .from(sessions)
      .where(eq(sessions.id, task.session_id));
    if (!message || !session?.active) {
      throw new HeddleError("conflict", "The task cannot run again, because its session is over.");
    }
    return inject(
      {
        sessionId: task.session_id,
        content: content ?? task.prompt,
        attachments: await sentAgain(query, task.message_id),
        source: message.source ?? "api",
        runAgent: true,
        // What the message says has been posted to other places already.
        notify: false,
        dispatchConfig: deliver ? targetOf(task, sealer) : { type: "none" },
        executionConfig: task.execution_config,
        callbackConfig: task.callback_config,
        metadata: { ...message.metadata, rerun_of: id },
      },
      scope,
      // Text that came from outside remains data, unless a person has rewritten it.
      { ...sender, fromPerson: content === undefined ? message.from_person : sender.fromPerson },
    );
  };
}

function targetOf(task: TaskRow, sealer: ConfigSealer): DispatchConfig {
  const at = { table: "tasks", row: task.id, field: "dispatch_config" };
  return { ...sealer.open(task.dispatch_config, at), type: task.dispatch_type };
}
