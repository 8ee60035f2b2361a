import { toolNamed } from "../capabilities/tool-patterns.ts";
import type { ToolFacts } from "./policy.ts";
import { factsOf } from "./tool-kinds.ts";

type Known = Parameters<typeof factsOf>[0];

/**
 * Returns what rules look at in the tool that models call by this name, or that has this reference; of one that is not there now,
 * only its name is known.
 */
export const toolFactsFrom =
  (tools: { get(name: string): Known | undefined; list(): Known[] }) =>
  (name: string): ToolFacts => {
    const tool = tools.get(name) ?? toolNamed(name, tools);
    return tool ? factsOf(tool) : { name, kinds: ["write"], integration_id: null };
  };
