// Unpacks what servers compress. A few kilobytes may stand for gigabytes, so what comes out is counted while it comes.

import { pipeline, Readable, type Transform } from "node:stream";
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from "node:zlib";

/** What came cannot be unpacked, or should not be. `isCut`: it broke off. */
export class UnpackError extends Error {
  override readonly name = "UnpackError";
  readonly isCut: boolean;

  constructor(message: string, { cause, isCut = false }: { cause?: unknown; isCut?: boolean } = {}) {
    super(message, { cause });
    this.isCut = isCut;
  }
}

export type Coding = "gzip" | "deflate" | "br" | "zstd";

/** Ordinary content unpacks to about thirty times its size; a bomb of a few kilobytes to gigabytes. */
const MAX_RATIO = 100;
const ALWAYS_ALLOWED_BYTES = 32 * 1024 * 1024;

/**
 * The coding that a Content-Encoding names. Undefined for none, and for other names: some servers write a charset there.
 * Throws an UnpackError for a body that is compressed more than once, which no server means and bombs are made of.
 */
export function codingOf(header: string | null): Coding | undefined {
  const codings = (header ?? "").split(",").flatMap((name) => NAMES.get(name.trim().toLowerCase()) ?? []);
  if (codings.length > 1)
    throw new UnpackError(`The response is compressed more than once (${codings.join(", ")})`);
  return codings[0];
}

const NAMES = new Map<string, Coding>([
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["deflate", "deflate"],
  ["br", "br"],
  ["zstd", "zstd"],
]);

/**
 * Yields the content of a body, each part as soon as it can be read. Throws an UnpackError for a bomb and for what is not in its
 * coding or breaks off, and what the body itself throws. Whoever opened the body closes it.
 */
export async function* unpacked(
  body: AsyncIterable<Uint8Array>,
  coding: Coding,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const chunks = body[Symbol.asyncIterator]();
  const first = await firstBytes(chunks);
  const decoder = decoderFor(coding, first);
  const source = { bytes: 0, hasFailed: false };
  async function* packed() {
    try {
      for (let next = { done: false, value: first }; !next.done; next = await nextOf(chunks)) {
        source.bytes += next.value.byteLength;
        yield next.value;
      }
    } catch (error) {
      source.hasFailed = true;
      throw error;
    }
  }
  if (!decoder) {
    for await (const chunk of packed()) yield new Uint8Array(chunk);
    return;
  }
  // Errors surface when the decoder is read.
  pipeline(Readable.from(packed(), { objectMode: false }), decoder, () => {});
  let bytes = 0;
  try {
    for await (const chunk of decoder as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength;
      if (bytes > ALWAYS_ALLOWED_BYTES && bytes > source.bytes * MAX_RATIO) {
        throw new UnpackError(`The response decompresses to more than ${MAX_RATIO} times its size`);
      }
      yield new Uint8Array(chunk);
    }
  } catch (cause) {
    if (source.hasFailed || cause instanceof UnpackError) throw cause;
    const isCut = (cause as { code?: unknown }).code === "Z_BUF_ERROR";
    const reason = isCut ? "ends early" : `is not in its coding (${coding})`;
    throw new UnpackError(`The response ${reason}`, { cause, isCut });
  }
}

type Chunks = AsyncIterator<Uint8Array>;

async function nextOf(chunks: Chunks): Promise<{ done: boolean; value: Uint8Array }> {
  const { done = false, value } = await chunks.next();
  return { done, value: done ? new Uint8Array() : value };
}

/** The first two bytes tell the codings apart. */
async function firstBytes(chunks: Chunks): Promise<Uint8Array> {
  let first = new Uint8Array();
  while (first.byteLength < 2) {
    const { done, value } = await nextOf(chunks);
    if (done) break;
    first = new Uint8Array(Buffer.concat([first, value]));
  }
  return first;
}

/** Undefined if a proxy has unpacked the body without saying so. */
function decoderFor(coding: Coding, [first = 0, second = 0]: Uint8Array): Transform | undefined {
  switch (coding) {
    case "gzip":
      return first === 0x1f && second === 0x8b ? createGunzip() : undefined;
    case "deflate": {
      // By the standard it has the header of zlib, which many servers leave out.
      const hasHeader = (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;
      return hasHeader ? createInflate() : createInflateRaw();
    }
    case "br":
      return createBrotliDecompress();
    case "zstd":
      return first === 0x28 && second === 0xb5 ? createZstdDecompress() : undefined;
    default:
      return coding satisfies never;
  }
}
