// `store` of the SDK in memory, in the server and in a process.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { integrationStore } from "../../src/db/schema.ts";
import { HeddleError } from "../../src/errors.ts";
import { createIntegrationStore } from "../../src/integrations/settings/store.ts";
import { createRedactor } from "../../src/redact.ts";
import { createSdk } from "../../src/sdk/create.ts";
import { createEnvironmentBackend } from "../../src/sdk/environment.ts";
import { createStore, LARGEST_VALUE } from "../../src/sdk/store.ts";
import { createMemoryStore } from "../../src/sdk/testing-store.ts";
import type { Store } from "../../src/sdk/types.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { createHttpFixture, type HttpFixture } from "../http/fixture.ts";
import { testVault } from "../secrets/test-vault.ts";

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

/** The clocks may differ slightly. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isSo()); tries++) {
    if (tries > 500) throw new Error("It was never so");
    await Bun.sleep(1);
  }
}

/** The contract that each store must fulfil; `make` returns an empty store. */
function keepsItsPromises(make: () => Store): void {
  let store: Store;
  beforeAll(() => {
    store = make();
  });

  test("get returns a copy of what was set", async () => {
    const value = { list: [1, null, "ü🦜"], on: true };
    await store.set("a/b c%?#", value);
    value.list.push(2);
    expect(await store.get<unknown>("a/b c%?#")).toEqual({ list: [1, null, "ü🦜"], on: true });
    await store.set("a/b c%?#", null);
    expect(await store.get("a/b c%?#")).toBeNull();
    expect(await store.get("nothing")).toBeUndefined();
  });

  test("an option that does not exist is refused, so that nothing is stored in another way than meant", async () => {
    const odd = (options: object) => options as never;
    await expect(store.set("odd", 1, odd({ secrt: true }))).rejects.toThrow(
      "secrt is not an option of store.set(); did you mean secret?",
    );
    await expect(store.update("odd", () => 1, odd({ ttlSecond: 5 }))).rejects.toThrow(
      "did you mean ttlSeconds?",
    );
    expect(() => store.list(odd({ cursr: "a" }))).toThrow("it takes prefix, after, limit.");
    expect(await store.get("odd")).toBeUndefined();
  });

  test("a list begins with a text that the database can be asked for", async () => {
    for (const options of [{ prefix: "a\0" }, { after: "\ud800" }, { prefix: 5 }])
      expect(async () => store.list(options as never)).toThrow(/^(prefix|after) of store.list\(\) must be/);
  });

  test("delete returns whether there was a value", async () => {
    await store.set("gone", 1);
    expect([await store.delete("gone"), await store.delete("gone")]).toEqual([true, false]);
    expect(await store.get("gone")).toBeUndefined();
  });

  test("a list is sorted and paged, and a prefix is taken literally", async () => {
    for (const key of ["list/b", "list/a", "list/C", "listing", "l%", "list_x"]) await store.set(key, key);
    const keys = async (options: Parameters<Store["list"]>[0]) =>
      (await store.list(options)).map(({ key }) => key);
    expect(await keys({ prefix: "list/" })).toEqual(["list/C", "list/a", "list/b"]);
    expect(await keys({ prefix: "list_" })).toEqual(["list_x"]);
    expect(await keys({ prefix: "l%" })).toEqual(["l%"]);
    expect(await keys({ prefix: "list/", limit: 2 })).toEqual(["list/C", "list/a"]);
    expect(await keys({ prefix: "list/", limit: 2, after: "list/a" })).toEqual(["list/b"]);
    expect((await store.list({ prefix: "listing" }))[0]).toEqual({
      key: "listing",
      value: "listing",
      secret: false,
    });
  });

  test("a secret stays one unless it is set otherwise", async () => {
    const secret = async () => (await store.list({ prefix: "key/" }))[0]?.secret;
    await store.set("key/1", "first value", { secret: true });
    await store.set("key/1", "second value");
    await store.update<string>("key/1", (value) => `${value}!`);
    expect([await secret(), await store.get<string>("key/1")]).toEqual([true, "second value!"]);
    await store.set("key/1", "third value", { secret: false });
    expect(await secret()).toBe(false);
  });

  test("a value with a time to live expires, for reads and writes", async () => {
    const moment = 0.000_001;
    await store.set("ttl/gone", 1, { ttlSeconds: moment });
    await store.set("ttl/stays", 1, { ttlSeconds: 3600 });
    await until(async () => (await store.get("ttl/gone")) === undefined);
    expect((await store.list({ prefix: "ttl/" })).map(({ key }) => key)).toEqual(["ttl/stays"]);
    expect(await store.delete("ttl/gone")).toBe(false);
    await store.set("ttl/gone", 1, { ttlSeconds: moment });
    await until(async () => (await store.get("ttl/gone")) === undefined);
    // A value written after expiry is new, and never expires by default.
    expect(await store.update<number>("ttl/gone", (value = 10) => value + 1)).toBe(11);
    await store.set("ttl/stays", 2);
    expect([await store.get<number>("ttl/gone"), await store.get<number>("ttl/stays")]).toEqual([11, 2]);
    for (const ttlSeconds of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const refused = await failureOf(store.set("ttl/none", 1, { ttlSeconds }));
      expect(refused).toMatchObject({ code: "validation", field: "ttlSeconds" });
    }
  });

  test("concurrent updates lose nothing", async () => {
    const add = () => store.update<number>("count", async (count = 0) => count + 1);
    const results = await Promise.all(Array.from({ length: 12 }, add));
    expect(await store.get<number>("count")).toBe(12);
    expect(results.toSorted((a = 0, b = 0) => a - b)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
  });

  test("an update may remove the value, and one that throws changes nothing", async () => {
    await store.set("short-lived", 1);
    const reason = new Error("no");
    const failed = store.update("short-lived", () => {
      throw reason;
    });
    expect(await failureOf(failed)).toBe(reason);
    expect(await store.get<number>("short-lived")).toBe(1);
    expect(await store.update("short-lived", () => undefined)).toBeUndefined();
    expect(await store.get("short-lived")).toBeUndefined();
    expect(await store.update("short-lived", () => undefined)).toBeUndefined();
  });

  test("a key that is too long is refused in words that say how long it is", async () => {
    await expect(store.set("k".repeat(300), 1)).rejects.toThrow(
      'The key of a stored value must be a text of 1 to 255 characters other than "." and ".."; got one of 300, which begins with "kkkk',
    );
  });

  test("invalid keys and values are refused with the field", async () => {
    const wrong: [Promise<unknown>, string, string][] = [
      [store.set("", 1), "validation", "key"],
      [store.set("..", 1), "validation", "key"],
      [store.set("k".repeat(256), 1), "validation", "key"],
      [store.get("nul\u0000"), "validation", "key"],
      [store.set("k", undefined), "validation", "value"],
      [store.set("k", 1n), "validation", "value"],
      [store.set("k", "x".repeat(LARGEST_VALUE)), "payload_too_large", "value"],
    ];
    for (const [promise, code, field] of wrong)
      expect(await failureOf(promise)).toMatchObject({ code, field });
    expect(() => store.list({ limit: 0 })).toThrow(HeddleError);
    await store.set("k", "ü".repeat((LARGEST_VALUE - 2) / 2));
    expect(await store.get<string>("k")).toHaveLength((LARGEST_VALUE - 2) / 2);
  });
}

describe("in memory", () => keepsItsPromises(() => createStore(createMemoryStore())));

test("outside of a server it is in the process's memory", async () => {
  const { store } = createSdk(createEnvironmentBackend({}));
  await store.set("own", 1);
  expect(await createSdk(createEnvironmentBackend({})).store.get<number>("own")).toBe(1);
  await store.delete("own");
});

eachDatabase("in the server", (open) => {
  let db: TestDatabase;
  const redactor = createRedactor();
  const make = (id: string) =>
    createStore(
      createIntegrationStore({
        db,
        vault: testVault(),
        addSecret: redactor.add,
      }).of(id),
    );
  beforeAll(async () => {
    db = await open();
  });
  keepsItsPromises(() => make("mine"));

  test("integrations do not see each other", async () => {
    await make("one").set("key", 1);
    expect(await make("two").get("key")).toBeUndefined();
    expect(await make("two").delete("key")).toBe(false);
    expect(await make("two").list()).toEqual([]);
    expect(await make("one").get<number>("key")).toBe(1);
  });

  test("a secret is encrypted in the database, and its texts are kept out of logs", async () => {
    await make("sealed").set("tokens", { list: ["canary-in-a-list"], note: 1 }, { secret: true });
    const rows = await db.query.select().from(integrationStore);
    expect(JSON.stringify(rows)).not.toContain("canary-in-a-list");
    expect(redactor.redact("the canary-in-a-list flies")).toBe("the [redacted] flies");
    // Another server, which only reads the value.
    const other = createRedactor();
    const vault = testVault();
    await createIntegrationStore({ db, vault, addSecret: other.add }).of("sealed").read("tokens");
    expect(other.redact("canary-in-a-list")).toBe("[redacted]");
  });
});

eachDatabase("in a process", (open) => {
  let http: HttpFixture;
  let server: ReturnType<typeof Bun.serve>;
  let key = "";
  beforeAll(async () => {
    const db = await open();
    http = await createHttpFixture(db, { integrations: { mine: {}, other: {} } });
    server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => http.fetch(request) });
    key = await http.keyWith("integrations.other.store:write");
  });
  afterAll(() => server.stop(true));
  const child = (apiKey: string, id: string | undefined = "mine") =>
    createSdk(
      createEnvironmentBackend({
        HEDDLE_URL: `http://127.0.0.1:${server.port}`,
        HEDDLE_API_KEY: apiKey,
        HEDDLE_INTEGRATION_ID: id,
      }),
    ).store;
  keepsItsPromises(() => child(key, "other"));

  test("a key reaches only the store of its own integration", async () => {
    const mine = await http.keyWith("integrations.mine.store:write");
    await child(mine).set("key", 1);
    for (const key of [
      await http.keyWith("integrations.other.store:write"),
      await http.keyWith("integrations:read"),
      await http.keyWith("sessions:*"),
      await http.keyWith("integrations:*"),
      await http.keyWith("integrations.mine:write"),
    ]) {
      const asked = [child(key).get("key"), child(key).set("key", 2), child(key).list()];
      for (const failure of await Promise.all(asked.map(failureOf))) {
        expect(failure).toMatchObject({ code: "forbidden" });
      }
    }
    expect(await child(await http.keyWith("admin")).get<number>("key")).toBe(1);
  });

  test("a read-only key reads a store without its secrets", async () => {
    const mine = child(await http.keyWith("integrations.mine.store:write"));
    await mine.set("open", 1);
    await mine.set("hidden", "canary", { secret: true });
    const reader = child(await http.keyWith("integrations.mine.store:read"));
    expect(await reader.get<number>("open")).toBe(1);
    expect(await reader.list({ prefix: "hidden" })).toMatchObject([{ value: null }]);
    // Awaited together, because a later one would otherwise reject unhandled.
    const asked = [reader.get("hidden"), reader.set("open", 2), reader.delete("open")];
    for (const refused of await Promise.all(asked.map(failureOf))) {
      expect(refused).toMatchObject({ code: "forbidden" });
    }
    const other = child(await http.keyWith("integrations.other.store:read"));
    expect(await failureOf(other.get("open"))).toMatchObject({ code: "forbidden" });
  });

  test("only a key that names this very store reads its secrets", async () => {
    const mine = child(await http.keyWith("integrations.mine.store:write"));
    await mine.set("hidden", "canary-of-the-store", { secret: true });
    expect(await mine.get<string>("hidden")).toBe("canary-of-the-store");
    expect(await mine.list({ prefix: "hid" })).toMatchObject([{ value: "canary-of-the-store" }]);
    const other = child(await http.keyWith("admin"));
    expect(await failureOf(other.get("hidden"))).toMatchObject({ code: "forbidden" });
    expect(await other.list({ prefix: "hid" })).toEqual([{ key: "hidden", value: null, secret: true }]);
  });

  test("there is no store for an unknown integration", async () => {
    const key = await http.keyWith("admin");
    expect(await failureOf(child(key, "nobody").set("key", 1))).toMatchObject({ code: "not_found" });
    const nobodys = createSdk(
      createEnvironmentBackend({ HEDDLE_URL: `http://127.0.0.1:${server.port}`, HEDDLE_API_KEY: key }),
    ).store;
    expect(await failureOf(nobodys.get("key"))).toMatchObject({ code: "not_supported" });
  });

  test("the routes explain errors", async () => {
    const path = "/api/v1/integrations/mine/store/versioned";
    const put = (body: unknown) => http.send("PUT", path, { body });
    expect((await put({ value: { a: 1 }, if_version: null })).status).toBe(204);
    expect((await put({ value: 2, if_version: null })).body.error.code).toBe("conflict");
    const { body } = await http.send("GET", path);
    expect(body).toEqual({ key: "versioned", value: { a: 1 }, secret: false, version: expect.any(String) });
    expect((await put({ value: 2, if_version: body.version })).status).toBe(204);
    expect((await http.send("DELETE", `${path}?if_version=${body.version}`)).status).toBe(409);
    expect((await put({ value: "x".repeat(LARGEST_VALUE) })).status).toBe(413);
    expect((await put({ secret: true })).body.error).toMatchObject({ code: "validation", field: "value" });
    expect((await http.send("DELETE", path)).status).toBe(204);
    expect((await http.send("GET", path)).status).toBe(404);
    expect((await http.send("DELETE", path)).status).toBe(404);
    expect((await http.send("GET", "/api/v1/integrations/mine/store?limit=5000")).status).toBe(422);
  });
});
