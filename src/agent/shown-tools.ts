// Which of the tools that a run may call its model is shown. With many tools these are a core that is the same in every run, and
// what the session has found since; a model chooses badly among hundreds, and reads them all at each call.

import type { ToolNames } from "../capabilities/effective-set.ts";
import { isPattern, namesTool, referenceOf } from "../capabilities/tool-patterns.ts";
import type { LlmTool } from "../llm/llm.ts";
import type { ExecutionConfig } from "../sdk/types.ts";
import { READ_TOOL_RESULT } from "./tools/builtin/read-tool-result.ts";
import {
  createGetToolInfoTool,
  createSearchToolsTool,
  GET_TOOL_INFO,
  SEARCH_TOOLS,
  type ToolsToFind,
} from "./tools/builtin/search-tools.ts";
import type { RankTools } from "./tools/ranking.ts";
import { compileTool, type RegisteredTool } from "./tools/registry.ts";

/** A run with more is shown a part of them; models choose less well among more than 30 to 50. */
const MOST_SHOWN = 40;
/** Found tools that a session keeps. With more, the older half leaves at once, because each change costs the model's cache. */
const MOST_FOUND = 48;
/** OpenAI accepts no more, and other endpoints follow it. */
export const MOST_SENT = 128;
/** Leaves room for all that a session finds. */
const MOST_IN_CORE = MOST_SENT - MOST_FOUND;

type ClientTool = NonNullable<ExecutionConfig["client_tools"]>[number];

export interface ShownToolsOptions {
  /** All that the run may call, by name; gets `search_tools` and `get_tool_info`, if it has them. */
  tools: Map<string, RegisteredTool>;
  /** Always shown; not among `tools`. */
  besides: readonly RegisteredTool[];
  clientTools: readonly ClientTool[];
  names: ToolNames;
  bot: { tool_retrieval: boolean; max_tools: number | null };
  /** Names that the session has found, the earliest first. */
  found: readonly string[];
  /** Keeps them for the session. */
  keepFound: (names: string[]) => Promise<void>;
  rank: RankTools;
}

export interface ShownTools {
  /** What the model is shown. It grows at its end when the run finds more. */
  shown: readonly LlmTool[];
  /** How many more there are than any endpoint is sent, although the bot is to be shown all that it has. */
  leftOut: number;
  /** Shows these from the next model call on, and in the runs of the session that follow. */
  reveal(names: string[]): Promise<void>;
}

export function createShownTools(options: ShownToolsOptions): ShownTools {
  const { tools, besides, clientTools, names, bot, rank } = options;
  const shown: LlmTool[] = [];
  const reveal = createReveal(options, shown);
  const isNamed = (name: string) => [...names.own, ...names.message].includes(name);
  /** There is nothing to do with it before it is found. */
  const isLater = (name: string) => name === READ_TOOL_RESULT && !isNamed(name);
  const add = (wanted: Iterable<string>) => {
    const isShown = new Set(shown.map(({ name }) => name));
    for (const name of wanted) {
      const tool = tools.get(name);
      if (tool && !isShown.has(name) && shown.length < MOST_SENT) shown.push(forModel(tool));
      isShown.add(name);
    }
  };
  const isDisabled = namesTool(names.disabled);
  const list = () => [...tools.values()].filter(({ name }) => !FINDERS.has(name) && !isLater(name));
  const all: ToolsToFind = { list, get: (name) => tools.get(name), rank };
  /** For those of the server; the others are always shown. */
  const room = Math.max(MOST_SENT - besides.length - clientTools.length, 0);
  const most = bot.tool_retrieval ? (bot.max_tools ?? MOST_SHOWN) : MOST_SENT;
  const isMany = bot.tool_retrieval
    ? tools.size + besides.length + clientTools.length > most
    : list().length > room;
  if (!isMany || isDisabled(SEARCH_TOOLS)) {
    takeFinders(tools, isNamed, all);
    const always = [...tools.values()].filter(({ name }) => !isLater(name));
    const core = coreOf(options, MOST_SENT, isLater);
    const [first, others] = [
      always.filter(({ name }) => core.has(name)),
      always.filter(({ name }) => !core.has(name)),
    ];
    shown.push(...inOrder([...[...first, ...others].slice(0, room), ...besides], clientTools));
    add(options.found.filter(isLater));
    return { shown, leftOut: Math.max(always.length - room, 0), reveal };
  }
  const core = [...coreOf(options, Math.min(most, MOST_IN_CORE), isLater)];
  const kept = new Set([...FINDERS, ...core].slice(0, room));
  const hidden = list().filter(({ name }) => !kept.has(name));
  const toFind = { ...all, reveal };
  tools.set(SEARCH_TOOLS, withRun(searchTools, createSearchToolsTool(toFind, hidden)));
  if (!isDisabled(GET_TOOL_INFO)) tools.set(GET_TOOL_INFO, withRun(toolInfo, createGetToolInfoTool(toFind)));
  const always = [...tools.values()].filter(({ name }) => kept.has(name));
  shown.push(...inOrder([...always, ...besides], clientTools));
  add(options.found);
  // Last, because they are different in each run.
  const isAsked = namesTool(names.message);
  const asked = [...tools.values()].filter((tool) => isAsked(referenceOf(tool)));
  add(asked.map(({ name }) => name).slice(0, most));
  return {
    shown,
    leftOut: bot.tool_retrieval ? core.filter((name) => !kept.has(name)).length : hidden.length,
    reveal,
  };
}

