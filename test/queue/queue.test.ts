import { describe, expect, onTestFinished, setSystemTime, spyOn, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { sql } from "drizzle-orm";
import { PgBoss } from "pg-boss";
import { rowsOf } from "../../src/db/database.ts";
import { newId } from "../../src/ids.ts";
import { lightly } from "../../src/queue/light-commit.ts";
import { createQueue, type Job, type Queue } from "../../src/queue/queue.ts";
import { eachDatabase, embeddedDatabase, type TestDatabase } from "../database.ts";
import { until } from "../until.ts";

const log = getLogger("heddle");

/** Closed at the latest with its database: a test that fails would leave it open. */
async function openQueue(db: TestDatabase, instead: Partial<TestDatabase> = {}): Promise<Queue> {
  const queue = await createQueue({ db: { ...db, ...instead }, log });
  db.beforeClose(queue.close);
  return queue;
}

eachDatabase("queue", (open) => {
  test("jobs of one key run one at a time and in order, concurrently with those of other keys", async () => {
    const db = await open();
    const queue = await openQueue(db);
    const keys = ["a", "b", "c"];
    const order: Record<string, number[]> = { a: [], b: [], c: [] };
    const active = new Set<string>();
    const done = Promise.withResolvers<void>();
    let overlap = 0;
    let ended = 0;
    await db.query.transaction(async (tx) => {
      for (let i = 0; i < 5; i++) {
        for (const key of keys) await queue.enqueue(tx, "tasks", { id: newId(), subject: `${key}${i}`, key });
      }
    });
    queue.work("tasks", {
      concurrency: 8,
      async run(job: Job) {
        const key = job.subject[0] ?? "";
        if (active.has(key)) overlap += 1;
        active.add(key);
        await Bun.sleep(1);
        order[key]?.push(Number(job.subject.slice(1)));
        active.delete(key);
        await db.query.transaction((tx) => queue.complete(tx, "tasks", job));
        ended += 1;
        if (ended === 15) done.resolve();
      },
    });
    await done.promise;
    expect(overlap).toBe(0);
    for (const key of keys) expect(order[key]).toEqual([0, 1, 2, 3, 4]);
    await queue.close();
  });

  test("a fetch does not wait for the disk, and what comes after it does", async () => {
    const db = await open();
    const setting = "select current_setting('synchronous_commit') as now";
    const { rows: before } = await db.execute(setting);
    await db.query.transaction(async (tx) => {
      await tx.execute(sql`set local synchronous_commit to on`);
      expect(rowsOf(await tx.execute(sql.raw(lightly("select 7 as n"))))).toEqual([{ n: 7 }]);
      expect(rowsOf(await tx.execute(sql.raw(setting)))).toEqual([{ now: "off" }]);
    });
    expect((await db.execute(setting)).rows).toEqual(before);
  });

  test("the job of a worker that has died comes back, although the clocks of server and database are set back", async () => {
    const db = await open();
    const queue = await openQueue(db);
    const id = newId();
    await db.query.transaction((tx) => queue.enqueue(tx, "tasks", { id, subject: "a0", key: "a" }));
    const mark = async () =>
      (await db.execute("select monitor_claim_on from pgboss.queue where name = 'tasks'")).rows[0]
        ?.monitor_claim_on;
    await until(mark, (at) => at !== null, { withinSeconds: 20 });
    // A time that is set for a test stands still, and with it that of an embedded database.
    if (db.kind !== "embedded") setSystemTime(new Date(Date.now() - 3_600_000));
    onTestFinished(() => void setSystemTime());
    // As seen by a database whose clock is set back as well.
    const anHourAhead = "now() + interval '1 hour'";
    await db.execute(
      `update pgboss.queue set monitor_claim_on = ${anHourAhead}, monitor_on = ${anHourAhead}`,
    );
    await db.execute(
      `update pgboss.job set state = 'active', started_on = ${anHourAhead}, heartbeat_on = ${anHourAhead} where id = '${id}'`,
    );
    await queue.pullInFuture();
    const { rows } = await db.execute(
      `select heartbeat_on <= now() as is_past from pgboss.job where id = '${id}'`,
    );
    expect(rows).toEqual([{ is_past: true }]);
    await db.execute(`update pgboss.job set heartbeat_on = now() - interval '1 minute' where id = '${id}'`);
    const state = async () =>
      (await db.execute(`select state from pgboss.job where id = '${id}'`)).rows[0]?.state;
    await until(state, (now) => now === "retry", { withinSeconds: 20 });
  }, 60_000);

  test("a job exists if and only if its transaction commits", async () => {
    const db = await open();
    const queue = await openQueue(db);
    const kept = newId();
    await db.query
      .transaction(async (tx) => {
        await queue.enqueue(tx, "tasks", { id: newId(), subject: "lost", key: "k" });
        throw new Error("rolled back");
      })
      .catch(() => {});
    await db.query.transaction((tx) => queue.enqueue(tx, "tasks", { id: kept, subject: "kept", key: "k" }));
    const seen = await firstJob(queue);
    expect(seen.subject).toBe("kept");
    expect(seen.id).toBe(kept);
    await queue.close();
  });

  test("a returned job is fetched again, before its successors", async () => {
    const db = await open();
    const queue = await openQueue(db);
    await db.query.transaction(async (tx) => {
      await queue.enqueue(tx, "tasks", { id: newId(), subject: "first", key: "k" });
      await queue.enqueue(tx, "tasks", { id: newId(), subject: "second", key: "k" });
    });
    const seen: string[] = [];
    const done = Promise.withResolvers<void>();
    queue.work("tasks", {
      concurrency: 2,
      async run(job) {
        seen.push(job.subject);
        if (seen.length === 1) await queue.release("tasks", job);
        else await db.query.transaction((tx) => queue.complete(tx, "tasks", job));
        if (seen.length === 3) done.resolve();
      },
    });
    await done.promise;
    expect(seen).toEqual(["first", "first", "second"]);
    await queue.close();
  });

  test("a group whose jobs all hang leaves slots for other groups", async () => {
    const db = await open();
    const queue = await openQueue(db);
    const send = (group: string, count: number) =>
      db.query.transaction((tx) =>
        queue.enqueueAll(
          tx,
          "deliveries",
          Array.from({ length: count }, (_, i) => ({ subject: `${group}${i}`, key: `${group}${i}`, group })),
        ),
      );
    const hung = new Set<Job>();
    const ended: string[] = [];
    let most = 0;
    const release = Promise.withResolvers<void>();
    const allEnded = Promise.withResolvers<void>();
    await send("hanging", 9);
    await send("working", 4);
    queue.work("deliveries", {
      concurrency: 5,
      perGroup: 3,
      async run(job) {
        if (job.group === "hanging") {
          hung.add(job);
          most = Math.max(most, hung.size);
          await release.promise;
          hung.delete(job);
        }
        await db.query.transaction((tx) => queue.complete(tx, "deliveries", job));
        ended.push(job.subject);
        // Release the hanging jobs only now: the other group did not depend on them.
        if (ended.length === 4) release.resolve();
        if (ended.length === 13) allEnded.resolve();
      },
    });
    await allEnded.promise;
    expect(ended.slice(0, 4).toSorted()).toEqual(["working0", "working1", "working2", "working3"]);
    expect(most).toBe(3);
    await queue.close();
  });

  test("close waits for the queries of pg-boss's own timers", async () => {
    const db = await open();
    let slow: PromiseWithResolvers<void> | undefined;
    const asked = Promise.withResolvers<void>();
    const execute: typeof db.execute = async (...statement) => {
      if (slow) {
        asked.resolve();
        await slow.promise;
      }
      return db.execute(...statement);
    };
    const queue = await openQueue(db, { execute });
    slow = Promise.withResolvers<void>();
    // A query such as its timers make.
    const job = queue.release("tasks", { id: newId(), subject: "x", retryCount: 0 }).catch(() => {});
    await asked.promise;
    let isClosed = false;
    const closing = queue.close().then(() => {
      isClosed = true;
    });
    await Bun.sleep(20);
    expect(isClosed).toBe(false);
    slow.resolve();
    await closing;
    await job;
  });

  test("a withdrawn job is never fetched, and its successor is", async () => {
    const db = await open();
    const queue = await openQueue(db);
    const id = newId();
    await db.query.transaction(async (tx) => {
      await queue.enqueue(tx, "tasks", { id, subject: "withdrawn", key: "k" });
      await queue.enqueue(tx, "tasks", { id: newId(), subject: "next", key: "k" });
    });
    await db.query.transaction((tx) => queue.withdrawAll(tx, "tasks", [id]));
    expect((await firstJob(queue)).subject).toBe("next");
    await queue.close();
  });
});

describe("queue on the embedded database", () => {
  const open = embeddedDatabase();

  test("jobs left by a crash are released at the next start", async () => {
    const db = await open();
    const before = await openQueue(db);
    await db.query.transaction((tx) =>
      before.enqueue(tx, "tasks", { id: newId(), subject: "abandoned", key: "k" }),
    );
    // Fetch it and do nothing.
    await db.execute(
      "update pgboss.job set state = 'active', started_on = now(), heartbeat_on = now() where name = 'tasks'",
    );
    const after = await openQueue(db);
    expect((await firstJob(after)).subject).toBe("abandoned");
    await before.close();
    await after.close();
  });

  test("a queue that cannot be opened leaves no timers that go on asking its database", async () => {
    const db = await open();
    const stop = spyOn(PgBoss.prototype, "stop");
    for (const failing of ["create_queue", "state = 'active'"]) {
      const execute: typeof db.execute = async (text, values) => {
        if (text.includes(failing)) throw new Error("The database is away.");
        return db.execute(text, values);
      };
      await expect(createQueue({ db: { ...db, execute }, log })).rejects.toThrow("The database is away.");
    }
    expect(stop).toHaveBeenCalledTimes(2);
    stop.mockRestore();
  });
});

function firstJob(queue: Awaited<ReturnType<typeof createQueue>>): Promise<Job> {
  const { promise, resolve } = Promise.withResolvers<Job>();
  queue.work("tasks", { concurrency: 1, run: async (job) => resolve(job) });
  return promise;
}
