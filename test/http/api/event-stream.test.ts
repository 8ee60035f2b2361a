// Streams whose clients read slowly, or not at all.

import { expect, test } from "bun:test";
import { getEventListeners } from "node:events";
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
    onBreak: () => undefined,
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
    onBreak: () => undefined,
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

test("a stream whose source fails is cut, so that its client resumes, and leaves nothing behind", async () => {
  const server = new AbortController();
  const broken = new Error("The database does not answer.");
  const told: unknown[] = [];
  const { body } = eventStream({
    batches: (async function* () {
      yield [{ data: 1 }];
      throw broken;
    })(),
    signal: server.signal,
    keepAliveMs: 5,
    onEnd: () => told.push("ended"),
    onBreak: (error) => told.push(error),
  });
  await expect(Array.fromAsync(body as ReadableStream<Uint8Array>)).rejects.toMatchObject({
    name: "AbortError",
  });
  expect(told).toEqual(["ended", broken]);
  // Neither a timer, which would throw by now, nor a listener at the server's own signal is left.
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(getEventListeners(server.signal, "abort")).toHaveLength(0);
});

test("however a stream ends, it no longer listens at the signal", async () => {
  const server = new AbortController();
  const open = (batches: AsyncIterator<StreamEvent[]>) =>
    eventStream({ batches, signal: server.signal, onBreak: () => undefined })
      .body as ReadableStream<Uint8Array>;
  await Array.fromAsync(
    open(
      (async function* () {
        yield [{ data: 1 }];
      })(),
    ),
  );
  const left = open(endless().batches).getReader();
  await left.read();
  expect(getEventListeners(server.signal, "abort")).toHaveLength(1);
  await left.cancel();
  expect(getEventListeners(server.signal, "abort")).toHaveLength(0);
});