const FINDERS: ReadonlySet<string> = new Set([SEARCH_TOOLS, GET_TOOL_INFO]);

/** Where nothing is hidden, a bot has these only if it names them itself. */
function takeFinders(
  tools: ShownToolsOptions["tools"],
  isNamed: (name: string) => boolean,
  all: ToolsToFind,
): void {
  const finders = [
    withRun(searchTools, createSearchToolsTool(all)),
    withRun(toolInfo, createGetToolInfoTool(all)),
  ];
  for (const tool of finders) {
    if (isNamed(tool.name) && tools.has(tool.name)) tools.set(tool.name, tool);
    else tools.delete(tool.name);
  }
}

/** Heddle's own, the pinned ones, and as many of those that the bot names one by one as there is room for. */
function coreOf(
  { tools, besides, clientTools, names }: ShownToolsOptions,
  most: number,
  isLater: (name: string) => boolean,
): Set<string> {
  const isPinned = namesTool(names.pinned ?? []);
  const core = new Set(
    [...tools.values()]
      .filter(
        (tool) =>
          !FINDERS.has(tool.name) &&
          !isLater(tool.name) &&
          (tool.type === "builtin" || isPinned(referenceOf(tool))),
      )
      .map(({ name }) => name),
  );
  const named = names.own.filter((name) => !isPattern(name) && tools.has(name) && !core.has(name));
  const room = most - core.size - FINDERS.size - besides.length - clientTools.length;
  for (const name of named.slice(0, Math.max(room, 0))) core.add(name);
  return core;
}

function createReveal({ tools, found, keepFound }: ShownToolsOptions, shown: LlmTool[]) {
  let kept = [...found];
  let saving: Promise<void> = Promise.resolve();
  return (names: string[]): Promise<void> => {
    const isShown = new Set(shown.map(({ name }) => name));
    const isKept = new Set(kept);
    const fresh = names.filter((name) => !isShown.has(name) && tools.has(name));
    for (const name of fresh) {
      const tool = tools.get(name);
      if (tool && shown.length < MOST_SENT) shown.push(forModel(tool));
    }
    const added = fresh.filter((name) => !isKept.has(name));
    if (added.length === 0) return saving;
    kept.push(...added);
    if (kept.length > MOST_FOUND) kept = kept.slice(-MOST_FOUND / 2);
    const all = [...kept];
    // One after another, so that the list with the most is the last one stored.
    saving = saving.then(() => keepFound(all));
    return saving;
  };
}

/** By name, so that requests of different runs begin alike; the client's take the place of others with the same name. */
function inOrder(tools: readonly RegisteredTool[], clientTools: readonly ClientTool[]): LlmTool[] {
  const all = new Map<string, LlmTool>();
  for (const tool of [...tools, ...clientTools]) all.set(tool.name, forModel(tool));
  return [...all.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

const forModel = ({ name, description, parameters }: LlmTool): LlmTool => ({ name, description, parameters });

/** Compiled once; each run supplies its own tools. */
const NONE: ToolsToFind = { list: () => [], get: () => undefined, rank: () => [] };
const searchTools = compileTool("core", createSearchToolsTool(NONE));
const toolInfo = compileTool("core", createGetToolInfoTool(NONE));

const withRun = (
  compiled: RegisteredTool,
  { run, description }: { run: RegisteredTool["run"]; description: string },
) => ({
  ...compiled,
  description,
  run,
});
