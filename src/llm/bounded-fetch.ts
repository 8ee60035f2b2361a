// The fetch by which models are asked: an endpoint that sends without end, or far more than an answer has, is not listened to.

import { setImmediate } from "node:timers/promises";
import { AttemptFailure } from "./attempt.ts";

export interface Bounds {
  /** Bytes of an answer. A streamed token takes about 400, and the longest answers have 200,000. */
  bytes: number;
  /** Bytes of a line, which is one piece of a streamed answer. What reads them copies a line with each packet. */
  lineBytes: number;
  /** Bytes that are read of what an endpoint says of a failure. */
  failureBytes: number;
}

const BOUNDS: Bounds = { bytes: 256 * 1024 * 1024, lineBytes: 4 * 1024 * 1024, failureBytes: 64 * 1024 };

const BYTES_A_TURN = 64 * 1024;
/** The openai package copies what is left of a piece with each event in it. */
const PIECE_BYTES = 4 * 1024;

type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

export function createBoundedFetch(bounds: Bounds = BOUNDS, ask: Fetch = fetch): Fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    // A few kilobytes may unpack to gigabytes, in one go.
    headers.set("accept-encoding", "identity");
    const unpacked = { decompress: false };
    const response = await ask(input, { ...init, headers, ...unpacked });
    const coding = response.headers.get("content-encoding") ?? "identity";
    if (coding !== "identity") {
      await response.body?.cancel();
      throw new AttemptFailure("garbled", `the answer is compressed (${coding}), which was not asked for`);
    }
    if (!response.body) return response;
    const body = response.ok ? bounded(response.body, bounds) : await beginning(response.body, bounds);
    return new Response(body, response);
  };
}

function bounded(body: ReadableStream<Uint8Array>, { bytes, lineBytes }: Bounds): ReadableStream<Uint8Array> {
  let total = 0;
  let line = 0;
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    async transform(chunk, controller) {
      total += chunk.byteLength;
      const end = chunk.lastIndexOf(0x0a);
      line = end < 0 ? line + chunk.byteLength : chunk.byteLength - end - 1;
      if (total > bytes || line > lineBytes) {
        throw new AttemptFailure("garbled", "the answer is far longer than any answer");
      }
      for (let at = 0; at < chunk.byteLength; at += PIECE_BYTES) {
        controller.enqueue(chunk.subarray(at, at + PIECE_BYTES));
      }
      // What is there already is taken without a turn of the event loop, and empty lines give nothing to wait for.
      if (Math.floor(total / BYTES_A_TURN) > Math.floor((total - chunk.byteLength) / BYTES_A_TURN)) {
        await setImmediate();
      }
    },
  });
  return body.pipeThrough(counting);
}

async function beginning(
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
