import type { ToolFacts } from "./policy.ts";
import { factsOf } from "./tool-kinds.ts";

/** Returns what rules look at in the tool of this name; of one that is not there now, only its name is known. */
export const toolFactsFrom =
  (tools: { get(name: string): Parameters<typeof factsOf>[0] | undefined }) =>
  (name: string): ToolFacts => {
    const tool = tools.get(name);
    return tool ? factsOf(tool) : { name, kinds: ["write"], integration_id: null };
  };
