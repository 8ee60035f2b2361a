// What a run lacked, for the log and for the task.

import type { Database } from "../db/database.ts";
import { storable } from "../db/storable.ts";
import type { Logger } from "../log.ts";
import type { Redact } from "../redact.ts";
import type { ClaimedTask } from "./claimed-task.ts";
import { saveWarnings } from "./steps.ts";

interface WarnedRun {
  db: Database;
  log: Logger;
  redact: Redact;
  task: ClaimedTask;
}

/** Writes warnings about missing parts of the run to the log and to the task. */
export async function recordWarnings(
  warnings: string[],
  { db, log, redact, task }: WarnedRun,
): Promise<void> {
  if (warnings.length === 0) return;
  for (const warning of warnings)
    log.warn("{warning} The run continues without it", { warning, task_id: task.id });
  await saveWarnings(
    db,
    task,
    warnings.map((warning) => storable(redact(warning))),
  );
}

export async function saveCutWarning(earlier: string[], { db, log, redact, task }: WarnedRun): Promise<void> {
  const warning = "The answer was cut off at the model's output limit.";
  log.warn(warning, { task_id: task.id });
  await saveWarnings(db, task, [...earlier.map((text) => storable(redact(text))), warning]);
}
