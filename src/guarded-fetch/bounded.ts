// Gives up on a server that answers with far more than any result has.

/** Of an answer, and of one event of a stream. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Returns the response with a body that ends with an error when it is too long. */
export function bounded(response: Response, most = MOST_BYTES): Response {
  if (!response.body) return response;
  const isStream = response.headers.get("content-type")?.includes("text/event-stream") ?? false;
  let bytes = 0;
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      // A line of a stream is at most one message.
      const end = isStream ? chunk.lastIndexOf(0x0a) : -1;
      bytes = end < 0 ? bytes + chunk.byteLength : chunk.byteLength - end - 1;
      if (bytes > most || chunk.byteLength > most) throw new TypeError("The answer is too long.");
      controller.enqueue(chunk);
    },
  });
  const copy = new Response(response.body.pipeThrough(counting), response);
  Object.defineProperty(copy, "url", { value: response.url });
  return copy;
}
