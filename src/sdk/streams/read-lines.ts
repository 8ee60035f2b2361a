// Lines of a stream of bytes: each byte is looked at once, however the stream is cut, and a line is bounded.

import { HeddleError } from "../../errors.ts";

/** Where lines are read from: an answer of `fetch`, its body, or any stream of bytes. */
export type ByteSource = Response | ReadableStream<Uint8Array>;

/** What `readJsonLines` and `readSse` take besides the source. */
export interface LineOptions {
  /** Characters of one line, and of one event's data; with more the source is ended. Default 1,000,000. */
  maxLength?: number;
}

const MAX_LENGTH = 1_000_000;

/** Without their ends, "\n", "\r\n" or "\r". A last line needs no end. Throws `payload_too_large`. */
export async function* readLines(
  source: ByteSource,
  { maxLength = MAX_LENGTH }: LineOptions = {},
): AsyncGenerator<string> {
  const stream = source instanceof Response ? source.body : source;
  if (!stream) return;
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let pieces: string[] = [];
  let length = 0;
  let afterReturn = false;
  const add = (piece: string): void => {
    length += piece.length;
    if (length > maxLength) throw tooLong(maxLength);
    pieces.push(piece);
  };
  const take = (): string => {
    const line = pieces.join("");
    pieces = [];
    length = 0;
    return line;
  };
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const text = done ? decoder.decode() : decoder.decode(value, { stream: true });
      let from = 0;
      for (const { index, 0: end } of text.matchAll(/[\r\n]/g)) {
        // The second half of "\r\n".
        if (afterReturn && end === "\n" && index === from && length === 0) {
          from = index + 1;
          afterReturn = false;
          continue;
        }
        add(text.slice(from, index));
        from = index + 1;
        afterReturn = end === "\r";
        yield take();
      }
      if (from < text.length) {
        add(text.slice(from));
        afterReturn = false;
      }
      if (done) break;
    }
    if (length > 0) yield take();
  } finally {
    // Also when the reader of the lines stops early.
    await reader.cancel().catch(() => {});
  }
}

export const tooLong = (maxLength: number): HeddleError =>
  new HeddleError(
    "payload_too_large",
    `A line of the stream must have at most ${maxLength} characters; got more.`,
  );
