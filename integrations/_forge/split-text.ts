/** Splits a text into parts of at most `limit` characters, at line ends if possible. The same text is always split the
 * same way. */
export function splitText(text: string, limit: number): string[] {
  const parts: string[] = [];
  let rest = text;
  while (rest.length > limit) {
    const newline = rest.lastIndexOf("\n", limit);
    const end = newline > 0 ? newline : characterEnd(rest, limit);
    parts.push(rest.slice(0, end));
    rest = rest.slice(newline > 0 ? end + 1 : end);
  }
  parts.push(rest);
  return parts.filter((part) => part.trim() !== "");
}

// Never split a surrogate pair.
function characterEnd(text: string, limit: number): number {
  return (text.codePointAt(limit - 1) ?? 0) > 0xffff ? limit - 1 : limit;
}
