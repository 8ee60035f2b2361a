// A text that grows by thousands of pieces and is read meanwhile. Reading the end of a string that was just added to copies all of
// it, so a long answer would cost the square of its length.

export interface WrittenText {
  readonly length: number;
  add(piece: string): void;
  /** The part between two places, at the cost of its own length. */
  slice(from: number, to?: number): string;
  toString(): string;
}

export function createWrittenText(first = ""): WrittenText {
  let pieces: string[] = [];
  /** Where each piece begins. */
  let starts: number[] = [];
  let length = 0;

  function add(piece: string): void {
    if (piece === "") return;
    pieces.push(piece);
    starts.push(length);
    length += piece.length;
  }

  /** The piece that holds the place. */
  function pieceAt(place: number): number {
    let [low, high] = [0, pieces.length - 1];
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
      const [begin, last] = [pieceAt(from), pieceAt(end - 1)];
      const start = starts[begin] ?? 0;
      return pieces
        .slice(begin, last + 1)
        .join("")
        .slice(from - start, end - start);
    },
    toString() {
      const whole = pieces.join("");
      pieces = whole === "" ? [] : [whole];
      starts = whole === "" ? [] : [0];
      return whole;
    },
  };
}
