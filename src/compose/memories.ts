// What bots remember, the files that show it, and the tools that use it.

import { createMemoryTools } from "../agent/tools/builtin/memory.ts";
import { createSearchHistoryTool } from "../agent/tools/builtin/search-history.ts";
import { createMemories } from "../memory/memories.ts";
import { createMemoryCopies, type MemoryCopiesOptions } from "../memory/memory-copies.ts";
import { createMemoryFiles } from "../memory/memory-files.ts";
import { createMemorySearch, type MemorySearchOptions } from "../memory/search-memory.ts";
import { searchHistory } from "../search/history.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { Closers } from "./closers.ts";
import type { Storage } from "./storage.ts";

export function openMemories(
  { db, log }: Pick<Storage, "db" | "log">,
  workspace: Workspace,
  search: Omit<MemoryCopiesOptions, "db" | "log"> & Omit<MemorySearchOptions, "db">,
  closers: Closers,
) {
  const files = createMemoryFiles({
    db,
    write: (botId, path, content) =>
      workspace.write({ botId, taskId: null }, path, content, { replace: true }),
    log: log.getChild("memory"),
  });
  closers.push(files.close);
  const copies = createMemoryCopies({ ...search, db, log: log.getChild("memory") });
  closers.push(copies.close);
  // Makes what is missing: copies of what was learned before there were copies, or just before the server was killed.
  copies.refresh();
  const memories = createMemories({
    db,
    onChange(botId, days) {
      files.refresh(botId, days);
      copies.refresh();
    },
  });
  const searchMemory = createMemorySearch({ ...search, db });
  const tools = [
    ...createMemoryTools({
      ...memories,
      search: (run, query, limit) => searchMemory({ ...run, query, limit }),
    }),
    createSearchHistoryTool(({ query, limit }, { session_id, task_id }) =>
      searchHistory(db, { sessionId: session_id, taskId: task_id, query, limit, sense: search.sense }),
    ),
  ];
  return { ...memories, tools };
}
