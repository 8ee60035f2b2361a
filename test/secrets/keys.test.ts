import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { eq } from "drizzle-orm";
import { openHome } from "../../src/config/home.ts";
import { serverFacts } from "../../src/db/schema.ts";
import { CHECK, makeNextKey, openKeys, promote } from "../../src/secrets/keys.ts";
import { eachDatabase } from "../database.ts";
import { temporaryFolder } from "../integrations/harness.ts";
import { sealedV1 } from "./vault.test.ts";

const hex = (byte: number) => Buffer.alloc(32, byte).toString("hex");
const NONE = { current: undefined, previous: [] };

eachDatabase("the encryption key", (open) => {
  async function fresh() {
    const { query } = await open();
    await query.delete(serverFacts).where(eq(serverFacts.key, CHECK));
    const folder = await temporaryFolder();
    return { query, home: openHome(folder.path), [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
  }

  test("is created once; a wrong key is detected at start-up", async () => {
    await using at = await fresh();
    const { query, home } = at;
    const made = await openKeys(query, home, NONE);
    expect(await openKeys(query, home, NONE)).toEqual(made);
    await expect(openKeys(query, home, { ...NONE, current: hex(2) })).rejects.toThrow(
      "ENCRYPTION_KEY must be the key",
    );
  });

  test("a start without the key does not create one if the database already has one", async () => {
    await using at = await fresh();
    const { query, home } = at;
    await openKeys(query, home, { ...NONE, current: hex(1) });
    await expect(openKeys(query, home, NONE)).rejects.toThrow("ENCRYPTION_KEY must be the key");
    expect(readdirSync(dirname(home.encryptionKeyFile))).toEqual([]);
  });

  test("previous keys still open; new secrets are sealed with ENCRYPTION_KEY", async () => {
    await using at = await fresh();
    const { query, home } = at;
    const first = await openKeys(query, home, { ...NONE, current: hex(1) });
    const both = await openKeys(query, home, { current: hex(2), previous: [hex(3), hex(1)] });
    expect(both.current.id).not.toBe(first.current.id);
    expect(both.all.map(({ id }) => id)).toContain(first.current.id);
  });

  test("a check value of the previous version opens", async () => {
    await using at = await fresh();
    const { query, home } = at;
    await query.insert(serverFacts).values({ key: CHECK, value: sealedV1("ok", 1) });
    const { current } = await openKeys(query, home, { ...NONE, current: hex(1) });
    expect(current.bytes.toString("hex")).toBe(hex(1));
    await expect(openKeys(query, home, { ...NONE, current: hex(2) })).rejects.toThrow(
      "ENCRYPTION_KEY must be the key",
    );
  });

  describe("files", () => {
    test("a rotation interrupted before the database has the new key leaves the old key current", async () => {
      await using at = await fresh();
      const { query, home } = at;
      const old = await openKeys(query, home, NONE);
      makeNextKey(home);
      expect((await openKeys(query, home, NONE)).current).toEqual(old.current);
      expect(existsSync(`${home.encryptionKeyFile}.next`)).toBe(true);
    });

    test("a rotation interrupted afterwards is completed by the next start, and the old key is kept", async () => {
      await using at = await fresh();
      const { query, home } = at;
      const old = await openKeys(query, home, NONE);
      const next = makeNextKey(home);
      await query.delete(serverFacts).where(eq(serverFacts.key, CHECK));
      // The state after a rotation's transaction.
      const rotated = await openKeys(query, home, { ...NONE, current: next.bytes.toString("hex") });
      expect(rotated.current).toEqual(next);
      expect((await openKeys(query, home, NONE)).current).toEqual(next);
      expect(readFileSync(home.encryptionKeyFile, "utf8").trim()).toBe(next.bytes.toString("hex"));
      expect(readFileSync(`${home.encryptionKeyFile}.previous`, "utf8").trim()).toBe(
        old.current.bytes.toString("hex"),
      );
      promote(home);
      expect((await openKeys(query, home, NONE)).current).toEqual(next);
    });

    test("a key file without a valid key is an error", async () => {
      await using at = await fresh();
      const { query, home } = at;
      writeFileSync(home.encryptionKeyFile, "abc");
      await expect(openKeys(query, home, NONE)).rejects.toThrow("must contain 64 hexadecimal digits");
      rmSync(home.encryptionKeyFile);
    });
  });
});
