/** Returns whether a tool's name matches one of the patterns; `*` matches any text. */
export function namesTool(patterns: readonly string[]): (name: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !isPattern(pattern)));
  const globs = patterns.filter(isPattern).map((pattern) => pattern.split("*"));
  return (name) => exact.has(name) || globs.some((parts) => matchesParts(parts, name));
}

export const isPattern = (name: string): boolean => name.includes("*");

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
  get(name: string): object | undefined;
  list(): { name: string }[];
}

/** Returns a sentence for each name that no tool has, and for each pattern that fits no tool's name. */
export function unknownTools(named: readonly string[], tools: ToolNamesThere): string[] {
  return named.flatMap((name) => {
    if (!isPattern(name)) return tools.get(name) ? [] : [`There is no tool "${name}".`];
    const isNamed = namesTool([name]);
    return tools.list().some((tool) => isNamed(tool.name)) ? [] : [`No tool's name fits "${name}".`];
  });
}
