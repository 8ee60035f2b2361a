// What bots remember, the files that show it, and the tools that use it.

import { createMemoryTools } from "../agent/tools/builtin/memory.ts";
import { createSearchHistoryTool } from "../agent/tools/builtin/search-history.ts";
import { createMemories } from "../memory/memories.ts";
import { createMemoryFiles } from "../memory/memory-files.ts";
import { searchMemory } from "../memory/search-memory.ts";
import { searchHistory } from "../search/history.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { Closers } from "./closers.ts";
import type { Storage } from "./storage.ts";

export function openMemories(
  { db, log }: Pick<Storage, "db" | "log">,
  workspace: Workspace,
  closers: Closers,
) {
  const files = createMemoryFiles({
    db,
    write: (botId, path, content) =>
      workspace.write({ botId, taskId: null }, path, content, { replace: true }),
    log: log.getChild("memory"),
  });
  closers.push(files.close);
  const memories = createMemories({ db, onChange: files.refresh });
  const tools = [
    ...createMemoryTools({
      ...memories,
      search: (run, query, limit) => searchMemory(db, { ...run, query, limit }),
    }),
    createSearchHistoryTool(({ query, limit }, { session_id, task_id }) =>
      searchHistory(db, { sessionId: session_id, taskId: task_id, query, limit }),
    ),
  ];
  return { ...memories, tools };
}
