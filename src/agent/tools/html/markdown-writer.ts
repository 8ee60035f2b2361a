// Collects Markdown: blocks with blank lines between them, inside of quotes and lists.

export interface MarkdownWriter {
  /** Text of the page, whose white space means nothing outside of a code block. */
  text(text: string): void;
  /** Markdown itself that begins something, such as "**". */
  mark(mark: string): void;
  /** Markdown that ends something: it follows the text directly, and the white space before it follows it. */
  close(mark: string): void;
  /** The next text begins a line. */
  line(): void;
  /** The next text begins a block. */
  block(): void;
  /** What begins each line from here on, such as "> "; the first one may differ, as in a list. */
  indent(prefix: string, first?: string): void;
  outdent(): void;
  /** Text is taken as it is. */
  verbatim(on: boolean): void;
  isVerbatim(): boolean;
  written(): string;
}

const SPACES = /[\t\n\f\r ]+/g;
/** Deeper ones read like this one. */
const MOST_INDENTS = 8;

export function createMarkdownWriter(): MarkdownWriter {
  const parts: string[] = [];
  const indents: { prefix: string; first: string | undefined; isBegun: boolean }[] = [];
  /** Line breaks that are due before the next text. */
  let due = 0;
  let hasSpace = false;
  let isAsItIs = false;

  const prefix = () =>
    indents
      .slice(0, MOST_INDENTS)
      .map((indent) => {
        const { first = indent.prefix } = indent;
        indent.first = undefined;
        indent.isBegun = true;
        return first;
      })
      .join("");
  const begin = () => {
    if (parts.length === 0) parts.push(prefix());
    else if (due > 0) {
      const blank = indents
        .slice(0, MOST_INDENTS)
        .map((indent) => (indent.isBegun ? indent.prefix : ""))
        .join("");
      if (due > 1) parts.push(`\n${blank.trimEnd()}`);
      parts.push(`\n${prefix()}`);
    } else if (hasSpace) parts.push(" ");
    due = 0;
    hasSpace = false;
  };
  const need = (breaks: number) => {
    if (parts.length > 0) due = Math.max(due, breaks);
    hasSpace = false;
  };
  return {
    text(text) {
      if (isAsItIs) {
        for (const [at, line] of text.split("\n").entries()) {
          if (at > 0) {
            begin();
            due = 1;
          }
          if (line !== "") {
            begin();
            parts.push(line);
          }
        }
        return;
      }
      const plain = text.replace(SPACES, " ");
      if (plain === "") return;
      const inner = plain.trim();
      if (inner === "") {
        hasSpace = hasSpace || due === 0;
        return;
      }
      if (plain.startsWith(" ") && due === 0) hasSpace = true;
      begin();
      parts.push(inner);
      hasSpace = plain.endsWith(" ");
    },
    mark(mark) {
      begin();
      parts.push(mark);
    },
    close(mark) {
      parts.push(mark);
    },
    line: () => need(1),
    block: () => need(2),
    indent(one, first) {
      indents.push({ prefix: one, first, isBegun: false });
    },
    outdent() {
      indents.pop();
    },
    verbatim(on) {
      isAsItIs = on;
    },
    isVerbatim: () => isAsItIs,
    written: () => parts.join("").trim(),
  };
}
