// The `fetch` used for model endpoints. It gives up on an endpoint that streams without end, or sends far more than any
// real answer.

import { setImmediate } from "node:timers/promises";
import { AttemptFailure } from "./attempt.ts";
import { withinItsServer } from "./redirects.ts";

export interface Bounds {
  /** Bytes per response. A streamed token takes about 400, and the longest answers have 200,000 tokens. */
  bytes: number;
  /** Bytes per line, which is one chunk of a streamed response. The parser copies the line with each packet. */
  lineBytes: number;
  /** Bytes read from an error response. */
  failureBytes: number;
}

const BOUNDS: Bounds = { bytes: 256 * 1024 * 1024, lineBytes: 4 * 1024 * 1024, failureBytes: 64 * 1024 };

const BYTES_PER_TURN = 64 * 1024;
/** The openai package copies the rest of a chunk once per event in it, so chunks are kept small. */
const CHUNK_BYTES = 4 * 1024;

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface BoundedFetchOptions {
  bounds?: Bounds;
  send?: Fetch;
  /** Called whenever a part of a response arrives. */
  onBytes?: () => void;
}

export function createBoundedFetch(options: BoundedFetchOptions = {}): Fetch {
  const { bounds = BOUNDS, onBytes = () => {} } = options;
  const send = withinItsServer(options.send ?? fetch);
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    // A few compressed kilobytes may expand to gigabytes at once.
    headers.set("accept-encoding", "identity");
    const unpacked = { decompress: false };
    const response = await send(input, { ...init, headers, ...unpacked });
    const coding = response.headers.get("content-encoding") ?? "identity";
    if (coding !== "identity") {
      await response.body?.cancel();
      throw new AttemptFailure(
        "garbled",
        `the response is compressed (${coding}) although none was requested`,
      );
    }
    if (!response.body) return response;
    const body = response.ok
      ? bounded(response.body, bounds, onBytes)
      : await readStart(response.body, bounds);
    return new Response(body, response);
  };
}

function bounded(
  body: ReadableStream<Uint8Array>,
  { bytes, lineBytes }: Bounds,
  onBytes: () => void,
): ReadableStream<Uint8Array> {
  let total = 0;
  let line = 0;
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    async transform(chunk, controller) {
      onBytes();
      total += chunk.byteLength;
      const end = chunk.lastIndexOf(0x0a);
      line = end < 0 ? line + chunk.byteLength : chunk.byteLength - end - 1;
      if (total > bytes || line > lineBytes) {
        throw new AttemptFailure("garbled", "the response is too long");
      }
      for (let at = 0; at < chunk.byteLength; at += CHUNK_BYTES) {
        controller.enqueue(chunk.subarray(at, at + CHUNK_BYTES));
      }
      // Buffered chunks are consumed without yielding to the event loop, and empty lines give nothing to wait for.
      if (Math.floor(total / BYTES_PER_TURN) > Math.floor((total - chunk.byteLength) / BYTES_PER_TURN)) {
        await setImmediate();
      }
    },
  });
  return body.pipeThrough(counting);
}

async function readStart(
  body: ReadableStream<Uint8Array>,
  { failureBytes }: Bounds,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let total = 0;
  const reader = body.getReader();
  while (total < failureBytes) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    total += value.byteLength;
  }
  await reader.cancel();
  return new Uint8Array(Buffer.concat(parts).subarray(0, failureBytes));
}
