// Gives up on a server that answers with far more than any result has.

/** Of an answer, and of one event of a stream. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Returns the response with a body that ends with an error when it is too long. */
export function bounded(response: Response, most = MOST_BYTES): Response {
  if (!response.body) return response;
  const isStream = response.headers.get("content-type")?.includes("text/event-stream") ?? false;
  const lengthSinceEvent = isStream ? createEventEnds() : undefined;
  let bytes = 0;
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      const since = lengthSinceEvent?.(chunk);
      bytes = since ?? bytes + chunk.byteLength;
      if (bytes > most || chunk.byteLength > most) throw new TypeError("The answer is too long.");
      controller.enqueue(chunk);
    },
  });
  const copy = new Response(response.body.pipeThrough(counting), response);
  Object.defineProperty(copy, "url", { value: response.url });
  return copy;
}

const [LF, CR] = [0x0a, 0x0d];

/**
 * Returns what tells how many bytes of a chunk come after its last event; undefined if none ends in it. An event ends with an
 * empty line: it may have any number of others. https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
function createEventEnds(): (chunk: Uint8Array) => number | undefined {
  let isLineEmpty = true;
  let isAfterCr = false;
  return (chunk) => {
    let end: number | undefined;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      const isRestOfEnd = byte === LF && isAfterCr;
      isAfterCr = byte === CR;
      if (isRestOfEnd) continue;
      const isEnd = byte === LF || byte === CR;
      if (isEnd && isLineEmpty) end = at + 1;
      isLineEmpty = isEnd;
    }
    return end === undefined ? undefined : chunk.length - end;
  };
}
