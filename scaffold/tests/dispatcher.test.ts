import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Permanent, Retryable } from "heddle/sdk";
import {
  deliverInput,
  dispatchContext,
  fakeFetch,
  registered,
  deliver as tryToDeliver,
  useSettings,
} from "heddle/sdk/testing";
import "../dispatcher.ts";

const answers: Response[] = [];
const service = fakeFetch(() => answers.shift() ?? new Response(null, { status: 500 }));
after(() => service.restore());
useSettings({ ACME_URL: "https://acme.example", ACME_TOKEN: "of the test" });

const dispatcher = registered().dispatchers.get("acme");

async function deliver(answer: Response) {
  answers.push(answer);
  return dispatcher?.deliver(deliverInput({ type: "acme", room: "ops" }, "All is well."), dispatchContext());
}

test("an answer is posted into its room, and Acme's id is the receipt", async () => {
  assert.deepEqual(await deliver(Response.json({ id: "m1" })), { receipt: { id: "m1" } });
  const request = service.requests.at(-1);
  assert.equal(request?.url, "https://acme.example/rooms/ops/messages");
  assert.equal(request?.headers.get("authorization"), "Bearer of the test");
  assert.equal(request?.headers.get("idempotency-key"), "delivery-1");
  assert.deepEqual(await request?.json(), { text: "All is well." });
});

test("a room that is gone is given up; whatever else fails is tried again", async () => {
  await assert.rejects(deliver(new Response(null, { status: 410 })), Permanent);
  await assert.rejects(deliver(new Response(null, { status: 503 })), /503/);
  const later = deliver(new Response(null, { status: 429, headers: { "retry-after": "7" } }));
  await assert.rejects(later, (error) => error instanceof Retryable && error.retryAfterSeconds === 7);
});

test("what is tried again arrives once Acme answers", async () => {
  answers.push(new Response(null, { status: 503 }), Response.json({ id: "m2" }));
  const { status, attempts } = await tryToDeliver("acme", { room: "ops" }, "All is well.");
  assert.deepEqual([status, attempts], ["delivered", 2]);
});

test("a target without a room is refused when it is injected", async () => {
  await assert.rejects(tryToDeliver("acme", {}, "All is well."), /dispatch_config\.room is missing/);
});
