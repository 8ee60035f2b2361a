// Reads a request's body up to a limit that holds while it arrives, whatever its headers promise.

import { HeddleError } from "../errors.ts";

export interface ReadBody {
  /** Bytes. */
  limit: number;
  /** How long the whole body may take. */
  timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** Throws `payload_too_large`, or `bad_request` when the body breaks off or takes too long. */
export async function readBody(request: Request, options: ReadBody): Promise<Uint8Array<ArrayBuffer>> {
  const { limit, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const announced = Number(request.headers.get("content-length") ?? Number.NaN);
  if (announced > limit) throw tooLarge(limit);
  if (announced === 0 || request.method === "GET" || request.method === "HEAD") return new Uint8Array();
  // An announced body cannot be longer than that and needs no counting, which costs about as much as reading it.
  return announced > 0 ? readAnnounced(request, limit, timeoutMs) : readStream(request, limit, timeoutMs);
}

async function readAnnounced(
  request: Request,
  limit: number,
  timeoutMs: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(tooSlow()), timeoutMs);
  try {
    const bytes = new Uint8Array(await Promise.race([request.arrayBuffer(), late.promise]));
    // The listener holds a sender to its word; a request that came another way is checked here.
    if (bytes.byteLength > limit) throw tooLarge(limit);
    return bytes;
  } catch (error) {
    throw brokenOff(error);
  } finally {
    clearTimeout(timer);
  }
}

async function readStream(
  request: Request,
  limit: number,
  timeoutMs: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader: Reader | undefined = request.body?.getReader();
  if (!reader) return new Uint8Array();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(tooSlow());
    reader.cancel().catch(() => {});
  }, timeoutMs);
  try {
    return await Promise.race([collect(reader, limit), late.promise]);
  } catch (error) {
    throw brokenOff(error);
  } finally {
    clearTimeout(timer);
  }
}

interface Reader {
  read(): Promise<{ done: boolean; value?: Uint8Array<ArrayBuffer> | undefined }>;
  cancel(): Promise<void>;
}

async function collect(reader: Reader, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done || !value) break;
    size += value.byteLength;
    if (size > limit) {
      // Not awaited: the sender need not be done with sending before it hears the answer.
      reader.cancel().catch(() => {});
      throw tooLarge(limit);
    }
    parts.push(value);
  }
  if (parts.length === 1 && parts[0]) return parts[0];
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

const tooSlow = () => new HeddleError("bad_request", "The body did not arrive in time.");

const tooLarge = (limit: number) =>
  new HeddleError("payload_too_large", `The body is larger than ${limit.toLocaleString("en")} bytes.`);
