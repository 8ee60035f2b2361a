// Tells the places where an answer was shown while it was written that it ends without one, so that half of it does not
// stay there for ever.

import type { Queryable } from "../../db/database.ts";
import type { tasks } from "../../db/schema.ts";
import type { Logger } from "../../log.ts";
import type { Outbox } from "../outbox.ts";
import type { ConfigSealer } from "../seal-config.ts";
import { targetsOf } from "../targets-of.ts";

export interface CleanUpOptions {
  outbox: Pick<Outbox, "write">;
  sealer: Pick<ConfigSealer, "open">;
  log: Logger;
}

/** Part of the transaction that cancels the tasks. */
export type CleanUp = (tx: Queryable, cancelled: (typeof tasks.$inferSelect)[]) => Promise<void>;

export function createCleanUp(options: CleanUpOptions): CleanUp {
  return async (tx, cancelled) => {
    const deliveries = cancelled.flatMap((task) => {
      const { id: task_id, session_id, bot_id, correlation_id, streamed } = task;
      if (streamed === null) return [];
      const payload = {
        kind: "error" as const,
        text: task.error ?? "Cancelled.",
        client_actions: [],
        extra_metadata: {},
        is_cancelled: true,
      };
      return targetsOf(task, options).flatMap((target, at) => {
        const handle = streamed[at];
        if (handle === undefined) return [];
        return [
          {
            task_id,
            session_id,
            bot_id,
            correlation_id,
            ...target,
            payload: { ...payload, streamed: handle },
          },
        ];
      });
    });
    if (deliveries.length > 0) await options.outbox.write(tx, ...deliveries);
  };
}
