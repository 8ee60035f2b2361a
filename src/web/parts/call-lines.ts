// The arguments of a call as lines for people who decide on it. Nothing is left out of them.

import { argumentsText, visible } from "./arguments-text.ts";
import { lineDiff } from "./line-diff.ts";

export interface CallLine {
  text: string;
  kind?: "added" | "removed" | "place" | undefined;
  /** The line is too long for one, and continues in the next. */
  goesOn?: boolean;
}

/** What a coding agent wants to change in a file. */
interface FileChange {
  path: string;
  old_text: string;
  new_text: string;
}

const LONGEST_LINE = 4_000;

/** `before`: the arguments approved last, to compare with. */
export function callLines(args: object, before: object | undefined): CallLine[] {
  const { changes, ...rest } = args as { changes?: unknown };
  const lines = isChanges(changes)
    ? [...changes.flatMap(linesOf), ...plain(rest)]
    : before
      ? compared(argumentsText(args, before))
      : plain(args);
  return lines.flatMap(pieces);
}

const KEYS = "new_text,old_text,path";

const isChanges = (value: unknown): value is FileChange[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every(
    (one) =>
      typeof one === "object" &&
      one !== null &&
      Object.keys(one).sort().join() === KEYS &&
      Object.values(one).every((text) => typeof text === "string"),
  );

function linesOf({ path, old_text, new_text }: FileChange): CallLine[] {
  const what = old_text === "" ? "a new file, or all of one" : "a part of the file";
  return [
    { text: `${visible(path)}: ${what}`, kind: "place" },
    ...lineDiff(old_text, new_text).map(([sign, text]): CallLine => {
      const kind = sign === "+" ? "added" : sign === "-" ? "removed" : undefined;
      return { text: `${sign} ${visible(text)}`, kind };
    }),
  ];
}

const plain = (args: object): CallLine[] =>
  Object.keys(args).length === 0
    ? []
    : argumentsText(args, undefined)
        .split("\n")
        .map((text) => ({ text }));

const compared = (text: string): CallLine[] =>
  text.split("\n").map((line) => ({
    text: line,
    kind: line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : undefined,
  }));

function pieces(line: CallLine): CallLine[] {
  if (line.text.length <= LONGEST_LINE) return [line];
  const found: CallLine[] = [];
  for (let at = 0; at < line.text.length; at += LONGEST_LINE) {
    const goesOn = at + LONGEST_LINE < line.text.length;
    found.push({ ...line, text: line.text.slice(at, at + LONGEST_LINE), goesOn });
  }
  return found;
}
