import type { Database } from "../db/database.ts";
import { errorMessage } from "../errors.ts";
import type { Redact } from "../redact.ts";
import type { KeptActions } from "../secrets/kept-actions.ts";
import type { LoopEvent } from "./loop.ts";
import {
  type StepClaim,
  type StoredSteps,
  saveModelFailure,
  saveToolCalls,
  saveToolResult,
} from "./steps.ts";

export interface StepKeeperOptions {
  db: Database;
  task: StepClaim;
  redact: Redact;
  actions: KeptActions;
}

/** Stores the durable events of the loop, and collects the client actions that accompany the answer. */
export function createStepKeeper({ db, task, redact, actions }: StepKeeperOptions, stored: StoredSteps) {
  const messageIds = new Map(stored.messageIds);
  const clientActions = [...stored.clientActions];
  return {
    clientActions,
    /** Returns whether the event was one to store. */
    async keep(event: LoopEvent): Promise<boolean> {
      switch (event.type) {
        case "tool_calls":
          messageIds.set(event.iteration, await saveToolCalls(db, task, event, redact));
          return true;
        case "tool_result":
          await saveToolResult(
            db,
            task,
            { ...event, messageId: messageIds.get(event.iteration) ?? "" },
            actions,
          );
          clientActions.push(...event.outcome.clientActions);
          return true;
        case "model_failure":
          await saveModelFailure(db, task, { ...event, error: redact(errorMessage(event.error)) });
          return true;
        default:
          return false;
      }
    },
  };
}
