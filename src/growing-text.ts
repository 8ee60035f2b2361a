// A text that grows by thousands of pieces and is read meanwhile. Reading the end of a string that was just added to copies all of
// it, so a long answer would cost the square of its length; and a million pieces of five characters take a hundred megabytes as long
// as each is a string of its own.

export interface GrowingText {
  readonly length: number;
  add(piece: string): void;
  /** The part between two places, at the cost of its own length and of the newest block. */
  slice(from: number, to?: number): string;
  toString(): string;
}

/** Characters from which on the newest pieces become one. */
const BLOCK = 4_096;

export function createGrowingText(first = ""): GrowingText {
  let blocks: string[] = [];
  /** Where each block begins. */
  let starts: number[] = [];
  let newest: string[] = [];
  let newestLength = 0;
  let length = 0;

  function add(piece: string): void {
    if (piece === "") return;
    newest.push(piece);
    newestLength += piece.length;
    length += piece.length;
    if (newestLength >= BLOCK) close();
  }

  /** Makes one block of the newest pieces. */
  function close(): void {
    if (newestLength === 0) return;
    starts.push(length - newestLength);
    blocks.push(newest.length === 1 ? (newest[0] ?? "") : newest.join(""));
    newest = [];
    newestLength = 0;
  }

  /** The pieces since the last block, as one. */
  function newestText(): string {
    if (newest.length > 1) newest = [newest.join("")];
    return newest[0] ?? "";
  }

  /** The block that holds the place. */
  function blockAt(place: number): number {
    let [low, high] = [0, blocks.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  add(first);
  return {
    get length() {
      return length;
    },
    add,
    slice(from, to = length) {
      const end = Math.min(to, length);
      if (from >= end) return "";
      const closed = length - newestLength;
      const after = end > closed ? newestText().slice(Math.max(0, from - closed), end - closed) : "";
      if (from >= closed) return after;
      const begin = blockAt(from);
      const start = starts[begin] ?? 0;
      const before = blocks.slice(begin, blockAt(Math.min(end, closed) - 1) + 1).join("");
      return before.slice(from - start, end - start) + after;
    },
    toString() {
      close();
      const whole = blocks.length === 1 ? (blocks[0] ?? "") : blocks.join("");
      blocks = whole === "" ? [] : [whole];
      starts = whole === "" ? [] : [0];
      return whole;
    },
  };
}
