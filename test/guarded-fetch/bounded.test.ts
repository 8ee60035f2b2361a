import { expect, test } from "bun:test";
import { bounded } from "../../src/guarded-fetch/bounded.ts";

const MOST = 1_000;

/** How many bytes arrive of what comes in these pieces. */
async function arrives(type: string, pieces: string[]): Promise<number | string> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
  const response = bounded(new Response(body, { headers: { "content-type": type } }), MOST);
  return response.bytes().then(
    ({ length }) => length,
    (error: Error) => error.message,
  );
}

const TOO_LONG = "The answer is too long.";
const pieces = (text: string, count = 50) => Array.from({ length: count }, () => text);

test("an answer has an end", async () => {
  expect(await arrives("application/json", pieces("x".repeat(20)))).toBe(1_000);
  expect(await arrives("application/json", pieces("x".repeat(21)))).toBe(TOO_LONG);
});

test("a stream may go on for ever, and none of its events", async () => {
  const type = "text/event-stream; charset=utf-8";
  for (const end of ["\n", "\r", "\r\n"]) {
    const event = `data: ${"x".repeat(80)}${end}${end}`;
    expect(await arrives(type, pieces(event))).toBe(50 * event.length);
    // However it is cut into pieces.
    expect(await arrives(type, [...pieces(event).join("")])).toBe(50 * event.length);
    expect(await arrives(type, pieces(`data: ${"x".repeat(80)}${end}`))).toBe(TOO_LONG);
    expect(await arrives(type, [...pieces(`data: ${"x".repeat(80)}${end}`).join("")])).toBe(TOO_LONG);
  }
  expect(await arrives(type, [`${"x".repeat(2_000)}\n\n`])).toBe(TOO_LONG);
});
