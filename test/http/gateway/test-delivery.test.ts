import { expect, test } from "bun:test";
import { testDeliveryOf } from "../../../src/http/gateway/test-delivery.ts";
import type { InboxEvent } from "../../../src/inbox/inbox.ts";

const event = { id: "x" } as InboxEvent;
const shown = async (answer: Response) =>
  (await testDeliveryOf("x", answer, { get: async () => event }, 50)).answer;

test("of an answer that never ends, its beginning is shown", async () => {
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("é".repeat(999))),
  });
  expect(await shown(new Response(endless))).toBe("é".repeat(16_000));
  let isCancelled = false;
  const silent = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
    cancel: () => {
      isCancelled = true;
    },
  });
  expect(await shown(new Response(silent))).toBe("data: 1\n\n");
  expect(isCancelled).toBe(true);
});

test("of an answer that breaks off, what came before is shown", async () => {
  let sent = false;
  const breaking = new ReadableStream({
    pull(controller) {
      if (sent) throw new Error("gone");
      sent = true;
      controller.enqueue(new TextEncoder().encode('{"a":1'));
    },
  });
  const answer = new Response(breaking, { headers: { "content-type": "application/json" } });
  expect(await testDeliveryOf("x", answer, { get: async () => event }, 50)).toEqual({
    event,
    statusCode: 200,
    answer: '{"a":1',
  });
});

test("JSON is shown as such, and an answer without a body as an empty text", async () => {
  expect(await shown(Response.json({ a: "é" }))).toEqual({ a: "é" });
  expect(await shown(new Response(null, { status: 204 }))).toBe("");
});
