// Whether somebody waits for the outcome of a run.

import { askerOf } from "../sessions/end-delegated.ts";
import type { Claim } from "./claim.ts";

type Task = Claim["task"];

/**
 * The outcome of delegated work is awaited by the run that delegated it. Nobody waits for a run that was cancelled or refused, and
 * what a schedule could not do for want of a budget would be told at each of its times.
 */
export function isAwaited(task: Task, { status, code }: { status: string; code?: string }): boolean {
  if (askerOf(task)) return true;
  if (status === "cancelled" || status === "refused") return false;
  return task.schedule_id === null || code !== "usage_limit_exceeded";
}
