import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { store } from "heddle/sdk";
import { fakeFetch, fakeHeddle, fakeService, startProcess, useSettings } from "heddle/sdk/testing";
import { CMD, REQUIRED_ENV } from "../process.ts";
import { collectReminders } from "../reminders.ts";

const heddle = fakeHeddle();
const due = [
  { id: "r1", room: "ops", text: "Rotate the keys" },
  { id: "r2", room: "lab", text: "Order paper" },
];
function reminders({ url }: Request): Response {
  const last = new URL(url).searchParams.get("after") ?? "";
  return Response.json({ reminders: due.filter(({ id }) => id > last) });
}
const service = fakeFetch(reminders);
after(() => {
  heddle.restore();
  service.restore();
});
beforeEach(() => {
  heddle.clear();
  useSettings({ ACME_URL: "https://acme.example", ACME_TOKEN: "of the test", ACME_BOT_ID: "helper" });
});
const running = new AbortController().signal;

test("what is due is handed over once, and the place is kept for the next start", async () => {
  assert.equal(await collectReminders(running), 2);
  assert.deepEqual(
    heddle.events.map(({ clientId, event, content, botId }) => [clientId, event, content, botId]),
    [
      ["acme:ops", "reminder", "Rotate the keys", "helper"],
      ["acme:lab", "reminder", "Order paper", "helper"],
    ],
  );
  assert.equal(await store.get("last_reminder"), "r2");
  assert.equal(await collectReminders(running), 0);
  assert.equal(service.requests.at(-1)?.url, "https://acme.example/reminders?after=r2");
});

test("after a stop nothing new is begun", async () => {
  const stop = new AbortController();
  const stopped = collectReminders(stop.signal);
  stop.abort();
  await stopped.catch(() => {});
  assert.equal(heddle.events.length, 0);
  assert.equal(await store.get("last_reminder"), undefined);
});

test("the process is declared", () => {
  assert.deepEqual(CMD, ["bun", "listener.ts"]);
  assert.ok(REQUIRED_ENV.includes("ACME_TOKEN"));
});

// Deno starts a process only when it may: deno test -A.
const skip = "Deno" in globalThis;
// A busy machine takes a while to start one; a test of Bun has five seconds.
const timeout = 60_000;
test("the process hands over what is due, and ends by itself on SIGTERM", { skip, timeout }, async () => {
  const reachable = await fakeService(reminders);
  after(() => reachable.close());
  await using listener = await startProcess({
    command: CMD,
    folder: new URL("..", import.meta.url),
    settings: { ACME_URL: reachable.url },
  });
  await listener.until(() => heddle.events.length === due.length);
  assert.equal(reachable.requests[0]?.headers.get("authorization"), "Bearer of the test");
  assert.deepEqual(await listener.stop(), { code: 0, signal: null });
});
