import { HeddleError } from "../../../errors.ts";
import type { ToolContext } from "../../../sdk/types.ts";
import type { Tool } from "../registry.ts";

/** Makes an error that the bot can mend, such as a missing path or an old version, an answer to it; it does not concern the operator. */
export function answering(tool: Tool): Tool {
  return {
    ...tool,
    async run(args: never, context: ToolContext) {
      try {
        return await tool.run(args, context);
      } catch (error) {
        if (error instanceof HeddleError && error.status < 500) return { error: error.message };
        throw error;
      }
    },
  };
}
