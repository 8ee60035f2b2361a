// Reads a request's body up to a limit that holds while it arrives, whatever its headers promise, and at a pace below which
// the sender is not waited for.

import { HeddleError } from "../../errors.ts";
import { within } from "../../within.ts";
import { type Lease, SMALL_BODY } from "./intake.ts";

export interface ReadBody {
  /** Bytes. */
  limit: number;
  /** Pays for the bytes of a sender that nobody knows yet. */
  lease?: Lease | undefined;
  pace?: Pace | undefined;
}

/** How long a body may take: `graceMs`, and what its bytes so far take at this rate. */
export interface Pace {
  graceMs: number;
  bytesPerSecond: number;
}

const PACE: Pace = { graceMs: 10_000, bytesPerSecond: 64 * 1024 };

/** Throws "payload_too_large", "request_timeout", what the lease throws, or "bad_request" when the body breaks off. */
export async function readBody(request: Request, options: ReadBody): Promise<Uint8Array<ArrayBuffer>> {
  const { limit, lease, pace = PACE } = options;
  const announced = Number(request.headers.get("content-length") ?? Number.NaN);
  if (announced > limit) throw tooLarge(limit);
  if (announced === 0 || request.method === "GET" || request.method === "HEAD") return new Uint8Array();
  // A small announced body cannot be longer than that and needs no counting, which costs about as much as reading it.
  // Of a larger one nothing is taken for granted: whoever announces much and sends little must not use up the budget.
  return announced > 0 && announced <= SMALL_BODY
    ? readAnnounced(request, announced, { limit, lease, pace })
    : readStream(request, { limit, lease, pace });
}

type Reading = Required<Pick<ReadBody, "limit">> & { lease: Lease | undefined; pace: Pace };

async function readAnnounced(
  request: Request,
  announced: number,
  { limit, lease, pace }: Reading,
): Promise<Uint8Array<ArrayBuffer>> {
  lease?.grow(announced);
  try {
    const bytes = new Uint8Array(await within(pace.graceMs, request.arrayBuffer(), { error: tooSlow }));
    // The listener holds a sender to its word; a request that came another way is checked here.
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

/** What is not read yet stays with the sender: the connection holds it back. */
async function readStream(request: Request, reading: Reading): Promise<Uint8Array<ArrayBuffer>> {
  const reader: Reader | undefined = request.body?.getReader();
  if (!reader) return new Uint8Array();
  try {
    return await collect(reader, reading);
  } catch (error) {
    // Not awaited: the sender need not be done with sending before it hears the answer.
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
  // Each byte that arrives moves the end.
  let end = performance.now() + graceMs;
  for (;;) {
    const left = end - performance.now();
    // A timer would let a sender go on that always has one more byte ready.
    if (left <= 0) throw tooSlow();
    const { done, value } = await within(left, reader.read(), { error: tooSlow });
    if (done || !value) break;
    size += value.byteLength;
    if (size > limit) throw tooLarge(limit);
    lease?.grow(value.byteLength);
    end += (value.byteLength / bytesPerSecond) * 1000;
    parts.push(value);
  }
  return parts.length === 1 && parts[0] ? parts[0] : joined(parts, size);
}

function joined(parts: Uint8Array<ArrayBuffer>[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

function brokenOff(error: unknown): HeddleError {
  if (error instanceof HeddleError) return error;
  return new HeddleError("bad_request", "The body broke off before its end.", { cause: error });
}

const tooSlow = () => new HeddleError("request_timeout", "The body did not arrive in time.");

const tooLarge = (limit: number) =>
  new HeddleError("payload_too_large", `The body is larger than ${limit.toLocaleString("en")} bytes.`);
