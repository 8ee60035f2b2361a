// Deliveries to one target are made one after another, in the order of writing, whatever happens to each.

import { expect, test } from "bun:test";
import { createOutbox } from "../../src/dispatch/outbox.ts";
import { newId } from "../../src/ids.ts";
import { createQueue } from "../../src/queue/queue.ts";
import { Permanent, Retryable } from "../../src/sdk/errors.ts";
import type { Dispatcher } from "../../src/sdk/types.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { createSessionsFixture } from "../sessions/fixture.ts";
import { until } from "../until.ts";

type Call = { room: string; text: string; attempt: number };

eachDatabase("order of deliveries", (open) => {
  async function fixture(
    behave: (call: Call) => unknown,
    more: Partial<Dispatcher> = {},
    database?: TestDatabase,
  ) {
    const calls: Call[] = [];
    const inFlight = new Set<string>();
    const overlaps: string[] = [];
    const chat: Dispatcher = {
      async deliver({ task, result }, { attempt }) {
        const room = String(task.dispatch_config.room);
        const call = { room, text: result, attempt };
        if (inFlight.has(room)) overlaps.push(room);
        inFlight.add(room);
        calls.push(call);
        try {
          return (await behave(call)) as { receipt: unknown };
        } finally {
          inFlight.delete(room);
        }
      },
      ...more,
    };
    const parts = await createSessionsFixture(database ?? (await open()), { chat });
    const { sessions, outbox, db } = parts;
    const { session_id } = await sessions.getOrCreate({ clientId: "test:1", botId: "default" });
    const write = (...deliveries: { room: string; text: string; [more: string]: string }[]) =>
      db.query.transaction((tx) =>
        outbox.write(
          tx,
          ...deliveries.map(({ text, ...config }) => ({
            task_id: null,
            session_id,
            bot_id: "default",
            correlation_id: newId(),
            dispatch_type: "chat",
            dispatch_config: config,
            payload: { kind: "result" as const, text, client_actions: [], extra_metadata: {} },
          })),
        ),
      );
    /** Another worker on the same database. */
    const work = async (queue = parts.queue) => {
      const own = createOutbox({ ...parts, queue, random: () => 0.5 });
      const stop = new AbortController();
      return queue.work("deliveries", { concurrency: 8, run: (job) => own.attempt(job, stop.signal) });
    };
    const untilOver = async () => {
      for (;;) {
        const rows = await outbox.list({ limit: 1000 });
        if (rows.every(({ status }) => status === "delivered" || status === "dead")) return rows;
        await Bun.sleep(10);
      }
    };
    /** Ends the wait of a delivery to be retried. Its row counts a try when it begins, its job waits after the end. */
    const skipWaits = () =>
      until(
        () =>
          db.execute(
            "update pgboss.job set start_after = now() where name = 'deliveries_by_target' and state = 'retry' returning id",
          ),
        ({ rows }) => rows.length > 0,
      );
    const texts = (room: string) => calls.filter((call) => call.room === room).map(({ text }) => text);
    return { ...parts, calls, overlaps, inFlight, write, work, untilOver, skipWaits, texts };
  }

  test("with two workers, deliveries to one target are made one at a time in order, to several targets concurrently", async () => {
    let most = 0;
    const parts = await fixture(async () => {
      most = Math.max(most, inFlight.size);
      await Bun.sleep(2);
    });
    const { write, work, untilOver, overlaps, inFlight, texts, queue, db, log } = parts;
    const rooms = ["a", "b", "c", "d"];
    for (let n = 0; n < 6; n++) await write(...rooms.map((room) => ({ room, text: String(n) })));
    // The embedded database has one server; a second queue on it would consider the first one's jobs abandoned.
    const second = db.kind === "postgres" ? await createQueue({ db, log }) : undefined;
    if (second) db.beforeClose(second.close);
    await Promise.all([work(), ...(second ? [work(second)] : [])]);
    await untilOver();
    expect(overlaps).toEqual([]);
    for (const room of rooms) expect(texts(room)).toEqual(["0", "1", "2", "3", "4", "5"]);
    expect(most).toBeGreaterThan(1);
    await second?.close();
    await queue.close();
  });

  test("a delivery to be retried holds back later ones to its target, and nothing else", async () => {
    const { write, work, untilOver, skipWaits, texts, outbox, queue } = await fixture(({ text, attempt }) => {
      if (text === "first" && attempt < 3) throw new Retryable("not now");
    });
    await write({ room: "a", text: "first" }, { room: "a", text: "second" });
    await work();
    for (let tries = 1; tries < 3; tries++) {
      await until(
        () => outbox.list({ status: "retrying" }),
        (rows) => rows.some(({ attempts }) => attempts === tries),
      );
      // Its target waits, while others do not.
      await write({ room: "b", text: String(tries) });
      await until(() => texts("b").length >= tries);
      expect(texts("a")).toEqual(Array(tries).fill("first"));
      await skipWaits();
    }
    await untilOver();
    expect(texts("a")).toEqual(["first", "first", "first", "second"]);
    await queue.close();
  });

  test("a dead letter releases the next delivery, and a redelivery goes to the end", async () => {
    const gate = Promise.withResolvers<void>();
    const { write, work, untilOver, texts, calls, outbox, queue } = await fixture(
      async ({ text, attempt }) => {
        if (text === "bad" && attempt === 1) throw new Permanent("never");
        if (text === "slow") await gate.promise;
      },
    );
    await write(...["bad", "slow", "last"].map((text) => ({ room: "a", text })));
    await work();
    await until(() => texts("a").includes("slow"));
    const [dead] = await outbox.list({ status: "dead" });
    await outbox.redeliver(String(dead?.id));
    gate.resolve();
    await untilOver();
    expect(calls.map(({ text, attempt }) => `${text} ${attempt}`)).toEqual([
      "bad 1",
      "slow 1",
      "last 1",
      "bad 2",
    ]);
    await queue.close();
  });

  test("a target is identified by its config without secrets and key order, or by the dispatcher's lane", async () => {
    const plain = await fixture(() => undefined);
    await plain.write(
      { room: "a", thread: "1", text: "" },
      { thread: "1", room: "a", token: "xoxb-one", text: "" },
      { room: "a", thread: "1", token: "xoxb-two", text: "" },
      { room: "b", thread: "1", text: "" },
    );
    const keys = async ({ outbox }: typeof plain) =>
      (await outbox.list({})).toReversed().map(({ target_key }) => target_key);
    const [none, one, two, other] = await keys(plain);
    expect(two).toBe(one as string);
    expect(new Set([none, one, other]).size).toBe(3);
    await plain.queue.close();

    const named = await fixture(() => undefined, { targetOf: ({ room }) => String(room).toLowerCase() });
    await named.write({ room: "A", thread: "1", text: "" }, { room: "a", thread: "2", text: "" });
    expect(new Set(await keys(named)).size).toBe(1);
    await named.queue.close();

    const filled = await fixture(() => undefined, {
      config: { type: "object", properties: { thread: { type: "string", default: "1" } } },
      lane: ({ thread }) => String(thread),
    });
    await filled.write({ room: "a", thread: "1", text: "" }, { room: "b", text: "" });
    expect(new Set(await keys(filled)).size).toBe(1);
    await filled.queue.close();

    const broken = await fixture(() => undefined, {
      targetOf: () => {
        throw new Error("broken");
      },
    });
    await broken.write({ room: "a", text: "" }, { room: "b", text: "" });
    expect(new Set(await keys(broken)).size).toBe(2);
    await broken.queue.close();
  });

  test("deliveries of a version without ordering are made once their waits are over", async () => {
    const { write, work, untilOver, texts, outbox, queue, db } = await fixture(() => undefined);
    await write({ room: "a", text: "left" });
    await db.execute("update deliveries set target_key = null");
    await db.execute("delete from pgboss.job where name = 'deliveries_by_target'");
    const [row] = await outbox.list({});
    // That version wrote no key.
    await db.execute(
      "insert into pgboss.job (id, name, data, policy, retry_limit, heartbeat_seconds) select gen_random_uuid(), 'deliveries', $1::text::jsonb, 'standard', 5, 15",
      [JSON.stringify({ subject: row?.id })],
    );
    queue.work("unordered_deliveries", {
      concurrency: 1,
      run: (job) => outbox.adopt(job, new AbortController().signal),
    });
    await work();
    await untilOver();
    expect(texts("a")).toEqual(["left"]);
    const { rows } = await db.execute(
      "select count(*)::int as n from pgboss.job where name = 'deliveries' and state <> 'completed'",
    );
    expect(rows).toEqual([{ n: 0 }]);
    await queue.close();
  });

  test("a wait planned while the clock was hours ahead lasts only as long as intended", async () => {
    const { write, work, texts, outbox, queue, db } = await fixture(({ attempt }) => {
      if (attempt === 1) throw new Retryable("later", { retryAfterSeconds: 3600 });
    });
    await write({ room: "a", text: "1" }, { room: "a", text: "2" }, { room: "b", text: "3" });
    // Scheduled with a clock five hours ahead, and not fetched before it was corrected.
    const ahead = "start_after = start_after + interval '5 hours'";
    await db.execute(`update pgboss.job set ${ahead}, created_on = created_on + interval '5 hours'`);
    await queue.pullInFuture();
    await work();
    await until(async () => (await outbox.list({ status: "retrying" })).length >= 2);
    await db.execute(`update pgboss.job set ${ahead} where state = 'retry'`);
    await db.execute("update deliveries set next_attempt_at = next_attempt_at + interval '5 hours'");
    await outbox.shortenWaits();
    const { rows } = await db.execute(
      "select extract(epoch from start_after - now())::int as s from pgboss.job where state = 'retry'",
    );
    expect(rows).toHaveLength(2);
    for (const { s } of rows) expect(Number(s)).toBeWithin(3500, 3700);
    for (const { next_attempt_at } of await outbox.list({ status: "retrying" })) {
      expect(Number(next_attempt_at) - Date.now()).toBeWithin(3_500_000, 3_700_000);
    }
    await db.execute("update deliveries set retry_seconds = 0");
    await outbox.shortenWaits();
    // These two, and the one behind them, which also fails first.
    await until(async () => (await outbox.list({ status: "delivered" })).length >= 2);
    expect(texts("a").slice(0, 2)).toEqual(["1", "1"]);
    await queue.close();
  });

  test("ending the waits of many deliveries leaves room for others in between", async () => {
    const { write, queue, outbox, db } = await fixture(() => undefined);
    await write(...Array.from({ length: 250 }, (_, n) => ({ room: `r${n}`, text: "x" })));
    await db.execute(
      "update deliveries set status = 'retrying', retry_seconds = 3600, next_attempt_at = now() + interval '1 hour'",
    );
    await db.execute("update pgboss.job set start_after = now() + interval '1 hour'");
    const ended: string[] = [];
    await Promise.all([
      outbox.hurry(["other", "chat"]).then(() => ended.push("the waits")),
      db.execute("select 1").then(() => ended.push("another statement")),
    ]);
    expect(ended).toEqual(["another statement", "the waits"]);
    const count = async (of: string) => (await db.execute(`select count(*)::int as n from ${of}`)).rows[0]?.n;
    expect(await count("deliveries where next_attempt_at <= now()")).toBe(250);
    expect(await count("pgboss.job where start_after <= now()")).toBe(250);
    await queue.close();
  });
});
