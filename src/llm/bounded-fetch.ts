// The `fetch` used for model endpoints. It gives up on an endpoint that streams without end, or sends far more than any
// real answer.

import { setImmediate } from "node:timers/promises";
import { codingOf, UnpackError, unpacked } from "../unpack.ts";
import { AttemptFailure } from "./attempt.ts";
import { failureBody } from "./failure-body.ts";
import { withinItsServer } from "./redirects.ts";
import { wellFormedJson } from "./wire/well-formed.ts";

export interface Bounds {
  /** Bytes per response, when it is unpacked. A streamed token takes about 400, and the longest answers have 200,000 tokens. */
  bytes: number;
  /** Bytes per line, which is one chunk of a streamed response. */
  lineBytes: number;
  /** Bytes read from an error response. */
  failureBytes: number;
}

const BOUNDS: Bounds = { bytes: 256 * 1024 * 1024, lineBytes: 4 * 1024 * 1024, failureBytes: 64 * 1024 };

const BYTES_PER_TURN = 64 * 1024;

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
    // Tokens gain nothing by compression, and would wait for it. Proxies compress nevertheless.
    headers.set("accept-encoding", "identity");
    // A few compressed kilobytes would be unpacked to gigabytes at once.
    const asItCame = { decompress: false };
    const { body: given } = init ?? {};
    const sent = typeof given === "string" ? { body: wellFormedJson(given) } : {};
    const response = await send(input, { ...init, ...sent, headers, ...asItCame });
    if (!response.body) return response;
    const reader = response.body.getReader();
    const content = contentOf(reader, response.headers.get("content-encoding"));
    const body = response.ok
      ? bounded(reader, content, bounds, onBytes)
      : failureBody(
          new TextDecoder().decode(await readStart(content, bounds).finally(() => reader.cancel())),
        );
    const about = { status: response.status, statusText: response.statusText };
    return new Response(body, { ...about, headers: withoutCoding(response.headers) });
  };
}

type Reader = Pick<ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>, "read" | "cancel">;
type Content = AsyncGenerator<Uint8Array<ArrayBuffer>>;

async function* chunksOf(reader: Reader): Content {
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}

async function* contentOf(reader: Reader, header: string | null): Content {
  try {
    const coding = codingOf(header);
    yield* coding ? unpacked(chunksOf(reader), coding) : chunksOf(reader);
  } catch (error) {
    if (!(error instanceof UnpackError)) throw error;
    throw new AttemptFailure(error.isCut ? "cut" : "garbled", error.message, { cause: error });
  }
}

/** These headers describe the bytes that came, which the reader does not see. */
function withoutCoding(given: Headers): Headers {
  const headers = new Headers(given);
  headers.delete("content-encoding");
  headers.delete("content-length");
  return headers;
}

function bounded(
  reader: Reader,
  content: Content,
  { bytes, lineBytes }: Bounds,
  onBytes: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let total = 0;
  let line = 0;
  async function next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { done, value: chunk } = await content.next();
    if (done) return undefined;
    onBytes();
    total += chunk.byteLength;
    const end = chunk.lastIndexOf(0x0a);
    line = end < 0 ? line + chunk.byteLength : chunk.byteLength - end - 1;
    if (total > bytes || line > lineBytes) throw new AttemptFailure("endless", "the response is too long");
    // Buffered chunks are consumed without yielding to the event loop, and empty lines give nothing to wait for.
    if (Math.floor(total / BYTES_PER_TURN) > Math.floor((total - chunk.byteLength) / BYTES_PER_TURN)) {
      await setImmediate();
    }
    return chunk;
  }
  return new ReadableStream({
    async pull(controller) {
      try {
        const chunk = await next();
        if (chunk) controller.enqueue(chunk);
        else controller.close();
      } catch (error) {
        controller.error(error);
        await reader.cancel().catch(() => undefined);
      }
    },
    cancel: () => reader.cancel(),
  });
}

async function readStart(content: Content, { failureBytes }: Bounds): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of content) {
    parts.push(chunk);
    total += chunk.byteLength;
    if (total >= failureBytes) break;
  }
  return new Uint8Array(Buffer.concat(parts).subarray(0, failureBytes));
}
