// Turns the body of an answer into the event stream that was asked for, whatever it was sent as.

import type { Redact } from "../redact.ts";
import { AttemptFailure } from "./attempt.ts";
import { createBoundedFetch, type Fetch } from "./bounded-fetch.ts";

/** Bytes of an answer that is not a stream. */
const MAX_WHOLE = 4_000_000;
const SHOWN = 200;

export interface StreamFetchOptions {
  onBytes: () => void;
  /** Replaces secrets in what is quoted. */
  hide: Redact;
  send?: Fetch | undefined;
}

/** A `fetch` with bounds whose successful answers are event streams. */
export function createStreamFetch({ onBytes, hide, send: sendBy }: StreamFetchOptions): Fetch {
  const send = createBoundedFetch({ onBytes, ...(sendBy && { send: sendBy }) });
  return async (input, init) => {
    const response = await send(input, init);
    return response.ok && response.body
      ? new Response(asEventStream(response.body, hide), response)
      : response;
  };
}

/**
 * Passes an event stream through. A whole JSON answer becomes the only event of one, so that an endpoint which does not
 * stream is understood, and an error that came with status 200 is read. Anything else ends with a failure that quotes it.
 */
function asEventStream(body: ReadableStream<Uint8Array>, hide: Redact): ReadableStream<Uint8Array> {
  const decoder = new TextDecoder();
  let isStream: boolean | undefined;
  // Kept as bytes, because a packet may end within a character.
  let held: Uint8Array[] = [];
  let size = 0;
  let whole = "";
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        if (isStream) return controller.enqueue(chunk);
        whole += decoder.decode(chunk, { stream: true });
        size += chunk.byteLength;
        if (size > MAX_WHOLE) throw new AttemptFailure("garbled", "the response is too long");
        if (isStream === false) return;
        held.push(chunk);
        whole = whole.trimStart();
        isStream = isFieldOrComment(whole);
        if (isStream === undefined) return;
        if (isStream) for (const bytes of held) controller.enqueue(bytes);
        held = [];
      },
      flush(controller) {
        const text = whole.trim();
        if (isStream || text === "") return;
        for (const event of eventsIn(text, hide)) {
          controller.enqueue(new TextEncoder().encode(`data: ${event}\n\n`));
        }
      },
    }),
  );
}

const BEGINNINGS = [":", "data", "event", "id", "retry"];

/** Every line of an event stream begins with the name of a field, or with a colon. Undefined: too short to tell. */
function isFieldOrComment(text: string): boolean | undefined {
  if (BEGINNINGS.some((beginning) => text.startsWith(beginning))) return true;
  return BEGINNINGS.some((beginning) => beginning.startsWith(text)) ? undefined : false;
}

/** Each a JSON text of one line. Some servers and proxies send chunks as lines, or as one list. */
function eventsIn(text: string, hide: Redact): string[] {
  try {
    const whole: unknown = JSON.parse(text);
    return (Array.isArray(whole) ? whole : [whole]).map((event) => JSON.stringify(event));
  } catch {
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    if (lines.length > 1 && lines.every(isJson)) return lines;
    // Secrets are replaced before the cut: half of one would not be recognised.
    const said = text.startsWith("<") ? "a web page" : `"${hide(text).slice(0, SHOWN)}"`;
    throw new AttemptFailure(
      "garbled",
      `the endpoint answered with ${said} instead of a chat completion; check the address of the endpoint (OPENAI_BASE_URL usually ends with /v1)`,
    );
  }
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
