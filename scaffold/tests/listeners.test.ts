import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { store } from "heddle/sdk";
import { fakeFetch, fakeHeddle, startListener, useSettings } from "heddle/sdk/testing";
import "../listeners.ts";

const heddle = fakeHeddle();
const made: { id?: string; room: string; text: string }[] = [
  { id: "m1", room: "ops", text: "Look at this" },
  { id: "m2", room: "lab", text: "And at that" },
];
let status = 200;
const service = fakeFetch(({ url }) => {
  const last = new URL(url).searchParams.get("after") ?? "";
  return Response.json({ mentions: made.filter(({ id = "z" }) => id > last) }, { status });
});
after(() => {
  heddle.restore();
  service.restore();
});
beforeEach(() => {
  heddle.clear();
  status = 200;
  useSettings({ ACME_URL: "https://acme.example", ACME_TOKEN: "of the test", ACME_BOT_ID: "helper" });
});

/** Asks once. */
async function ask(): Promise<void> {
  const listener = startListener("mentions");
  await listener.reported;
  await listener.stop();
}

test("what is new is handed over once, and the place is kept for the next start", async () => {
  await ask();
  assert.deepEqual(
    heddle.events.map(({ clientId, event, content, botId }) => [clientId, event, content, botId]),
    [
      ["acme:ops", "mention", "Look at this", "helper"],
      ["acme:lab", "mention", "And at that", "helper"],
    ],
  );
  assert.equal(await store.get("last_mention"), "m2");
  await ask();
  assert.equal(heddle.events.length, 2);
  assert.equal(service.requests.at(-1)?.url, "https://acme.example/mentions?after=m2");
});

test("an event that is refused holds up none", async () => {
  made.push(
    { id: "m".repeat(300), room: "ops", text: "Too long" },
    { room: "ops", text: "Without an id" },
    { id: "n1", room: "ops", text: "Next" },
  );
  await ask();
  assert.deepEqual(
    heddle.events.map(({ content }) => content),
    ["Look at this", "And at that", "Next"],
  );
  assert.equal(await store.get("last_mention"), "n1");
});

test("a failure is the server's to see, which asks again after a pause", async () => {
  status = 503;
  await assert.rejects(ask(), /503/);
});
