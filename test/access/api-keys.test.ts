import { beforeAll, expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { eq } from "drizzle-orm";
import { createApiKeys } from "../../src/access/api-keys.ts";
import { type Caller, OPERATOR } from "../../src/access/caller.ts";
import { apiKeys as table } from "../../src/db/schema.ts";
import { HeddleError } from "../../src/errors.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";

const log = getLogger("heddle");
const START = Date.UTC(2030, 0, 1);

/** Counts statements, and lets the test move the clock. */
function keysOver(db: TestDatabase) {
  const clock = { now: START, setBack: 0 };
  const seen = { selects: 0, updates: 0 };
  const query = new Proxy(db.query, {
    get(target, name, receiver) {
      if (name === "select") seen.selects += 1;
      if (name === "update") seen.updates += 1;
      return Reflect.get(target, name, receiver);
    },
  });
  const keys = createApiKeys({
    db: { ...db, query },
    log,
    staticKey: "0123456789abcdef",
    now: () => clock.now - clock.setBack,
    monotonic: () => clock.now,
  });
  return { keys, clock, seen };
}

async function refusal(promise: Promise<unknown>): Promise<{ code: string; field: string | undefined }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof HeddleError) return { code: error.code, field: error.field };
    throw error;
  }
  throw new Error("nothing was refused");
}

