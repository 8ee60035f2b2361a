/** Whether a tool's name is one of these; `*` stands for any text. */
export function namesTool(patterns: readonly string[]): (name: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !isPattern(pattern)));
  const globs = patterns.filter(isPattern).map((pattern) => pattern.split("*"));
  return (name) => exact.has(name) || globs.some((parts) => isMadeOf(parts, name));
}

export const isPattern = (name: string): boolean => name.includes("*");

/** Whether the parts stand in the name one after another, the first at its beginning and the last at its end. */
function isMadeOf([first = "", ...parts]: string[], name: string): boolean {
  const last = parts.pop() ?? "";
  const end = name.length - last.length;
  if (!name.startsWith(first) || !name.endsWith(last) || end < first.length) return false;
  // Each at its first place: an expression with many `.*` would try all of them.
  let at = first.length;
  for (const part of parts) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= end;
}
