// The record of a webhook is stored together with its messages, once, or nothing is stored.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { inboxEvents, messages } from "../../src/db/schema.ts";
import { newId } from "../../src/ids.ts";
import { createIncoming, type Incoming, withIncoming } from "../../src/inbox/incoming.ts";
import { eachDatabase } from "../database.ts";
import { createSessionsFixture } from "./fixture.ts";

const forge = { integrationType: "forge", clientIdPrefix: "forge:", resolveDispatchConfig: () => null };

function webhook(replay: { of: string; isVerified: boolean } | null = null): Incoming {
  const incoming = createIncoming(
    {
      id: newId(),
      integrationId: "forge",
      method: "POST",
      path: "/webhook",
      headers: new Headers({ "x-event": "opened" }),
      arrivedAt: performance.now(),
    },
    { replay },
  );
  incoming.body = new TextEncoder().encode('{"a":1}');
  return incoming;
}

eachDatabase("the record of a webhook", (open) => {
  let heddle: Awaited<ReturnType<typeof createSessionsFixture>>;
  beforeAll(async () => {
    heddle = await createSessionsFixture(await open(), {}, [forge]);
  });
  afterAll(() => heddle.queue.close());

  const recordOf = async ({ id }: Incoming) => {
    const rows = await heddle.db.query.select().from(inboxEvents).where(eq(inboxEvents.id, id));
    expect(rows.length).toBeLessThan(2);
    return rows[0];
  };
  const event = (clientId: string, idempotencyKey: string) => ({
    clientId,
    event: "opened",
    botId: "default",
    content: "Look at this",
    source: "forge",
    runAgent: true,
    idempotencyKey,
  });
  const session = async (clientId: string) =>
    (await heddle.sessions.getOrCreate({ clientId, botId: "default" })).session_id;

  test("names the messages of all channels that an event reached", async () => {
    for (const name of ["one", "two", "three"]) {
      const { channel } = await heddle.channels.getOrCreate(`team:${name}`, {});
      await heddle.bindings.add(channel.id, { integration_type: "forge", client_id: "forge:bound" });
    }
    const incoming = webhook();
    const { results } = await withIncoming(incoming, () =>
      heddle.sessions.injectEvent(event("forge:bound", "e-1"), "forge"),
    );
    const record = await recordOf(incoming);
    expect(record).toMatchObject({
      verdict: "accepted",
      idempotency_key: "e-1",
      headers: { "x-event": "opened" },
      body: '{"a":1}',
      body_bytes: 7,
    });
    expect(new Set(record?.outcomes.map(({ task_id }) => task_id))).toEqual(
      new Set(results.map(({ task_id }) => task_id)),
    );
    expect(record?.outcomes).toHaveLength(3);
    expect(incoming.outcomes).toHaveLength(3);

    const copy = webhook();
    await withIncoming(copy, () => heddle.sessions.injectEvent(event("forge:bound", "e-1"), "forge"));
    expect(copy.outcomes.map(({ duplicate }) => duplicate)).toEqual([true, true, true]);
    // The record is written after the answer.
    expect(await recordOf(copy)).toBeUndefined();

    const again = webhook({ of: incoming.id, isVerified: true });
    await withIncoming(again, () => heddle.sessions.injectEvent(event("forge:bound", "e-1"), "forge"));
    expect(await recordOf(again)).toMatchObject({
      verdict: "accepted",
      replay_of: incoming.id,
      verified: true,
    });
    expect(again.outcomes.map(({ duplicate }) => duplicate)).toEqual([false, false, false]);
  });

  test("gets messages injected one after another, and many concurrent ones", async () => {
    const sessionId = await session("forge:many");
    const inject = (incoming: Incoming, idempotencyKey: string) =>
      withIncoming(incoming, () =>
        heddle.sessions.inject({ sessionId, content: "x", source: "forge", idempotencyKey }, "forge"),
      );
    const slow = webhook();
    await inject(slow, "s-1");
    await inject(slow, "s-2");
    expect((await recordOf(slow))?.outcomes).toHaveLength(2);

    const webhooks = Array.from({ length: 20 }, () => webhook());
    const results = await Promise.all(
      webhooks.flatMap((incoming, i) => [
        inject(incoming, `m-${i}-a`),
        inject(incoming, `m-${i}-b`),
        inject(incoming, "same"),
      ]),
    );
    expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(41);
    for (const incoming of webhooks) {
      const record = await recordOf(incoming);
      const made = incoming.outcomes
        .filter(({ duplicate }) => !duplicate)
        .map(({ message_id }) => message_id);
      expect(record?.outcomes.map(({ message_id }) => message_id).toSorted()).toEqual(made.toSorted());
    }
  });

  test("is not stored without its message", async () => {
    const sessionId = await session("forge:none");
    const incoming = webhook();
    const before = await heddle.db.query.$count(messages);
    const refused = withIncoming(incoming, () =>
      heddle.sessions.inject({
        sessionId,
        content: "x",
        source: "forge",
        dispatchConfig: { type: "unheard-of" },
      }),
    );
    await expect(refused).rejects.toMatchObject({ code: "validation" });
    // Stored in a batch with a faulty one.
    const good = webhook();
    const bad = webhook();
    Object.assign(bad, { id: "no uuid" });
    const both = await Promise.allSettled(
      [good, bad].map((one) =>
        withIncoming(one, () => heddle.sessions.inject({ sessionId, content: "x", source: "forge" })),
      ),
    );
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(await recordOf(incoming)).toBeUndefined();
    expect((await recordOf(good))?.outcomes).toHaveLength(1);
    expect(await heddle.db.query.$count(messages)).toBe(before + 1);
  });
});
