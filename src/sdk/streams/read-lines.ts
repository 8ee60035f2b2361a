// Splits a byte stream into lines of bounded length. Each byte is examined once, however the stream is chunked.

import { HeddleError } from "../../errors.ts";

/** The source of the lines: a response of `fetch`, its body, or any byte stream. */
export type ByteSource = Response | ReadableStream<Uint8Array>;

/** Options of `readJsonLines` and `readSse`. */
export interface LineOptions {
  /** The most characters of one line, and of one event's data; longer ones end the stream. Default 1,000,000. */
  maxLength?: number;
}

const MAX_LENGTH = 1_000_000;

/** Yields lines without their ends ("\n", "\r\n" or "\r"). The last line needs none. Throws `payload_too_large`. */
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
        // This is the second half of "\r\n".
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
    // This also runs when the consumer stops early.
    await reader.cancel().catch(() => {});
  }
}

export const tooLong = (maxLength: number): HeddleError =>
  new HeddleError(
    "payload_too_large",
    `A line of the stream must have at most ${maxLength} characters; got more.`,
  );
