import type { JsonObject } from "../db/schema.ts";
import type { Claim } from "./claim.ts";
import type { RunTaskOptions } from "./run-task.ts";

/** The task's own target and those that mirror it, unsealed. */
export function targetsOf(
  { id, dispatch_type, dispatch_config, mirrors }: Claim["task"],
  { sealer, log }: Pick<RunTaskOptions, "sealer" | "log">,
) {
  const opened = (config: JsonObject, field: string): JsonObject => {
    try {
      return sealer.open(config, { table: "tasks", row: id, field });
    } catch (error) {
      // The answer is kept, and its delivery fails with the reason.
      log.error("The targets of task {task_id} cannot be read: {error}", { task_id: id, error });
      return {};
    }
  };
  const mirrored = mirrors.map(({ type, ...config }: JsonObject, at) => ({
    dispatch_type: String(type),
    dispatch_config: opened(config, `mirrors/${at}`),
  }));
  return [{ dispatch_type, dispatch_config: opened(dispatch_config, "dispatch_config") }, ...mirrored];
}
