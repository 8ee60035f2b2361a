// Bodies that their senders compress. Only gzip and deflate are accepted: their decoders need a few kilobytes, while those of
// brotli and zstd may take megabytes for each request of a stranger.

import { HeddleError } from "../../errors.ts";
import { type Coding, UnpackError, unpacked } from "../../unpack.ts";
import { UnsupportedCoding } from "../errors.ts";
import type { Growing } from "./intake.ts";
import { joined } from "./join-parts.ts";

const ACCEPTED = new Map<string, Coding>([
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["deflate", "deflate"],
]);
/** Other names are ignored, because some senders put a charset into this header. */
const REFUSED = new Set(["br", "zstd", "compress", "x-compress", "dcb", "dcz", "aes128gcm"]);

/** Returns how a body is compressed, if it is. Throws `unsupported_media_type`. */
export function codingOfBody(headers: Headers): Coding | undefined {
  const header = headers.get("content-encoding");
  if (header === null) return undefined;
  const names = header.split(",").map((name) => name.trim().toLowerCase());
  const codings = names.flatMap((name) => ACCEPTED.get(name) ?? []);
  if (codings.length > 1 || names.some((name) => REFUSED.has(name))) {
    throw new UnsupportedCoding(
      `Content-Encoding must be gzip, deflate or identity; got ${JSON.stringify(header.slice(0, SHOWN))}.`,
    );
  }
  return codings[0];
}

const SHOWN = 100;

/** The limit and the lease count what comes out. Throws `bad_request`, `payload_too_large` and the lease's errors. */
export async function unpackBody(
  packed: Uint8Array,
  coding: Coding,
  { limit, lease, tooLarge }: { limit: number; lease?: Growing | undefined; tooLarge: () => HeddleError },
): Promise<Uint8Array<ArrayBuffer>> {
  if (packed.byteLength === 0) return new Uint8Array();
  if (coding === "gzip" && !(packed[0] === 0x1f && packed[1] === 0x8b)) throw notCoded(coding);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  try {
    for await (const part of unpacked(whole(packed), coding)) {
      size += part.byteLength;
      if (size > limit) throw tooLarge();
      await lease?.grow(part.byteLength);
      parts.push(part);
    }
  } catch (error) {
    throw error instanceof UnpackError ? notCoded(coding, error) : error;
  }
  return joined(parts, size);
}

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const notCoded = (coding: Coding, cause?: UnpackError): HeddleError =>
  new HeddleError(
    "bad_request",
    `The body must be compressed with ${coding}, as its Content-Encoding says.`,
    {
      cause,
    },
  );
