import { readEvents } from "../../src/llm/event-stream.ts";

/** What is read of a body that comes in these pieces. */
export async function eventsOf(...pieces: (string | Uint8Array<ArrayBuffer>)[]): Promise<unknown[]> {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) {
        controller.enqueue(typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
      }
      controller.close();
    },
  });
  const { signal } = new AbortController();
  const hide = (text: string) => text.replaceAll("hunter2", "[hidden]");
  return (await Array.fromAsync(readEvents(stream, { signal, hide }))).flat();
}
