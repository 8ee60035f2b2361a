// The text of a mail without the history that mail programs repeat below or between it.

export interface ReadText {
  text: string;
  /** What was quoted from earlier mails, or forwarded. */
  quoted: string;
  /** How many characters were left out because nobody would have seen them. */
  hidden: number;
}

const MOST = 50_000;
const MOST_QUOTED = 100_000;
/** From such a line on, everything is history. */
const SEPARATORS = [
  /^-{2,10} ?(original message|forwarded message|ursprüngliche nachricht|weitergeleitete nachricht|message d'origine|mensaje original)/i,
  /^_{20,}$/,
  /^begin forwarded message:$/i,
];

export function readPlain(plain: string): ReadText {
  const kept: string[] = [];
  const quoted: string[] = [];
  const lines = plain
    .replaceAll("\r\n", "\n")
    .slice(0, MOST + MOST_QUOTED)
    .split("\n");
  for (const [index, line] of lines.entries()) {
    if (SEPARATORS.some((separator) => separator.test(line))) {
      quoted.push(...lines.slice(index));
      break;
    }
    if (!line.startsWith(">")) {
      kept.push(line);
      continue;
    }
    if (!lines[index - 1]?.startsWith(">")) quoted.push(...introduction(kept));
    quoted.push(line);
  }
  return { text: tidy(kept).slice(0, MOST), quoted: tidy(quoted).slice(0, MOST_QUOTED), hidden: 0 };
}

/** Removes the line above a quotation, "On Monday, Ada wrote:", which mail programs may have broken in two. */
function introduction(kept: string[]): string[] {
  let end = kept.length;
  while (end > 0 && kept[end - 1]?.trim() === "") end -= 1;
  const last = kept[end - 1]?.trim() ?? "";
  if (!last.endsWith(":") || last.length > 300) return [];
  const isBroken = !/^(on|am|le|el|il|op) /i.test(last) && /^(on|am|le|el|il|op) /i.test(kept[end - 2] ?? "");
  // A sentence that ends with a colon belongs to the text.
  if (!isBroken && !/[@\d]/.test(last)) return [];
  return kept.splice(end - (isBroken ? 2 : 1));
}

/** Without blank lines at the ends, at most one in a row, and without spaces at the ends of lines. */
export function tidy(lines: string[]): string {
  const out: string[] = [];
  for (const line of lines.map((one) => one.trimEnd())) if (line !== "" || out.at(-1) !== "") out.push(line);
  return out.join("\n").trim();
}
