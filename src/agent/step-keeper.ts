import type { Database } from "../db/database.ts";
import type { ContextReport } from "../db/schema.ts";
import { errorMessage } from "../errors.ts";
import type { Redact } from "../redact.ts";
import type { KeptActions } from "../secrets/kept-actions.ts";
import { failedCall } from "./call-record.ts";
import type { StoredSteps } from "./load-steps.ts";
import type { LoopEvent } from "./loop.ts";
import { type StepClaim, saveFailedCall, saveToolCalls, saveToolResult } from "./steps.ts";

export interface StepKeeperOptions {
  db: Database;
  task: StepClaim;
  redact: Redact;
  actions: KeptActions;
  /** What the request of the step consisted of. */
  report: () => ContextReport | null;
}

/** Stores the durable events of the loop, and collects the client actions that accompany the answer. */
export function createStepKeeper(
  { db, task, redact, actions, report }: StepKeeperOptions,
  stored: StoredSteps,
) {
  const messageIds = new Map(stored.messageIds);
  const clientActions = [...stored.clientActions];
  let isSteered = false;
  return {
    clientActions,
    /** The assistant message that asked for the calls of this iteration. */
    messageIdOf: (iteration: number): string => messageIds.get(iteration) ?? "",
    /** Whether messages wait for the run; false until the next step says so again. */
    takeSteered(): boolean {
      const was = isSteered;
      isSteered = false;
      return was;
    },
    /** Returns whether the event was one to store. */
    async keep(event: LoopEvent): Promise<boolean> {
      switch (event.type) {
        case "tool_calls":
          messageIds.set(
            event.iteration,
            await saveToolCalls(db, task, { ...event, context: report() }, redact),
          );
          return true;
        case "tool_result": {
          const messageId = messageIds.get(event.iteration) ?? "";
          const saved = await saveToolResult(db, task, { ...event, messageId }, actions);
          isSteered ||= saved.isSteered;
          clientActions.push(...event.outcome.clientActions);
          return true;
        }
        case "rejected_answer":
          await saveFailedCall(db, task, { ...event, context: report() });
          return true;
        case "model_failure": {
          const { iteration, error } = event;
          const problem = redact(errorMessage(error));
          await saveFailedCall(db, task, {
            iteration,
            call: failedCall(event, error),
            problem,
            context: report(),
          });
          return true;
        }
        default:
          return false;
      }
    },
  };
}
