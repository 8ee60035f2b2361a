import { expect, test } from "bun:test";
import type { Incoming } from "../../src/inbox/incoming.ts";
import { outcomeOf } from "../../src/inbox/webhook-outcome.ts";

const outcome = (duplicate: boolean) => ({ message_id: "m", session_id: "s", task_id: null, duplicate });
const reasonOf = async (outcomes: object[], answer: object) =>
  (await outcomeOf({ outcomes } as unknown as Incoming, Response.json(answer) as never, undefined)).reason;

test("a copy has no reason unless the integration gives one; an ignored webhook has its status", async () => {
  const processed = { status: "processed", bound: false, results: [] };
  expect(await reasonOf([outcome(true)], processed)).toBeNull();
  expect(await reasonOf([outcome(true)], { ...processed, reason: "seen before" })).toBe("seen before");
  expect(await reasonOf([], { status: "stored" })).toBe("stored");
  expect(await reasonOf([outcome(false)], processed)).toBeNull();
});

test("an answer that goes on without end, or breaks off, is no reason not to record the webhook", async () => {
  const isOf = async (start: (controller: ReadableStreamDefaultController<Uint8Array>) => void) =>
    outcomeOf(
      { outcomes: [] } as unknown as Incoming,
      new Response(new ReadableStream({ start }), {
        headers: { "content-type": "application/json" },
      }) as never,
      undefined,
    );
  const begun = new TextEncoder().encode('{"reason":"not yet');
  const expected = { verdict: "ignored", reason: null, statusCode: 200, outcomes: [] };
  expect(await isOf((answer) => answer.enqueue(begun))).toEqual(expected as never);
  expect(await isOf((answer) => answer.error(new Error("broken")))).toEqual(expected as never);
  expect(await isOf((answer) => answer.enqueue(new Uint8Array(20_000)))).toEqual(expected as never);
});
