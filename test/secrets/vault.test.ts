import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { meta } from "../../src/db/schema.ts";
import { checkEncryptionKey, createVault, maskConfig } from "../../src/secrets/vault.ts";
import { embeddedDatabase } from "../database.ts";

const key = (byte: number) => Buffer.alloc(32, byte);

describe("vault", () => {
  test("what was sealed opens again, and differs each time", () => {
    const vault = createVault(key(1), () => {});
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(vault.open(vault.seal(text))).toBe(text.toWellFormed());
      }),
    );
    expect(vault.seal("x")).not.toBe(vault.seal("x"));
  });

  test("another key or a changed byte does not open it", () => {
    const vault = createVault(key(1), () => {});
    const sealed = vault.seal("secret");
    expect(() => createVault(key(2), () => {}).open(sealed)).toThrow();
    const changed = `${sealed.slice(0, -6)}${sealed.at(-6) === "A" ? "B" : "A"}${sealed.slice(-5)}`;
    expect(() => vault.open(changed)).toThrow();
  });

  test("secret fields are sealed at any depth, others are not; all are masked for showing", () => {
    const heard: string[] = [];
    const vault = createVault(key(1), (secret) => heard.push(secret));
    const config = {
      url: "https://x",
      token: "abc",
      auth: { api_key: "def", list: [{ password: "ghi" }] },
      n: 1,
    };
    const sealed = vault.sealConfig(config);
    expect(sealed.url).toBe("https://x");
    expect(JSON.stringify(sealed)).not.toMatch(/abc|def|ghi/);
    expect(vault.openConfig(sealed)).toEqual(config);
    expect(heard).toContain("abc");
    const stars = "********";
    expect(maskConfig(sealed)).toEqual({
      url: "https://x",
      token: stars,
      auth: { api_key: stars, list: [{ password: stars }] },
      n: 1,
    });
  });

  test("a caller cannot smuggle in something sealed", () => {
    const vault = createVault(key(1), () => {});
    expect(() => vault.sealConfig({ room: vault.seal("x") })).toThrow("must not begin");
    // What an answer showed instead of the secret must not become the secret.
    expect(() => vault.sealConfig(maskConfig({ token: "xoxb-1" }))).toThrow("not the secret itself");
  });

  const open = embeddedDatabase();
  test("a wrong key is found at the start", async () => {
    const { query } = await open();
    const vault = createVault(key(1), () => {});
    await checkEncryptionKey(query, vault);
    await checkEncryptionKey(query, vault);
    expect(
      checkEncryptionKey(
        query,
        createVault(key(2), () => {}),
      ),
    ).rejects.toThrow("ENCRYPTION_KEY is not the key");
    expect((await query.select().from(meta)).length).toBe(1);
  });
});
