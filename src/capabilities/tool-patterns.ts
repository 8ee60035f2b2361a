/** How bots name tools of MCP servers: "mcp:<server>/<tool>", or "mcp:<server>" for all of one. */
export const MCP = "mcp:";

/** No tool of the registry: a run has it if its bot may delegate. */
export const DELEGATE = "delegate_to_agent";

/** "mcp:" with the id of a server and the name of a tool takes less. */
export const LONGEST_REFERENCE = 200;

/**
 * Returns whether a tool's name matches one of the patterns; `*` matches any text. Tools of MCP servers are named by their
 * references, which only patterns that begin alike match: what a server calls its tools must not bring them into a bot.
 */
export function namesTool(patterns: readonly string[]): (name: string) => boolean {
  const all = patterns.map((pattern) => (isWholeServer(pattern) ? `${pattern}/*` : pattern));
  const plain = matchesPattern(all.filter((pattern) => !pattern.startsWith(MCP)));
  const ofServers = matchesPattern(all.filter((pattern) => pattern.startsWith(MCP)));
  return (name) => (name.startsWith(MCP) ? ofServers(name) : plain(name));
}

/** Returns whether a text matches one of the patterns; `*` matches any text. */
export function matchesPattern(patterns: readonly string[]): (text: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes("*")));
  const globs = patterns.filter((pattern) => pattern.includes("*")).map((pattern) => pattern.split("*"));
  return (text) => exact.has(text) || globs.some((parts) => matchesParts(parts, text));
}

/** The reference to what a carapace names among its `mcp_tools`. */
export const ofServers = (name: string): string => (name.startsWith(MCP) ? name : `${MCP}${name}`);

const isWholeServer = (pattern: string): boolean => pattern.startsWith(MCP) && !pattern.includes("/");

/** Whether it may stand for several tools, or for one that has another name here. */
export const isPattern = (name: string): boolean => name.includes("*") || name.startsWith(MCP);

/** The name that patterns are compared with. */
export const referenceOf = ({ name, reference }: { name: string; reference?: string | undefined }): string =>
  reference ?? name;

/** Whether the parts occur in the name in order, the first at its start and the last at its end. */
function matchesParts([first = "", ...parts]: string[], name: string): boolean {
  const last = parts.pop() ?? "";
  const end = name.length - last.length;
  if (!name.startsWith(first) || !name.endsWith(last) || end < first.length) return false;
  // Taking the first occurrence of each part is enough; a regular expression with many `.*` would try all of them.
  let at = first.length;
  for (const part of parts) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= end;
}

/** The tools of this server, as far as names are looked up in them. */
export interface ToolNamesThere {
  get(name: string): { name: string; reference?: string | undefined } | undefined;
  list(): { name: string; reference?: string | undefined }[];
}

/** The tool that bots, messages and rules call by this name; models call a tool of an MCP server by the name that its server chose. */
export function toolNamed<Tool extends { name: string; reference?: string | undefined }>(
  name: string,
  tools: { get(name: string): Tool | undefined; list(): Tool[] },
): Tool | undefined {
  if (name.startsWith(MCP)) return tools.list().find(({ reference }) => reference === name);
  const tool = tools.get(name);
  return tool && referenceOf(tool) === name ? tool : undefined;
}

/** Returns a sentence for each name that no tool has, and for each pattern that fits no tool's name. */
export function unknownTools(named: readonly string[], tools: ToolNamesThere): string[] {
  return named.flatMap((name) => {
    if (name === DELEGATE)
      return [`"${DELEGATE}" comes with delegate_bots; it is not named among the tools.`];
    if (!isPattern(name)) {
      const tool = tools.get(name);
      return tool && referenceOf(tool) === name ? [] : [`There is no tool "${name}".${hintOf(tool)}`];
    }
    const isNamed = namesTool([name]);
    return tools.list().some((tool) => isNamed(referenceOf(tool))) ? [] : [`No tool's name fits "${name}".`];
  });
}

/** The same of what rules name: also what runs have besides, and what coding agents ask ("code_with_claude/edit"). */
export const unknownInRules = (named: readonly string[], tools: ToolNamesThere): string[] =>
  unknownTools(named.filter((name) => !namesTool([name])(DELEGATE)).map(actorOf), tools);

const actorOf = (name: string): string =>
  name.startsWith(MCP) || !name.includes("/") ? name : name.slice(0, name.indexOf("/"));

/** Somebody may have taken the name from what a model calls it. */
const hintOf = (tool: { reference?: string | undefined } | undefined): string =>
  tool?.reference === undefined ? "" : ` That of an MCP server is named "${tool.reference}".`;
