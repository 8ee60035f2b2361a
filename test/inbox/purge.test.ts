import { expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { sql } from "drizzle-orm";
import { advisoryLock } from "../../src/db/advisory-lock.ts";
import { inboxEvents } from "../../src/db/schema.ts";
import { createPurge } from "../../src/inbox/purge.ts";
import { eachDatabase, onPostgres, type TestDatabase } from "../database.ts";
import { until } from "../until.ts";

const log = getLogger("heddle");
const DAY_MS = 24 * 3_600_000;

async function fill(db: TestDatabase, count: number, daysAgo: number): Promise<void> {
  await db.query.execute(sql`
    insert into inbox_events (id, integration_id, method, path, headers, body, body_bytes, verdict, duration_ms, created_at)
    select gen_random_uuid(), 'hook', 'POST', '/', '{}', '', 0, 'ignored', 1, now() - make_interval(days => ${daysAgo})
    from generate_series(1, ${count})`);
}

eachDatabase("the purge", (open) => {
  test("deletes everything older than the retention, however much, and nothing else", async () => {
    const db = await open();
    await fill(db, 1_203, 31);
    await fill(db, 7, 29);
    const purge = createPurge({ db, log, retentionDays: 30 });
    expect(await purge.run()).toBe(1_203);
    expect(await db.query.$count(inboxEvents)).toBe(7);
    expect(await purge.run()).toBe(0);
    const later = createPurge({ db, log, retentionDays: 30, now: () => Date.now() + 2 * DAY_MS });
    expect(await later.run()).toBe(7);
    await Promise.all([purge.close(), later.close()]);
  });
});

onPostgres("the purge", (open) => {
  test("is skipped while another server does it", async () => {
    const db = await open();
    await fill(db, 3, 31);
    const left = () => db.query.$count(inboxEvents);
    const other = Promise.withResolvers<void>();
    const ticks = { count: 0 };
    const atIt = advisoryLock(
      db,
      "heddle inbox purge",
    )(async () => {
      const purge = createPurge({ db, log, retentionDays: 30, everyMs: 1, now: () => Date.now() });
      // Several purges would have run in this time.
      await until(async () => ++ticks.count > 20 && (await left()) === 3);
      other.resolve();
      return purge;
    });
    await other.promise;
    const purge = await atIt;
    await until(async () => (await left()) === 0);
    await purge?.close();
  });
});
