// Cuts Markdown into blocks that can be read one by one. Of a text that grows at its end only the last can still change.

export interface Block {
  /** Where it begins. */
  at: number;
  text: string;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/** The beginning of something that is neither a list nor a quote, nor part of one. A mark alone may still become a list's. */
const STARTS = /^(?:[^\s>*+\-\d]|[*+-](?![ \t]|$))/;

/** Names an address for the whole text, which cannot be cut then. */
const DEFINITION = /^ {0,3}\[[^\]\n]{1,500}\]:/m;
/** A longer text is one block, which is too long to be read. */
const LONGEST_TEXT = 200_000;

/**
 * Cuts at blank lines before lines that belong to nothing above them. Lists, quotes and indented lines stay with what is
 * above, and so does everything in a fence.
 */
export function blocksOf(text: string): Block[] {
  if (text.length > LONGEST_TEXT || DEFINITION.test(text)) return [{ at: 0, text }];
  const blocks: Block[] = [];
  let start = 0;
  let at = 0;
  let fence: string | undefined;
  let wasBlank = false;
  for (const line of text.split("\n")) {
    const mark = FENCE.exec(line)?.[1];
    const isNew = fence === undefined && wasBlank && STARTS.test(line);
    if (isNew && at > start) {
      blocks.push({ at: start, text: text.slice(start, at) });
      start = at;
    }
    if (fence === undefined) fence = mark;
    else if (mark?.startsWith(fence) && line.trim() === mark) fence = undefined;
    wasBlank = line.trim() === "";
    at += line.length + 1;
  }
  if (start < text.length) blocks.push({ at: start, text: text.slice(start) });
  return blocks;
}

const LONGEST = 50_000;
/** Reading marks of emphasis takes cubic time within a paragraph: this many take a tenth of a second. */
const MOST_MARKS = 2_000;

/** Whether reading a block could hold up the page. It is shown as it is then. */
export const isCostly = (block: string): boolean =>
  block.length > LONGEST || block.split(/[*_]/, MOST_MARKS + 2).length > MOST_MARKS + 1;
