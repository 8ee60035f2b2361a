// Performs one HTTP exchange with an address that was already checked. It uses node:http rather than fetch with undici's
// Agent: Bun replaces undici with its own fetch, which ignores the Agent's `lookup` (seen with 1.4.5) and would resolve the
// name a second time, perhaps to another address.

import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { pipeline, Readable } from "node:stream";
import { codingOf, unpacked } from "../unpack.ts";
import type { Address } from "./address.ts";

export type SentBody = Uint8Array | ReadableStream<Uint8Array> | null;

export interface SentRequest {
  url: URL;
  method: string;
  headers: Headers;
  body: SentBody;
  /** Aborts the exchange, including reading the response body. */
  signal: AbortSignal;
  /** Addresses to connect to; if one does not answer, the next one is tried. */
  addresses: Address[];
}

/** Rejects with the connection's error, or with the signal's reason. */
export function send(sent: SentRequest): Promise<Response> {
  const { url, method, headers, body, signal, addresses } = sent;
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  const [first] = addresses;
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(signal.aborted ? signal.reason : error);
    const outgoing = request(
      url,
      {
        method,
        signal,
        headers: Object.fromEntries(sentHeaders(headers, body)),
        // Never reuse a connection: a kept one may lead to an address that was allowed only to another caller.
        agent: false,
        // The host name is still used for Host and the TLS handshake; only the DNS look-up is replaced.
        lookup: (_name, options, done) => {
          if (options.all) done(null, addresses);
          else done(null, first?.address ?? "", first?.family ?? 0);
        },
      },
      (incoming) => {
        try {
          resolve(responseOf(incoming, method, signal));
        } catch (error) {
          incoming.destroy();
          reject(error);
        }
      },
    );
    outgoing.on("error", fail);
    if (body instanceof ReadableStream) {
      pipeline(Readable.from(body), outgoing, (error) => error && fail(error));
    } else outgoing.end(body ?? undefined);
  });
}

/** Headers that control the connection; the caller must not set them. */
const OWN_HEADERS =
  /^(host|connection|keep-alive|transfer-encoding|content-length|upgrade|te|trailer|expect|proxy-.*)$/;

function sentHeaders(headers: Headers, body: SentBody): Headers {
  const sent = new Headers({ accept: "*/*", "user-agent": "heddle", "accept-encoding": "gzip, br, zstd" });
  for (const [name, value] of headers) if (!OWN_HEADERS.test(name)) sent.set(name, value);
  if (body instanceof Uint8Array) sent.set("content-length", String(body.byteLength));
  return sent;
}

/** Statuses of responses without a body. */
const BODILESS = new Set([204, 205, 304]);

function responseOf(incoming: IncomingMessage, method: string, signal: AbortSignal): Response {
  const headers = new Headers();
  for (let at = 0; at + 1 < incoming.rawHeaders.length; at += 2) {
    headers.append(incoming.rawHeaders[at] ?? "", incoming.rawHeaders[at + 1] ?? "");
  }
  const status = incoming.statusCode ?? 0;
  const init = { status, statusText: incoming.statusMessage ?? "", headers };
  if (method === "HEAD" || BODILESS.has(status)) {
    incoming.resume();
    return new Response(null, init);
  }
  return new Response(streamOf(incoming, contentOf(incoming, headers), signal), init);
}

function contentOf(incoming: IncomingMessage, headers: Headers): AsyncIterable<Uint8Array> {
  const coding = codingOf(headers.get("content-encoding"));
  if (!coding) return incoming;
  // These headers describe the encoded bytes, which the caller does not see.
  headers.delete("content-encoding");
  headers.delete("content-length");
  return unpacked(incoming, coding);
}

function streamOf(
  source: IncomingMessage,
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks = content[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(new Uint8Array(value));
      } catch (error) {
        source.destroy();
        controller.error(signal.aborted ? signal.reason : error);
      }
    },
    cancel() {
      source.destroy();
    },
  });
}
