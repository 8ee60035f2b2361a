import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, beforeEach, test } from "node:test";
import { store } from "heddle/sdk";
import { fakeHeddle, useSettings } from "heddle/sdk/testing";
import { router } from "../router.ts";

const heddle = fakeHeddle();
beforeEach(() => {
  heddle.clear();
  useSettings({ ACME_WEBHOOK_SECRET: "of the test", ACME_BOT_ID: "helper" });
});
after(() => heddle.restore());

function send(event: object, secret = "of the test"): Promise<Response> {
  const body = JSON.stringify(event);
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  const headers = { "x-acme-signature": `sha256=${signature}` };
  return router.handle(new Request("http://localhost/webhook", { method: "POST", headers, body }));
}

const event = { id: "event-1", room: "ops", text: "The disk is full" };

test("an event becomes a message that a bot answers", async () => {
  const response = await send(event);
  assert.equal(response.status, 200);
  const [message] = heddle.events;
  assert.equal(message?.clientId, "acme:ops");
  assert.equal(message?.botId, "helper");
  assert.equal(message?.content, "The disk is full");
  assert.equal(message?.runAgent, true);
  assert.equal(message?.idempotencyKey, "message:event-1");
  // @if dispatcher
  assert.deepEqual(message?.dispatchConfig, { type: "acme", room: "ops" });
  // @end
});

test("the same event once more changes nothing", async () => {
  const ask = async () => (await (await send(event)).json()) as { results: { message_id: string }[] };
  const [first, second] = [await ask(), await ask()];
  assert.equal(second.results[0]?.message_id, first.results[0]?.message_id);
  assert.equal(heddle.events.length, 1);
  assert.match(String(await store.get("last_message_at")), /^\d{4}-/);
});

test("a forged, unsigned or incomplete event is refused", async () => {
  assert.equal((await send(event, "another secret")).status, 403);
  const unsigned = new Request("http://localhost/webhook", { method: "POST", body: "{}" });
  assert.equal((await router.handle(unsigned)).status, 403);
  assert.equal((await send({ id: "no text" })).status, 400);
  assert.equal(heddle.events.length, 0);
});

test("without a secret nothing is accepted", async () => {
  useSettings({ ACME_WEBHOOK_SECRET: "" });
  assert.notEqual((await send(event, "")).status, 200);
  assert.equal(heddle.events.length, 0);
});
