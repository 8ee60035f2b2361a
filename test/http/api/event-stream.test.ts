// Streams whose clients read slowly, or not at all.

import { expect, test } from "bun:test";
import { eventStream, type StreamEvent } from "../../../src/http/api/event-stream.ts";
import { until } from "../../until.ts";

/** A stream that always has more to send. */
function endless() {
  let sent = 0;
  let returned = false;
  const batches: AsyncIterator<StreamEvent[]> = {
    async next() {
      sent += 1;
      return { done: false, value: [{ data: sent }] };
    },
    async return() {
      returned = true;
      return { done: true, value: undefined };
    },
  };
  return { batches, sent: () => sent, returned: () => returned };
}

test("a client that takes nothing is cut off after some periods, and nothing is gathered for it meanwhile", async () => {
  const { batches, sent, returned } = endless();
  let ended = 0;
  const { body } = eventStream({
    batches,
    signal: new AbortController().signal,
    keepAliveMs: 5,
    onEnd: () => {
      ended += 1;
    },
  });
  await until(() => ended > 0);
  expect([ended, returned()]).toEqual([1, true]);
  expect(sent()).toBeLessThanOrEqual(2);
  // What was sent before is still there, and then the stream is over.
  const chunks = await Array.fromAsync(body as ReadableStream<Uint8Array>);
  expect(chunks.length).toBeGreaterThan(0);
  expect(ended).toBe(1);
});

test("a client that reads slowly, but reads, is not cut off", async () => {
  const { batches, sent } = endless();
  let isOver = false;
  const { body } = eventStream({
    batches,
    signal: new AbortController().signal,
    keepAliveMs: 20,
    onEnd: () => {
      isOver = true;
    },
  });
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  // Twelve periods, with something taken in each second one.
  for (let taken = 0; taken < 6; taken++) {
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  expect(isOver).toBe(false);
  expect(sent()).toBeGreaterThanOrEqual(5);
  await reader.cancel();
  expect(isOver).toBe(true);
});
