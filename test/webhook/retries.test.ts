// Senders that give their events no ids: what they send again soon is a retry, and later it is a reminder.

import { afterAll, beforeEach, expect, setSystemTime, test } from "bun:test";
import { fakeHeddle } from "heddle/sdk/testing";
import type { Endpoint } from "../../integrations/webhook/endpoints/endpoint.ts";
import { changeSecrets } from "../../integrations/webhook/endpoints/secrets.ts";
import { receive } from "../../integrations/webhook/receive.ts";
import { PAYLOADS } from "./preset-payloads.ts";

const SECRET = "credentials-of-the-receiver";
const heddle = fakeHeddle();
beforeEach(() => heddle.clear());
afterAll(() => {
  heddle.restore();
  setSystemTime();
});

async function endpointOf(preset: Endpoint["preset"]): Promise<Endpoint> {
  const id = crypto.randomUUID();
  await changeSecrets(id, (sealed) => ({ ...sealed, signing: { one: SECRET } }));
  const now = new Date().toISOString();
  return {
    ...{ id, name: "alerts", enabled: true, preset, verifier: { scheme: "bearer" }, secrets: [] },
    ...{ bot_id: "default", prompt_template: "{{status}}", idempotency_pointer: null },
    ...{ session_pointer: null, dispatch_config: null, execution_config: null },
    ...{ created_at: now, updated_at: now },
  };
}

const send = (endpoint: Endpoint, payload: object) =>
  receive(
    endpoint,
    new Request("http://localhost/alerts", {
      ...{ method: "POST", body: JSON.stringify(payload) },
      headers: { "content-type": "application/json", authorization: `Bearer ${SECRET}` },
    }),
  );
const keys = () => heddle.events.map(({ idempotencyKey }) => idempotencyKey);

test.each(["alertmanager", "grafana"] as const)("of %s", async (preset) => {
  const { first, second } = PAYLOADS[preset] ?? { first: {}, second: {} };
  const endpoint = await endpointOf(preset);
  const at = Date.now();
  await send(endpoint, first);
  setSystemTime(at + 299_000);
  await send(endpoint, first);
  await send(endpoint, second);
  setSystemTime(at + 301_000);
  await send(endpoint, first);
  // The time since the reminder counts, and not since its retry.
  setSystemTime(at + 600_000);
  await send(endpoint, first);
  // What has a key that was there before is no further event.
  expect(heddle.events).toHaveLength(3);
  expect(keys()[0]).toStartWith("alerts:sha256:");
  await send(await endpointOf(preset), first);
  expect(heddle.events).toHaveLength(4);
});

test("of a sender that nobody knows each is an event", async () => {
  const endpoint = await endpointOf(null);
  await send(endpoint, { status: "open" });
  await send(endpoint, { status: "open" });
  expect(keys()).toEqual([undefined, undefined]);
});
