/** Whether a tool's name is one of these; `*` stands for any text. */
export function namesTool(patterns: readonly string[]): (name: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !isPattern(pattern)));
  const globs = patterns.filter(isPattern).map(toExpression);
  return (name) => exact.has(name) || globs.some((glob) => glob.test(name));
}

export const isPattern = (name: string): boolean => name.includes("*");

function toExpression(glob: string): RegExp {
  return new RegExp(`^${glob.split("*").map(RegExp.escape).join(".*")}$`);
}
