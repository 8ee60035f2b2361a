import type { JsonObject, tasks } from "../db/schema.ts";
import type { Logger } from "../log.ts";
import type { ConfigSealer } from "./seal-config.ts";

export type TargetedTask = Pick<
  typeof tasks.$inferSelect,
  "id" | "dispatch_type" | "dispatch_config" | "mirrors"
>;

export interface TaskTarget {
  dispatch_type: string;
  dispatch_config: JsonObject;
}

/** The types of the task's own target and of those that mirror it, in the order of `targetsOf`. */
export const targetTypesOf = ({ dispatch_type, mirrors }: TargetedTask): string[] => [
  dispatch_type,
  ...mirrors.map(({ type }) => String(type)),
];

/** The task's own target and those that mirror it, unsealed. */
export function targetsOf(
  { id, dispatch_type, dispatch_config, mirrors }: TargetedTask,
  { sealer, log }: { sealer: Pick<ConfigSealer, "open">; log: Logger },
  onSecret?: (secret: string) => void,
): TaskTarget[] {
  const opened = (config: JsonObject, field: string): JsonObject => {
    try {
      return sealer.open(config, { table: "tasks", row: id, field }, onSecret);
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
