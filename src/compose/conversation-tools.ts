// Heddle's own tools that need conversations and their runs.

import { createReadHistoryTool } from "../agent/tools/builtin/read-history.ts";
import { createTaskTools } from "../agent/tools/builtin/tasks.ts";
import type { Tool } from "../agent/tools/registry.ts";
import { readHistory } from "../sessions/read-history.ts";
import type { Tasks } from "../sessions/tasks.ts";
import type { Storage } from "./storage.ts";

export const conversationTools = ({ db, tasks }: Pick<Storage, "db"> & { tasks: Tasks }): Tool[] => [
  createReadHistoryTool((wanted) => readHistory(db.query, wanted)),
  ...createTaskTools(tasks),
];
