import { expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import postgres from "postgres";
import { openDatabase } from "../../src/db/open.ts";
import { eachDatabase, onPostgres, type TestDatabase } from "../database.ts";

/** Requests leadership; each call resolves when it is next acquired. */
function candidate(db: Pick<TestDatabase, "lead">, name: string) {
  let lead = Promise.withResolvers<void>();
  let lost = Promise.withResolvers<void>();
  let isOne = false;
  const { close } = db.lead(name, {
    onLead() {
      isOne = true;
      lead.resolve();
      lead = Promise.withResolvers();
    },
    onLost() {
      isOne = false;
      lost.resolve();
      lost = Promise.withResolvers();
    },
  });
  return { close, leads: () => lead.promise, loses: () => lost.promise, isOne: () => isOne };
}

eachDatabase("the one", (open) => {
  test("a single candidate becomes the leader asynchronously", async () => {
    const db = await open();
    const only = candidate(db, "work");
    expect(only.isOne()).toBe(false);
    await only.leads();
    expect(only.isOne()).toBe(true);
    await only.close();
  }, 30_000);

  test("a candidate that closes before it leads is not notified", async () => {
    const db = await open();
    const first = candidate(db, "work");
    await first.close();
    const second = candidate(db, "work");
    await second.leads();
    expect(first.isOne()).toBe(false);
    await second.close();
  }, 30_000);
});

onPostgres("the one of several", (open) => {
  test("each name has one leader, replaced when it closes or loses its connection", async () => {
    const db = await open();
    const other = await openDatabase({ databaseUrl: db.databaseUrl, home: db.home, log: getLogger("test") });
    const a = candidate(db, "work");
    await a.leads();
    const b = candidate(other, "work");
    const elsewhere = candidate(other, "other work");
    await elsewhere.leads();
    expect(b.isOne()).toBe(false);
    const free = b.leads();
    await a.close();
    await free;

    const c = candidate(db, "work");
    const lost = b.loses();
    const taken = Promise.race([c.leads(), b.leads()]);
    const admin = postgres(db.databaseUrl ?? "", { max: 1, onnotice: () => undefined });
    // As if the network or the server failed.
    await admin`
      select pg_terminate_backend(pid) from pg_locks
      where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())
        and ((classid::bigint << 32) | objid::bigint) = hashtextextended('work', 0)`;
    await lost;
    await taken;
    expect([b.isOne(), c.isOne()].filter(Boolean)).toHaveLength(1);
    await Promise.all([b.close(), c.close(), elsewhere.close()]);
    await admin.end();
    await other.close();
  }, 60_000);
});
