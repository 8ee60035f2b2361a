// Turns the body of an answer into the event stream that was asked for, whatever it was sent as.

import { AttemptFailure } from "./attempt.ts";
import { createBoundedFetch, type Fetch } from "./bounded-fetch.ts";

/** Characters of an answer that is not a stream. */
const MAX_WHOLE = 4_000_000;
const SHOWN = 200;

/** A `fetch` with bounds whose successful answers are event streams. */
export function createStreamFetch(onBytes: () => void): Fetch {
  const send = createBoundedFetch({ onBytes });
  return async (input, init) => {
    const response = await send(input, init);
    return response.ok && response.body ? new Response(asEventStream(response.body), response) : response;
  };
}

/**
 * Passes an event stream through. A whole JSON answer becomes the only event of one, so that an endpoint which does not
 * stream is understood, and an error that came with status 200 is read. Anything else ends with a failure that quotes it.
 */
function asEventStream(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const decoder = new TextDecoder();
  let isStream: boolean | undefined;
  let whole = "";
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        if (isStream) return controller.enqueue(chunk);
        whole += decoder.decode(chunk, { stream: true });
        if (whole.length > MAX_WHOLE) throw new AttemptFailure("garbled", "the response is too long");
        if (isStream === undefined) {
          whole = whole.trimStart();
          if (whole !== "") isStream = isFieldOrComment(whole);
        }
        if (isStream) controller.enqueue(new TextEncoder().encode(whole));
      },
      flush(controller) {
        const text = whole.trim();
        if (isStream || text === "") return;
        controller.enqueue(new TextEncoder().encode(`data: ${asOneLine(text)}\n\n`));
      },
    }),
  );
}

/** Every line of an event stream begins with the name of a field, or with a colon. */
const isFieldOrComment = (text: string): boolean => /^(?::|data|event|id|retry)/.test(text);

function asOneLine(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    const said = text.startsWith("<") ? "a web page" : `"${text.slice(0, SHOWN)}"`;
    throw new AttemptFailure(
      "garbled",
      `the endpoint answered with ${said} instead of a chat completion; check OPENAI_BASE_URL, which usually ends with /v1`,
    );
  }
}
