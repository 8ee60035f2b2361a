import { expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { sql } from "drizzle-orm";
import { openDatabase } from "../../../src/db/open.ts";
import { integrationSettings } from "../../../src/db/schema.ts";
import { createSettings, type SettingsOptions } from "../../../src/integrations/settings/settings.ts";
import { createRedactor } from "../../../src/redact.ts";
import { eachDatabase, onPostgres } from "../../database.ts";
import { testVault } from "../../secrets/test-vault.ts";
import { readerOf } from "../environment.ts";
import { nextCall } from "../harness.ts";

const log = getLogger("test");
const redactor = createRedactor();
const vault = testVault(1);

async function loaded(options: Pick<SettingsOptions, "db"> & Partial<SettingsOptions>) {
  const settings = createSettings({
    vault,
    addSecret: redactor.add,
    readEnvironment: () => undefined,
    log,
    ...options,
  });
  await settings.load();
  return { ...settings, [Symbol.asyncDispose]: settings.close };
}

eachDatabase("settings of integrations", (open) => {
  test("stored values override the environment; blank values are not set; properties of every object are not settings", async () => {
    const environment = { FROM_ENV: "env", BOTH: "env", BLANK: "  " };
    await using settings = await loaded({
      db: await open(),
      readEnvironment: (_, name) => readerOf(environment)("mine", name),
    });
    expect(settings.get("mine", "BOTH")).toBe("env");
    expect(settings.effective("mine", { key: "BOTH", default: "unused" }).source).toBe("environment");
    await settings.set("mine", [
      { key: "BOTH", value: "stored", secret: false },
      { key: "BLANK", value: " ", secret: false },
    ]);
    const keys = ["FROM_ENV", "BOTH", "BLANK", "constructor"];
    expect(keys.map((key) => settings.get("mine", key))).toEqual(["env", "stored", undefined, undefined]);
    expect(keys.map((key) => settings.effective("mine", { key, default: null }).source)).toEqual([
      "environment",
      "stored",
      null,
      null,
    ]);
    expect(settings.effective("mine", { key: "BLANK", default: "7" })).toEqual({
      value: "7",
      source: "default",
    });
    expect(settings.effective("mine", { key: "BLANK", default: "" })).toEqual({ value: null, source: null });
    // Of another integration, only the environment is visible.
    expect(settings.get("yours", "BOTH")).toBe("env");
    await settings.set("mine", [{ key: "BOTH", value: "", secret: false }]);
    expect(settings.get("mine", "BOTH")).toBe("env");
    expect([...settings.stored("mine")]).toEqual([]);
  });

  test("a secret is encrypted in the database, known to the redactor, and available after a restart", async () => {
    const db = await open();
    {
      await using settings = await loaded({ db });
      await settings.set("mine", [
        { key: "TOKEN", value: "canary-of-the-settings", secret: true },
        { key: "URL", value: "plain", secret: false },
      ]);
      expect(redactor.redact("it is canary-of-the-settings")).toBe("it is [redacted]");
      expect([...settings.stored("mine")]).toEqual([
        ["TOKEN", { secret: true }],
        ["URL", { secret: false }],
      ]);
    }
    const rows = await db.query.select().from(integrationSettings);
    expect(JSON.stringify(rows)).not.toContain("canary");
    const other = createRedactor();
    await using again = await loaded({ db, vault: testVault(1), addSecret: other.add });
    expect(again.get("mine", "TOKEN")).toBe("canary-of-the-settings");
    expect(other.redact("it is canary-of-the-settings")).toBe("it is [redacted]");
  });

  test("a change is applied completely or not at all, and an invalid value is refused with its key", async () => {
    await using settings = await loaded({ db: await open() });
    const bad = ["a\0b", "\ud800", "x".repeat(65_537)];
    for (const value of bad) {
      const change = settings.set("mine", [
        { key: "GOOD", value: "good", secret: false },
        { key: "BAD", value, secret: true },
      ]);
      await expect(change).rejects.toMatchObject({ code: "validation", field: "BAD" });
      await change.catch(() => {});
    }
    expect(settings.get("mine", "GOOD")).toBeUndefined();
  });

  test("listeners are notified only of actual changes", async () => {
    await using settings = await loaded({ db: await open() });
    const heard: unknown[] = [];
    settings.onChange(() => {
      throw new Error("on purpose");
    });
    const stop = settings.onChange((id, keys) => heard.push([id, keys, settings.get(id, "A")]));
    await settings.set("mine", [{ key: "A", value: "1", secret: false }]);
    await settings.set("mine", [{ key: "A", value: "1", secret: false }]);
    expect(await settings.delete("mine", "A")).toBe(true);
    expect(await settings.delete("mine", "A")).toBe(false);
    expect(heard).toEqual([
      ["mine", ["A"], "1"],
      ["mine", ["A"], undefined],
    ]);
    stop();
    await settings.set("mine", [{ key: "A", value: "2", secret: false }]);
    expect(heard.length).toBe(2);
  });

  test("a value that cannot be decrypted does not affect the others", async () => {
    const db = await open();
    {
      await using settings = await loaded({ db });
      await settings.set("mine", [
        { key: "TOKEN", value: "secret-one", secret: true },
        { key: "OTHER", value: "secret-two", secret: true },
      ]);
    }
    await db.query.execute(sql`update integration_settings set value = 'sealed:v1:AAAA' where key = 'TOKEN'`);
    await using settings = await loaded({ db });
    expect(settings.get("mine", "TOKEN")).toBeUndefined();
    expect(settings.get("mine", "OTHER")).toBe("secret-two");
  });

  test("after concurrent changes, memory matches the database", async () => {
    const db = await open();
    await using settings = await loaded({ db });
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        settings.set("mine", [{ key: "N", value: String(n), secret: false }]),
      ),
    );
    const [row] = await db.query.select().from(integrationSettings);
    expect(settings.get("mine", "N")).toBe(String(row?.value));
  });
});

onPostgres("settings over two servers", (open) => {
  test("a change on one server is live on the other, and a missed one arrives with the next connection", async () => {
    const db = await open();
    const otherDb = await openDatabase({ databaseUrl: db.databaseUrl, home: db.home, log });
    try {
      await using here = await loaded({ db });
      await using there = await loaded({ db: otherDb });
      const first = nextCall(there.onChange);
      await here.set("mine", [{ key: "TOKEN", value: "over-there", secret: true }]);
      await first;
      expect(there.get("mine", "TOKEN")).toBe("over-there");

      const second = nextCall(there.onChange);
      // No server is notified of this change.
      await db.query.execute(sql`delete from integration_settings`);
      const name = new URL(String(db.databaseUrl)).pathname.slice(1);
      const others = sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = ${name} and pid <> pg_backend_pid() and query ilike 'listen%'`;
      await db.query.execute(others);
      await second;
      expect(there.get("mine", "TOKEN")).toBeUndefined();
    } finally {
      await otherDb.close();
    }
  });
});
