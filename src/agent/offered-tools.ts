import type { Logger } from "../log.ts";
import type { RegisteredTool, ToolRegistry } from "./tools/registry.ts";

/**
 * The tools that a run may use: those of its bot (names, `*` stands for any text) and those that its message names.
 * Names that are not registered are left out with a warning. What the channel disables is not offered, whoever names it.
 */
export function offeredTools(
  registry: Pick<ToolRegistry, "get" | "list">,
  wanted: { bot: string[]; message: string[]; disabled: string[] },
  log: Logger,
): Map<string, RegisteredTool> {
  const offered = new Map<string, RegisteredTool>();
  for (const name of [...wanted.bot.filter((name) => !name.includes("*")), ...wanted.message]) {
    const tool = registry.get(name);
    if (tool) offered.set(name, tool);
    else log.warn("Tool {tool} is not registered: the run goes on without it", { tool: name });
  }
  const patterns = wanted.bot.filter((name) => name.includes("*")).map(toPattern);
  if (patterns.length > 0) {
    for (const tool of registry.list()) {
      if (patterns.some((pattern) => pattern.test(tool.name))) offered.set(tool.name, tool);
    }
  }
  const disabled = wanted.disabled.map(toPattern);
  for (const name of offered.keys()) if (disabled.some((pattern) => pattern.test(name))) offered.delete(name);
  return offered;
}

function toPattern(glob: string): RegExp {
  return new RegExp(`^${glob.split("*").map(RegExp.escape).join(".*")}$`);
}
