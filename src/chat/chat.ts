// Sends a message to a bot and follows what becomes of it.

import type { InjectMessage, InjectResult } from "../sdk/types.ts";
import type { Sender } from "../sessions/inject.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { Follow } from "./follow.ts";
import type { Outcome, Outcomes } from "./outcome.ts";

export interface Chat {
  /** Stores the message with its task. Throws as `Sessions.inject` does. */
  send(message: InjectMessage, scope: string, sender: Sender): Promise<InjectResult>;
  follow: Follow;
  /**
   * Waits until the run has ended, for at most `ms`, and returns what has become of it: of the run that answers it if the
   * message was merged. Throws `not_found`.
   */
  wait(taskId: string, limits: { ms: number; signal: AbortSignal }): Promise<Outcome>;
  outcome: Outcomes["get"];
}

export interface ChatOptions {
  sessions: Pick<Sessions, "inject">;
  follow: Follow;
  outcomes: Outcomes;
  /** Called when a message was stored. */
  onCommit(): void;
}

export function createChat({ sessions, follow, outcomes, onCommit }: ChatOptions): Chat {
  return {
    follow,
    outcome: outcomes.get,
    async send(message, scope, sender) {
      const result = await sessions.inject(message, scope, sender);
      onCommit();
      return result;
    },
    async wait(taskId, { ms, signal }) {
      const steps = follow(taskId, { signal: AbortSignal.any([signal, AbortSignal.timeout(ms)]) });
      let task = taskId;
      for await (const batch of steps) {
        for (const { event } of batch) {
          if ("outcome" in event) return event.outcome;
          if (event.type === "merged") task = event.merged_into;
        }
      }
      return outcomes.get(task);
    },
  };
}
