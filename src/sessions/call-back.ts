// Starts a run with the outcome of another one, where a callback_config or a target of the type "internal" asks for it.

import { eq } from "drizzle-orm";
import { validate } from "uuid";
import type { Queryable } from "../db/database.ts";
import { tasks } from "../db/schema.ts";
import type { ConfigSealer } from "../dispatch/seal-config.ts";
import type { InjectResult } from "../sdk/types.ts";
import type { Inject } from "./inject.ts";

const CALLBACK_SOURCE = "callback";

export interface CallBackOptions {
  query: Queryable;
  inject: Inject["inject"];
  sealer: Pick<ConfigSealer, "open">;
}

export interface CalledBack {
  /** The run whose outcome it is. */
  taskId: string;
  sessionId: string;
  content: string;
  /** The same for each attempt of one delivery. */
  idempotencyKey: string;
}

/** The new run has the owner of the run that ended, and answers where that one's outcome went. */
export function createCallBack({ query, inject, sealer }: CallBackOptions) {
  return async (
    { taskId, sessionId, content, idempotencyKey }: CalledBack,
    hops: number,
  ): Promise<InjectResult> => {
    const [task] = validate(taskId) ? await query.select().from(tasks).where(eq(tasks.id, taskId)) : [];
    const hasPlace = task !== undefined && task.dispatch_type !== "internal";
    return inject(
      {
        sessionId,
        content,
        source: CALLBACK_SOURCE,
        runAgent: true,
        // Somebody may be waiting for what runs now.
        whenBusy: "queue",
        ...(hasPlace && {
          dispatchConfig: {
            ...sealer.open(task.dispatch_config, { table: "tasks", row: taskId, field: "dispatch_config" }),
            type: task.dispatch_type,
          },
        }),
        idempotencyKey,
        metadata: { callback_task_id: taskId },
      },
      CALLBACK_SOURCE,
      { fromPerson: false, hops, owner: task?.owner ?? null, scheduleId: task?.schedule_id ?? undefined },
    );
  };
}
