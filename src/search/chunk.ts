// Cuts Markdown into passages of about 1,500 characters that search can find and quote.

export interface Chunk {
  /**
   * The headings above the passage, outermost first, joined by " > ". Long ones are shortened; the text has them in
   * full.
   */
  breadcrumb: string;
  content: string;
}

/**
 * The maximum characters of a passage; only a split code block may exceed it, by the two fence markers that are
 * added.
 */
export const CHUNK_SIZE = 1500;

interface Section {
  breadcrumb: string;
  lines: string[];
}

/** The maximum length of one heading and of all headings in a breadcrumb, which is stored with every passage. */
const LONGEST_NAME = 120;
const LONGEST_BREADCRUMB = 300;

const HEADING = /^ {0,3}(#{1,6})[ \t]/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
/** The maximum length of the fence marker that is added where a code block is split, however long the original is. */
const LONGEST_MARKER = 80;

/**
 * Splits at headings, then at blank lines, then at sentences, then at words; fenced code stays together if it fits. No
 * text is lost: joined together, the passages are the document again, except for white space and the fence markers that
 * were added to split code blocks.
 */
export function chunkMarkdown(text: string): Chunk[] {
  return sections(text.replaceAll("\r\n", "\n")).flatMap((section) =>
    pack(blocks(section.lines).flatMap(fit), "\n\n").map((content) => ({
      breadcrumb: section.breadcrumb,
      content,
    })),
  );
}

/** Returns one section per heading, including the heading's line; a heading without text joins the next section. */
function sections(text: string): Section[] {
  const found: Section[] = [];
  const path: string[] = [];
  let current: Section = { breadcrumb: "", lines: [] };
  let onlyHeadings = true;
  for (const { line, fence } of scan(text)) {
    const heading = fence ? undefined : readHeading(line);
    if (heading) {
      const { level, name } = heading;
      path.length = Math.min(path.length, level - 1);
      while (path.length < level - 1) path.push("");
      path.push(shortened(name, LONGEST_NAME));
      if (!onlyHeadings) {
        found.push(current);
        current = { breadcrumb: "", lines: [] };
        onlyHeadings = true;
      }
      current.breadcrumb = shortened(path.filter((part) => part !== "").join(" > "), LONGEST_BREADCRUMB);
    } else if (line.trim() !== "") {
      onlyHeadings = false;
    }
    current.lines.push(line);
  }
  found.push(current);
  return found;
}

/** Reads a heading without the closing `#`s that Markdown allows; undefined for other lines. */
function readHeading(line: string): { level: number; name: string } | undefined {
  const opening = HEADING.exec(line);
  if (!opening) return undefined;
  const text = line.slice(opening[0].length).trimEnd();
  let end = text.length;
  while (end > 0 && text[end - 1] === "#") end--;
  return { level: opening[1]?.length ?? 1, name: text.slice(0, end).trim() };
}

const shortened = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`;

interface ScannedLine {
  line: string;
  /** The line's role in fenced code; null outside of it. */
  fence: "opens" | "inside" | "closes" | null;
}

function* scan(text: string): Generator<ScannedLine> {
  let open: string | undefined;
  for (const line of text.split("\n")) {
    const marker = FENCE.exec(line)?.[1];
    if (open === undefined) {
      open = marker;
      yield { line, fence: marker === undefined ? null : "opens" };
    } else if (marker?.startsWith(open) && line.trim() === marker) {
      open = undefined;
      yield { line, fence: "closes" };
    } else {
      yield { line, fence: "inside" };
    }
  }
}

/** Returns the paragraphs, and each fenced code block as one. */
function blocks(lines: string[]): string[] {
  const found: string[] = [];
  let current: string[] = [];
  const flush = () => {
    if (current.length > 0) found.push(current.join("\n"));
    current = [];
  };
  for (const { line, fence } of scan(lines.join("\n"))) {
    if (fence === "opens") flush();
    if (fence || line.trim() !== "") current.push(line);
    if (fence === "closes" || (!fence && line.trim() === "")) flush();
  }
  flush();
  return found;
}

/** Whether the fence that the first line opens is closed by the last. */
function isClosed(lines: string[]): boolean {
  const open = FENCE.exec(lines[0] ?? "")?.[1];
  const last = lines.at(-1)?.trim() ?? "";
  return open !== undefined && lines.length > 1 && last.startsWith(open) && FENCE.exec(last)?.[1] === last;
}

function fit(block: string): string[] {
  if (block.length <= CHUNK_SIZE) return [block];
  return FENCE.test(block) ? cutFence(block) : pack(sentences(block), " ");
}

/** Splits long code at line ends; every piece gets fence markers of its own, so that it stays code. */
function cutFence(block: string): string[] {
  const lines = block.split("\n");
  const first = lines[0] ?? "";
  const marker = (FENCE.exec(first)?.[1] ?? "```").slice(0, LONGEST_MARKER);
  const closed = isClosed(lines);
  const body = lines.slice(1, closed ? -1 : undefined);
  // An overlong info string is kept only in the first piece.
  const opener = first.length <= LONGEST_MARKER ? first : marker;
  const pieces = pack(
    body.flatMap((line) => (line.length <= CHUNK_SIZE ? [line] : cutHard(line))),
    "\n",
  );
  const opening = first === opener ? [] : cutHard(first);
  return [...opening, ...pieces.map((piece) => `${opener}\n${piece}\n${marker}`)];
}

function sentences(paragraph: string): string[] {
  return paragraph
    .split(/(?<=[.!?])\s+|(?<=[。！？])/u)
    .flatMap((sentence) => (sentence.length <= CHUNK_SIZE ? [sentence] : pack(words(sentence), " ")));
}

function words(sentence: string): string[] {
  return sentence.split(/\s+/).flatMap((word) => (word.length <= CHUNK_SIZE ? [word] : cutHard(word)));
}

/** Cuts by length alone, but never inside a surrogate pair. */
function cutHard(text: string): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    let end = Math.min(at + CHUNK_SIZE, text.length);
    const before = text.charCodeAt(end - 1);
    if (end < text.length && before >= 0xd800 && before <= 0xdbff) end -= 1;
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}

/** Joins neighbouring pieces while they fit; drops pieces of white space. */
function pack(pieces: string[], separator: string): string[] {
  const packed: string[] = [];
  let current: string | undefined;
  for (const piece of pieces) {
    if (current !== undefined && current.length + separator.length + piece.length <= CHUNK_SIZE) {
      current += separator + piece;
    } else {
      if (current !== undefined) packed.push(current);
      current = piece;
    }
  }
  if (current !== undefined) packed.push(current);
  return packed.filter((piece) => piece.trim() !== "");
}
