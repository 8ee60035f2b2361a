// The tools of a run: which it may call, which of them its model is shown, and whose results come later.

import type { Capabilities } from "../capabilities/effective-set.ts";
import type { Database } from "../db/database.ts";
import type { LlmTool } from "../llm/llm.ts";
import type { ClaimedTask } from "./claimed-task.ts";
import { createDelegating, type Delegate, type Delegating } from "./delegating.ts";
import { createKeepFound } from "./found-tools.ts";
import { type BigResult, createKeepResult } from "./kept-results.ts";
import type { LoadedTurn } from "./load-turn.ts";
import { offeredTools } from "./offered-tools.ts";
import { createShownTools, MOST_SENT } from "./shown-tools.ts";
import { READ_TOOL_RESULT } from "./tools/builtin/read-tool-result.ts";
import { SEARCH_HISTORY } from "./tools/builtin/search-history.ts";
import { SEARCH_TOOLS } from "./tools/builtin/search-tools.ts";
import type { RankTools } from "./tools/ranking.ts";
import { DELEGATE, type RegisteredTool, type ToolRegistry } from "./tools/registry.ts";
import { shownResult } from "./tools/result.ts";

export interface RunToolsOptions {
  db: Database;
  tools: Pick<ToolRegistry, "get" | "list">;
  rankTools: RankTools;
  delegate?: Delegate | undefined;
  task: ClaimedTask;
  turn: LoadedTurn;
  capabilities: Capabilities;
}

export interface RunTools {
  /** Those that the server calls, by name, shown or not. */
  callable: ReadonlyMap<string, RegisteredTool>;
  /** What the model is shown; grows while the run goes on. */
  shown: readonly LlmTool[];
  delegating: Delegating | undefined;
  isClients(name: string): boolean;
  /** Keeps a result that is too long, and returns what the model reads of it. */
  keepBig: ((result: BigResult) => Promise<string>) | undefined;
  /** Whether the result of such a call comes from outside. */
  comesLater(name: string): boolean;
  /** Messages about tools that were named and are not offered. */
  warnings: string[];
}

export async function openTools(options: RunToolsOptions): Promise<RunTools> {
  const { db, task, turn, capabilities } = options;
  const { tools, warnings } = offeredTools(
    options.tools,
    capabilities.tools,
    capabilities.onDemand,
    // What a summary does not tell can be looked up.
    [READ_TOOL_RESULT, ...(turn.compacted.summary === null ? [] : [SEARCH_HISTORY])],
  );
  const keepResult = createKeepResult(db, task);
  const clientTools = task.execution_config.client_tools ?? [];
  const isClients = (name: string) => clientTools.some((tool) => tool.name === name);
  const delegating = await createDelegating({ ...options, query: db.query });
  const { shown, leftOut, reveal } = createShownTools({
    tools,
    besides: delegating ? [delegating.tool] : [],
    clientTools,
    names: capabilities.tools,
    bot: turn.bot,
    found: turn.foundTools,
    keepFound: createKeepFound(db, task),
    rank: options.rankTools,
  });
  if (leftOut > 0) {
    const canSearch = shown.some(({ name }) => name === SEARCH_TOOLS);
    const others = canSearch ? "the others are found with search_tools" : "the others are left out";
    warnings.push(
      `The run has ${shown.length + leftOut} tools, and endpoints accept at most ${MOST_SENT}: its model is shown ${shown.length}, ${others}.`,
    );
  }
  return {
    callable: tools,
    shown,
    delegating,
    isClients,
    keepBig: tools.has(READ_TOOL_RESULT)
      ? async (result) => {
          const id = await keepResult(result);
          await reveal([READ_TOOL_RESULT]);
          return shownResult(result.whole, id);
        }
      : undefined,
    comesLater: (name) => isClients(name) || (name === DELEGATE && delegating !== undefined),
    warnings,
  };
}
