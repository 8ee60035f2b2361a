// What the inbox writes after the requests: bounded, in batches, and without loss.

import { expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { inboxEvents } from "../../src/db/schema.ts";
import { HeddleError } from "../../src/errors.ts";
import { newId } from "../../src/ids.ts";
import { createRecorder, type RecorderOptions } from "../../src/inbox/batch-recorder.ts";
import { createIncoming, type Incoming } from "../../src/inbox/incoming.ts";
import { createRecordOf } from "../../src/inbox/record.ts";
import { createLog } from "../../src/log.ts";
import { eachDatabase, type OpenTestDatabase } from "../database.ts";
import { testVault } from "../secrets/test-vault.ts";

const forged = new HeddleError("invalid_signature", "The signature does not match the body.");
const refusal = () => Response.json({ error: {} }, { status: 403 });
const ok = (value: unknown = { status: "ignored" }) => Response.json(value);

function incoming(facts: Partial<Incoming> = {}): Incoming {
  const made = createIncoming({
    id: newId(),
    integrationId: "hook",
    method: "POST",
    path: "/webhook",
    headers: new Headers(),
    arrivedAt: performance.now(),
  });
  return Object.assign(made, { body: new TextEncoder().encode("x".repeat(5_000)) }, facts);
}

async function createFixture(open: OpenTestDatabase, options: Partial<RecorderOptions> = {}) {
  const db = await open();
  const lines: string[] = [];
  const log = await createLog({
    level: "debug",
    format: "json",
    redact: (text) => text,
    write: (line) => lines.push(line),
  });
  const recordOf = createRecordOf({ redact: (text) => text, vault: testVault(), maxBodyBytes: 100_000 });
  const recorder = createRecorder({ db, log, recordOf, ...options });
  const rows = async () => {
    await recorder.flush();
    return db.query.select().from(inboxEvents).orderBy(inboxEvents.id);
  };
  return { db, recorder, rows, lines };
}

eachDatabase("the recorder", (open) => {
  test("a flood of forged webhooks leaves a few short records, a count, and room for others", async () => {
    let time = 0;
    const { recorder, rows, lines } = await createFixture(open, {
      now: () => time,
      limits: { rejectedPerMinute: 3 },
    });
    for (let i = 0; i < 100; i += 1) recorder.record(incoming(), refusal(), forged);
    for (let i = 0; i < 10; i += 1) recorder.record(incoming({ integrationId: "other" }), refusal(), forged);
    const genuine = incoming({ isVerified: true });
    recorder.record(genuine, ok({ status: "ignored", reason: "not for us" }));
    const first = await rows();
    expect(first.filter(({ integration_id }) => integration_id === "hook")).toHaveLength(4);
    expect(first.filter(({ integration_id }) => integration_id === "other")).toHaveLength(3);
    const recorded = first.find(({ id }) => id === genuine.id);
    expect(recorded).toMatchObject({ verdict: "ignored", reason: "not for us", body_truncated: false });
    for (const row of first.filter(({ verdict }) => verdict === "rejected")) {
      expect(row).toMatchObject({ body_truncated: true, body_bytes: 5_000, status_code: 403 });
      expect(row.body.length).toBeLessThanOrEqual(4096);
    }

    time += 60_000;
    recorder.record(incoming(), refusal(), forged);
    await recorder.close();
    const counted = (await rows()).filter(({ reason }) => reason?.includes("more in this minute"));
    expect(counted.map(({ reason }) => reason?.split("; ")[1]).toSorted()).toEqual([
      "7 more in this minute were not recorded",
      "97 more in this minute were not recorded",
    ]);
    expect(lines.filter((line) => line.includes("were not recorded"))).toHaveLength(2);
    expect(await rows()).toHaveLength(8);
  });

  test("webhooks beyond the memory limit are counted instead of stored", async () => {
    const { recorder, rows, lines } = await createFixture(open, { limits: { waiting: 5 } });
    for (let i = 0; i < 20; i += 1) recorder.record(incoming({ isVerified: true }), ok());
    await recorder.close();
    expect(await rows()).toHaveLength(5);
    expect(lines.some((line) => line.includes("webhooks could not be recorded"))).toBe(true);
  });

  test("a record that cannot be stored does not affect the others", async () => {
    const { recorder, rows, lines } = await createFixture(open);
    const good = incoming();
    recorder.record(incoming({ id: "no uuid" }), ok());
    recorder.record(good, ok());
    expect((await rows()).map(({ id }) => id)).toEqual([good.id]);
    expect(lines.some((line) => line.includes("could not be recorded") && line.includes("no uuid"))).toBe(
      true,
    );
    await recorder.close();
  });

  test("an existing record keeps its verdict and gets the new outcomes", async () => {
    const { db, recorder, rows } = await createFixture(open);
    const outcome = { message_id: newId(), session_id: newId(), task_id: null, duplicate: false };
    const made = incoming({ outcomes: [outcome], isVerified: true });
    const recordOf = createRecordOf({ redact: (text) => text, vault: testVault(), maxBodyBytes: 10 });
    await db.query
      .insert(inboxEvents)
      .values(recordOf(made, { verdict: "accepted", reason: null, statusCode: null, outcomes: [outcome] }));
    // The record is already complete.
    recorder.record(made, ok());
    expect(await rows()).toMatchObject([{ verdict: "accepted", status_code: null, outcomes: [outcome] }]);
    const copy = { ...outcome, duplicate: true };
    made.outcomes.push(copy);
    recorder.record(made, Response.json({}, { status: 500 }), new Error("then it fell over"));
    expect(await rows()).toMatchObject([
      {
        verdict: "accepted",
        reason: "then it fell over",
        status_code: 500,
        outcomes: [outcome, copy],
        body: made.body && expect.any(String),
      },
    ]);
    await recorder.close();
  });

  test("the sender gets the whole answer, however much of it is read here", async () => {
    const { recorder, rows } = await createFixture(open);
    const long = { status: "ignored", list: Array.from({ length: 10_000 }, (_, i) => i) };
    const answers = [
      ok(long),
      ok({ reason: "short" }),
      new Response("text"),
      new Response(null, { status: 204 }),
    ];
    const webhooks = answers.map(() => incoming());
    for (const [index, answer] of answers.entries()) recorder.record(webhooks[index] ?? incoming(), answer);
    expect(await answers[0]?.json()).toEqual(long);
    expect(await answers[1]?.json()).toEqual({ reason: "short" });
    expect((await rows()).map(({ reason }) => reason)).toEqual([null, "short", null, null]);
    await recorder.close();
  });

  test("the end of a stream is not awaited", async () => {
    const { recorder, rows } = await createFixture(open);
    const endless = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(10_000).fill(0x20));
      },
    });
    const webhook = incoming();
    const answer = new Response(endless, { headers: { "content-type": "application/json" } });
    recorder.record(webhook, answer);
    expect(await rows()).toMatchObject([{ id: webhook.id, reason: null }]);
    await answer.body?.cancel();
    await recorder.close();
  });

  test("closing stores everything recorded before", async () => {
    const { db, recorder } = await createFixture(open);
    const webhooks = Array.from({ length: 200 }, () => incoming({ isVerified: true }));
    for (const webhook of webhooks) recorder.record(webhook, ok());
    await recorder.close();
    const stored = await db.query
      .select({ id: inboxEvents.id })
      .from(inboxEvents)
      .where(eq(inboxEvents.verdict, "ignored"));
    expect(stored).toHaveLength(200);
  });

  test("a record has the time of arrival, although it is written later in a batch", async () => {
    const { recorder, rows } = await createFixture(open);
    const at = performance.now();
    // Hours apart, so that a slow machine makes no difference.
    const [first, second] = [7_200_000, 3_600_000].map((ago) => incoming({ arrivedAt: at - ago }));
    for (const one of [first, second]) if (one) recorder.record(one, refusal(), forged);
    const [a, b] = await rows();
    const apart = (b?.created_at.getTime() ?? 0) - (a?.created_at.getTime() ?? 0);
    expect([a?.id, b?.id]).toEqual([first?.id, second?.id]);
    expect(Math.round(apart / 1000)).toBe(3_600);
    await recorder.close();
  });
});
