// Leaves out the comments of an event stream before they become text. They may be all that comes for minutes, and a text of each
// would be garbage by the hundred megabytes.

const [TAB, LINE_FEED, RETURN, SPACE, COLON] = [0x09, 0x0a, 0x0d, 0x20, 0x3a];
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** What stands behind white space and byte order marks. A mark that has not come whole is left. */
export function withoutLeadingBlanks(bytes: Uint8Array): Uint8Array {
  let at = 0;
  for (;;) {
    const byte = bytes[at];
    if (byte === SPACE || byte === LINE_FEED || byte === RETURN || byte === TAB) at += 1;
    else if (BYTE_ORDER_MARK.every((mark, offset) => bytes[at + offset] === mark)) at += 3;
    else return at === 0 ? bytes : bytes.subarray(at);
  }
}

/**
 * Returns a function that gives the parts of each chunk of a stream which belong to events: neither comments nor empty lines that end
 * none. The stream begins with a line.
 */
export function createCommentFilter(): (chunk: Uint8Array) => Generator<Uint8Array, void> {
  let isAtStart = true;
  let isDropped = false;
  /** An event has begun, which an empty line ends. */
  let hasBegun = false;
  /** The chunk before ended with a return, of which a line feed would be a part. */
  let isReturned = false;

  /** Decides about the line that begins with the byte. */
  function begin(byte: number | undefined): void {
    const isEmpty = byte === LINE_FEED || byte === RETURN;
    isDropped = byte === COLON || (isEmpty && !hasBegun);
    if (!isDropped) hasBegun = !isEmpty;
  }

  return function* (chunk) {
    const endOfLine = lineEndsIn(chunk);
    let at = isReturned && chunk[0] === LINE_FEED ? 1 : 0;
    let kept = at;
    if (chunk.byteLength > 0) isReturned = false;
    while (at < chunk.byteLength) {
      if (isAtStart) {
        begin(chunk[at]);
        if (isDropped && at > kept) yield chunk.subarray(kept, at);
      }
      const end = endOfLine(at);
      isAtStart = end >= 0;
      at = isAtStart ? end + 1 : chunk.byteLength;
      if (isAtStart && chunk[end] === RETURN) {
        if (chunk[at] === LINE_FEED) at += 1;
        else isReturned = at === chunk.byteLength;
      }
      if (isDropped) kept = at;
    }
    if (kept < chunk.byteLength) yield kept === 0 ? chunk : chunk.subarray(kept);
  };
}

/** Returns a function that finds where the line ends that goes on at a place; the places must ascend. */
function lineEndsIn(chunk: Uint8Array): (from: number) => number {
  let [feed, carriage] = [-1, -1];
  const find = (mark: number, from: number): number => {
    const found = chunk.indexOf(mark, from);
    return found < 0 ? chunk.byteLength : found;
  };
  return (from) => {
    if (feed < from) feed = find(LINE_FEED, from);
    if (carriage < from) carriage = find(RETURN, from);
    const end = Math.min(feed, carriage);
    return end < chunk.byteLength ? end : -1;
  };
}