eachDatabase("API keys", (open) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });

  test("a key is shown once, stored as a hash and listed with its prefix", async () => {
    const { keys } = keysOver(db);
    const made = await keys.create({ name: "ci", scopes: ["tasks:read", "tasks:read"] }, OPERATOR);
    expect(made.key).toMatch(/^hdl_[0-9a-f]{64}$/);
    expect(made.prefix).toBe(made.key.slice(0, 12));
    expect(made.scopes).toEqual(["tasks:read"]);
    const [row] = await db.query.select().from(table).where(eq(table.id, made.id));
    expect(JSON.stringify(row)).not.toContain(made.key.slice(12));
    expect(JSON.stringify(await keys.list({ limit: 10 }))).not.toContain(row?.hash ?? "-");
    expect(await keys.verify(made.key)).toMatchObject({ id: made.id, name: "ci", scopes: ["tasks:read"] });
  });

  test("a text that is not a key belongs to no caller", async () => {
    const { keys, seen } = keysOver(db);
    const made = await keys.create({ name: "k", scopes: ["admin"] }, OPERATOR);
    const flipped = made.key.endsWith("0") ? "1" : "0";
    for (const key of ["", "hdl_", "hdl_xyz", `${made.key}0`, made.key.toUpperCase(), "0123456789abcdeX"]) {
      expect(await keys.verify(key)).toBeUndefined();
    }
    expect(seen.selects).toBe(0);
    expect(await keys.verify(made.key.slice(0, -1) + flipped)).toBeUndefined();
    expect(await keys.verify("0123456789abcdef")).toMatchObject({ id: null, scopes: ["admin"] });
  });

  test("a cached key needs no query until the cache expires", async () => {
    const { keys, clock, seen } = keysOver(db);
    const { key } = await keys.create({ name: "k", scopes: ["admin"] }, OPERATOR);
    for (let i = 0; i < 20; i++) await keys.verify(key);
    expect(seen.selects).toBe(1);
    clock.now += 10_000;
    await keys.verify(key);
    expect(seen.selects).toBe(2);
    await keys.close();
  });

  test("the last use is written at most once a minute", async () => {
    const { keys, clock, seen } = keysOver(db);
    const { id, key } = await keys.create({ name: "k", scopes: ["admin"] }, OPERATOR);
    const used = async () => {
      await keys.verify(key);
      await keys.close();
      const [row] = await db.query.select().from(table).where(eq(table.id, id));
      return row?.last_used_at?.getTime();
    };
    expect(await used()).toBe(START);
    clock.now += 59_000;
    expect(await used()).toBe(START);
    clock.now += 1_000;
    expect(await used()).toBe(START + 60_000);
    expect(seen.updates).toBe(2);
  });

  test("a revoked key stops working at once here, and within seconds on another server", async () => {
    const here = keysOver(db);
    const there = keysOver(db);
    const { id, key } = await here.keys.create({ name: "k", scopes: ["admin"] }, OPERATOR);
    expect(await here.keys.verify(key)).toBeDefined();
    expect(await there.keys.verify(key)).toBeDefined();
    await Promise.all([here.keys.close(), there.keys.close()]);

    expect(await here.keys.revoke(id, OPERATOR)).toBe(true);
    expect(await here.keys.verify(key)).toBeUndefined();
    there.clock.now += 5_000;
    expect(await there.keys.verify(key)).toBeUndefined();
    expect(await here.keys.revoke(id, OPERATOR)).toBe(false);
    expect((await here.keys.list({ limit: 1 }))[0]?.revoked_at).toBeInstanceOf(Date);
  });

  test("a revoked key stops working within seconds on another server whose wall clock is set back", async () => {
    const here = keysOver(db);
    const there = keysOver(db);
    const { id, key } = await here.keys.create({ name: "k", scopes: ["admin"] }, OPERATOR);
    expect(await there.keys.verify(key)).toBeDefined();
    await Promise.all([here.keys.close(), there.keys.close()]);
    await here.keys.revoke(id, OPERATOR);
    there.clock.setBack = 3_600_000;
    there.clock.now += 5_000;
    expect(await there.keys.verify(key)).toBeUndefined();
  });

  test("an expired key belongs to no caller, even while it is cached", async () => {
    const { keys, clock } = keysOver(db);
    const expiresAt = new Date(START + 2_000);
    const { key } = await keys.create({ name: "k", scopes: ["admin"], expiresAt }, OPERATOR);
    expect(await keys.verify(key)).toBeDefined();
    clock.now += 2_000;
    expect(await keys.verify(key)).toBeUndefined();
    await keys.close();
  });

  test("a key cannot create one with more scopes or a longer life, nor revoke a stronger one", async () => {
    const { keys } = keysOver(db);
    const maker: Caller = {
      id: null,
      name: "maker",
      scopes: ["api_keys:write", "tasks:read", "channels:write"],
      expires_at: new Date(START + 60_000),
      integrationId: null,
      rows: "all",
    };
    const wider = (scope: string) => keys.create({ name: "w", scopes: ["tasks:read", scope] }, maker);
    for (const scope of ["admin", "tasks:write", "tasks:*", "bots:read"]) {
      expect(await refusal(wider(scope))).toEqual({ code: "forbidden", field: "scopes.1" });
    }
    expect(await refusal(wider("tasks"))).toEqual({ code: "validation", field: "scopes.1" });
    const late = new Date(START + 60_001);
    expect(await refusal(keys.create({ name: "w", scopes: ["tasks:read"], expiresAt: late }, maker))).toEqual(
      {
        code: "forbidden",
        field: "expires_at",
      },
    );
    const past = new Date(START - 1);
    expect(await refusal(keys.create({ name: "w", scopes: ["tasks:read"], expiresAt: past }, maker))).toEqual(
      {
        code: "validation",
        field: "expires_at",
      },
    );
    expect(await refusal(keys.create({ name: "w", scopes: [] }, maker))).toEqual({
      code: "validation",
      field: "scopes",
    });

    const child = await keys.create({ name: "w", scopes: ["channels.messages:read"] }, maker);
    expect(child.expires_at).toEqual(maker.expires_at);
    const strong = await keys.create({ name: "s", scopes: ["admin"] }, OPERATOR);
    expect((await refusal(keys.revoke(strong.id, maker))).code).toBe("forbidden");
    expect(await keys.verify(strong.key)).toBeDefined();
    expect(await keys.revoke(child.id, maker)).toBe(true);
    await keys.close();
  });

  test("a key and the keys that it creates belong to the same integration", async () => {
    const { keys } = keysOver(db);
    const of = async (key: string) => (await keys.verify(key))?.integrationId;
    const person = await keys.create({ name: "p", scopes: ["admin"] }, OPERATOR);
    expect(await of(person.key)).toBeNull();
    expect(await of("0123456789abcdef")).toBeNull();
    const made = await keys.create(
      { name: "i", scopes: ["api_keys:write", "tasks:read"], owner: "integration:camera" },
      OPERATOR,
    );
    const maker = await keys.verify(made.key);
    if (!maker) throw new Error("the key is not known");
    expect(maker.integrationId).toBe("camera");
    const child = await keys.create(
      { name: "c", scopes: ["tasks:read"], owner: "integration:github" },
      maker,
    );
    expect(await of(child.key)).toBe("camera");
    const lent = keys.issueEphemeral({ name: "l", scopes: ["tasks:read"], integrationId: "camera" });
    expect(await of(lent.key)).toBe("camera");
    const local = keys.issueEphemeral({ name: "l", scopes: ["tasks:read"] });
    expect(await of(local.key)).toBeNull();
    await keys.close();
  });

  test("a page continues where the previous one ended", async () => {
    const { keys } = keysOver(db);
    for (const name of ["a", "b", "c"]) await keys.create({ name, scopes: ["admin"] }, OPERATOR);
    const first = await keys.list({ limit: 2 });
    expect(first.map(({ name }) => name)).toEqual(["c", "b"]);
    const second = await keys.list({ limit: 1, cursor: first.at(-1)?.id });
    expect(second.map(({ name }) => name)).toEqual(["a"]);
  });
});
