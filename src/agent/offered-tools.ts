import type { ToolNames } from "../capabilities/effective-set.ts";
import { DELEGATE, isPattern, namesTool, referenceOf, unknownTools } from "../capabilities/tool-patterns.ts";
import type { Skill } from "../content/skills/skill.ts";
import { createGetSkillTool, GET_SKILL } from "./tools/builtin/get-skill.ts";
import { compileTool, type RegisteredTool, type ToolRegistry } from "./tools/registry.ts";

export interface OfferedTools {
  /** Sorted by name, so that requests of different runs begin alike and the model's cache applies. */
  tools: Map<string, RegisteredTool>;
  /** Messages about tools that were named and are not offered. */
  warnings: string[];
}

/**
 * Returns the tools that a run may use: those of its bot and its carapaces, those that its message names, and `get_skill` when
 * there are skills to read, and those of `extra` that exist. A tool that the channel disables is never offered.
 */
export function offeredTools(
  registry: Pick<ToolRegistry, "get" | "list">,
  wanted: ToolNames,
  onDemand: Skill[],
  extra: string[] = [],
): OfferedTools {
  const tools = new Map<string, RegisteredTool>();
  const isDisabled = namesTool(wanted.disabled);
  const named = [...wanted.own, ...wanted.message];
  const byName = new Set(named.filter((name) => !isPattern(name)));
  // The run has it in any case, if its bot may delegate.
  if (!wanted.message.includes(DELEGATE)) byName.delete(DELEGATE);
  // A bot may have a pattern for tools to come; a message names what it needs now.
  const warnings = unknownTools([...byName, ...wanted.message.filter(isPattern)], registry);
  for (const name of byName) {
    const tool = registry.get(name);
    // A tool of an MCP server may have any name.
    if (tool && referenceOf(tool) !== name) continue;
    if (tool?.byNameOnly && !wanted.own.includes(name)) {
      warnings.push(`The message asks for the tool "${name}", which only a bot itself can have.`);
    } else if (tool && !isDisabled(name)) tools.set(name, tool);
    else if (tool && wanted.message.includes(name)) {
      warnings.push(`The message asks for the tool "${name}", which this channel disables.`);
    }
  }
  const patterns = named.filter(isPattern);
  if (patterns.length > 0) {
    const isWanted = namesTool(patterns);
    for (const tool of registry.list()) {
      const isOff = isDisabled(referenceOf(tool)) || isDisabled(tool.name);
      if (isWanted(referenceOf(tool)) && !tool.byNameOnly && !isOff) tools.set(tool.name, tool);
    }
  }
  // A bot that has the tool itself may read any skill; others only those that are listed for them.
  if (onDemand.length > 0 && !tools.has(GET_SKILL) && !isDisabled(GET_SKILL)) {
    const readable = new Map(onDemand.map((skill) => [skill.id, skill]));
    const { run } = createGetSkillTool({ get: (id) => readable.get(id), list: () => onDemand });
    tools.set(GET_SKILL, { ...getSkill, run });
  }
  for (const name of extra) {
    const tool = registry.get(name);
    if (tool && !isDisabled(name)) tools.set(name, tool);
  }
  return { tools: new Map([...tools].toSorted(([a], [b]) => (a < b ? -1 : 1))), warnings };
}

/** Compiled once; each run supplies its own skills. */
const getSkill = compileTool("core", createGetSkillTool({ get: () => undefined, list: () => [] }));
