/** Names and values, one pair a line: `NAME: value`, or `NAME=value`. */
export function namedLines(text: string): Record<string, string> {
  const pairs = text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const at = line.search(/[:=]/);
      return at < 0 ? [line.trim(), ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    });
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** What is sent of them where those that are stored are not shown: undefined if they stay as they are. */
export function changedLines(text: string, removesStored: boolean): Record<string, string> | undefined {
  if (text.trim() !== "") return namedLines(text);
  return removesStored ? {} : undefined;
}
