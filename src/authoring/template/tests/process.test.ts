import assert from "node:assert/strict";
import { after, test } from "node:test";
import { fakeHeddle, useSettings } from "heddle/sdk/testing";
import { handOver } from "../hand-over.ts";
import { CMD, REQUIRED_ENV } from "../process.ts";

const heddle = fakeHeddle();
after(() => heddle.restore());
useSettings({ ACME_BOT_ID: "helper" });

test("a message of a room is handed over, once", async () => {
  await handOver({ id: "m1", room: "ops", text: "Hello" });
  await handOver({ id: "m1", room: "ops", text: "Hello" });
  assert.equal(heddle.events.length, 1);
  assert.equal(heddle.events[0]?.clientId, "acme:ops");
  assert.equal(heddle.events[0]?.botId, "helper");
  assert.equal(heddle.events[0]?.content, "Hello");
});

test("the process is declared", () => {
  assert.deepEqual(CMD, ["bun", "listener.ts"]);
  assert.ok(REQUIRED_ENV.includes("ACME_TOKEN"));
});
