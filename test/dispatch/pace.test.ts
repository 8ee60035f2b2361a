// The rate limit of a dispatcher: how turns are assigned, and what happens to a delivery that waits for its turn.

import { beforeEach, expect, test } from "bun:test";
import { deliveryPaces } from "../../src/db/schema.ts";
import { createPace } from "../../src/dispatch/pace.ts";
import { newId } from "../../src/ids.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { createSessionsFixture } from "../sessions/fixture.ts";

eachDatabase("the pace of deliveries", (open) => {
  let db: TestDatabase;
  beforeEach(async () => {
    db = await open();
  });
  const of = (id: string, lane = "lane") => ({ id, type: "chat", lane });

  test("turns follow one another at the rate, on all servers together", async () => {
    const here = createPace({ db });
    const there = createPace({ db });
    const rate = { perSecond: 0.01 };
    expect(await here.secondsUntilTurn(of("a"), rate)).toBe(0);
    const second = await there.secondsUntilTurn(of("b"), rate);
    const third = await here.secondsUntilTurn(of("c"), rate);
    expect(second).toBeGreaterThan(90);
    expect(second).toBeLessThanOrEqual(100);
    expect(third - second).toBeGreaterThan(90);
    // A delivery that asks again keeps its turn, and others keep theirs.
    expect(await there.secondsUntilTurn(of("b"), rate)).toBeLessThanOrEqual(second);
    expect(await createPace({ db }).secondsUntilTurn({ id: "d", type: "mail", lane: "m" }, rate)).toBe(0);
  });

  test("a turn that is due is used once", async () => {
    let now = 0;
    const pace = createPace({ db, now: () => now });
    const rate = { perSecond: 0.01 };
    await pace.secondsUntilTurn(of("a"), rate);
    const seconds = await pace.secondsUntilTurn(of("b"), rate);
    now += seconds * 1000;
    expect(await pace.secondsUntilTurn(of("b"), rate)).toBe(0);
    expect(await pace.secondsUntilTurn(of("b"), rate)).toBeGreaterThan(100);
  });

  test("past turns are removed, so that lanes do not accumulate", async () => {
    let now = 0;
    const pace = createPace({ db, now: () => now });
    await db.query.insert(deliveryPaces).values({ key: "long ago", next_at: new Date(0) });
    now += 61_000;
    await pace.secondsUntilTurn(of("a", "new"), { perLane: 0.01 });
    expect((await db.query.select().from(deliveryPaces)).map(({ key }) => key)).toEqual(["new"]);
  });

  test("each lane has its own rate in addition to the overall rate", async () => {
    const pace = createPace({ db });
    const rate = { perLane: 0.01, perSecond: 1000 };
    expect(await pace.secondsUntilTurn(of("a", "one"), rate)).toBe(0);
    expect(await pace.secondsUntilTurn(of("b", "one"), rate)).toBeGreaterThan(90);
    expect(await pace.secondsUntilTurn(of("c", "two"), rate)).toBeLessThan(1);
  });

  test("a delivery that waits for its turn is not attempted and returns to the queue", async () => {
    const delivered: string[] = [];
    const parts = await createSessionsFixture(await open(), {
      chat: {
        rate: { perSecond: 0.01 },
        lane: ({ room }) => String(room),
        deliver: ({ result }) => void delivered.push(result),
      },
    });
    const { session_id } = await parts.sessions.getOrCreate({ clientId: "test:1", botId: "default" });
    const write = (text: string, room: string) =>
      parts.db.query.transaction((tx) =>
        parts.outbox.write(tx, {
          task_id: null,
          session_id,
          bot_id: "default",
          correlation_id: newId(),
          dispatch_type: "chat",
          dispatch_config: { room },
          payload: { kind: "result", text, client_actions: [], extra_metadata: {} },
        }),
      );
    await write("first", "a");
    await write("second", "b");
    const stop = new AbortController();
    const attempted = Promise.withResolvers<void>();
    let begun = 0;
    const pump = parts.queue.work("deliveries", {
      concurrency: 1,
      async run(job) {
        await parts.outbox.attempt(job, stop.signal);
        begun += 1;
        if (begun === 2) attempted.resolve();
      },
    });
    pump.wake();
    await attempted.promise;
    await pump.stop();
    expect(delivered).toHaveLength(1);
    const rows = await parts.outbox.list({});
    expect(rows.map(({ status, attempts }) => [status, attempts]).toSorted()).toEqual([
      ["delivered", 1],
      ["pending", 0],
    ]);
    await parts.queue.close();
  });
});
