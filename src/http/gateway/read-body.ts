// Reads a request's body, and decompresses it. The limit is enforced while the body arrives, whatever the headers announce, and a
// sender below a minimum pace is cut off.

import { HeddleError } from "../../errors.ts";
import { within } from "../../within.ts";
import { type Growing, SMALL_BODY } from "./intake.ts";
import { joined } from "./join-parts.ts";
import { codingOfBody, unpackBody } from "./unpack-body.ts";

export interface ReadBody {
  /** The maximum number of bytes, as they arrive and decompressed. */
  limit: number;
  /** Accounts for the bytes. */
  lease?: Growing | undefined;
  pace?: Pace | undefined;
}

/** How long a body may take: `graceMs` plus the time that its bytes so far take at this rate. */
export interface Pace {
  graceMs: number;
  bytesPerSecond: number;
}

const PACE: Pace = { graceMs: 10_000, bytesPerSecond: 64 * 1024 };

/**
 * Throws "payload_too_large", "request_timeout", the lease's errors, "bad_request" if the body is cut off or not compressed as its
 * headers say, and "unsupported_media_type" for other compressions than gzip and deflate.
 */
export async function readBody(request: Request, options: ReadBody): Promise<Uint8Array<ArrayBuffer>> {
  const coding = codingOfBody(request.headers);
  const arrived = await readArrived(request, options);
  if (!coding) return arrived;
  return unpackBody(arrived, coding, { ...options, tooLarge: () => tooLarge(options.limit) });
}

async function readArrived(request: Request, options: ReadBody): Promise<Uint8Array<ArrayBuffer>> {
  const { limit, lease, pace = PACE } = options;
  const announced = Number(request.headers.get("content-length") ?? Number.NaN);
  if (announced > limit) throw tooLarge(limit);
  if (announced === 0 || request.method === "GET" || request.method === "HEAD") return new Uint8Array();
  // A small body cannot exceed its announced length, so its bytes need not be counted, which costs about as much as
  // reading them. A larger body is counted as it arrives, because a sender must not use up the budget by announcing
  // bytes that it never sends.
  return announced > 0 && announced <= SMALL_BODY
    ? readAnnounced(request, announced, { limit, lease, pace })
    : readStream(request, { limit, lease, pace });
}

type Reading = Required<Pick<ReadBody, "limit">> & { lease: Growing | undefined; pace: Pace };

async function readAnnounced(
  request: Request,
  announced: number,
  { limit, lease, pace }: Reading,
): Promise<Uint8Array<ArrayBuffer>> {
  await lease?.grow(announced);
  try {
    const bytes = new Uint8Array(await within(pace.graceMs, request.arrayBuffer(), { error: tooSlow }));
    // The listener enforces the announced length; requests that did not come through it are checked here.
    if (bytes.byteLength > limit) throw tooLarge(limit);
    return bytes;
  } catch (error) {
    throw brokenOff(error);
  }
}

interface Reader {
  read(): Promise<{ done: boolean; value?: Uint8Array<ArrayBuffer> | undefined }>;
  cancel(): Promise<void>;
}

/** Reads part by part; the connection's flow control holds back what was not read yet. */
async function readStream(request: Request, reading: Reading): Promise<Uint8Array<ArrayBuffer>> {
  const reader: Reader | undefined = request.body?.getReader();
  if (!reader) return new Uint8Array();
  try {
    return await collect(reader, reading);
  } catch (error) {
    // Not awaited, so that the sender gets the answer before it has finished sending.
    reader.cancel().catch(() => {});
    throw brokenOff(error);
  }
}

async function collect(
  reader: Reader,
  { limit, lease, pace: { graceMs, bytesPerSecond } }: Reading,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  // Each byte that arrives extends the deadline.
  let end = performance.now() + graceMs;
  for (;;) {
    const left = end - performance.now();
    // A timer would never fire for a sender that always has one more byte ready.
    if (left <= 0) throw tooSlow();
    const { done, value } = await within(left, reader.read(), { error: tooSlow });
    if (done || !value) break;
    size += value.byteLength;
    if (size > limit) throw tooLarge(limit);
    const came = performance.now();
    await lease?.grow(value.byteLength);
    // What it waits for is not the sender's slowness.
    end += performance.now() - came + (value.byteLength / bytesPerSecond) * 1000;
    parts.push(value);
  }
  return joined(parts, size);
}

function brokenOff(error: unknown): HeddleError {
  if (error instanceof HeddleError) return error;
  return new HeddleError("bad_request", "The body ended early.", { cause: error });
}

const tooSlow = () => new HeddleError("request_timeout", "The body did not arrive in time.");

const tooLarge = (limit: number) =>
  new HeddleError(
    "payload_too_large",
    `The body must not be larger than ${limit.toLocaleString("en")} bytes.`,
  );
