import { describe, expect, test } from "bun:test";
import { createCipheriv, randomBytes } from "node:crypto";
import fc from "fast-check";
import { keyRing } from "../../src/secrets/key-ring.ts";
import { mask, maskConfig } from "../../src/secrets/mask.ts";
import { checkGiven, createVault } from "../../src/secrets/vault.ts";
import { testKey, testVault } from "./test-vault.ts";

const AT = { table: "sessions", row: "1", field: "dispatch_config" };

/** Seals as version 1 did, before locations and key ids. */
export function sealedV1(text: string, byte: number): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", Buffer.alloc(32, byte), iv);
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return `sealed:v1:${Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString("base64")}`;
}

describe("sealed texts", () => {
  test("open again, and differ each time", () => {
    const vault = testVault();
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(vault.open(vault.seal(text, AT), AT)).toBe(text.toWellFormed());
      }),
    );
    expect(vault.seal("x", AT)).not.toBe(vault.seal("x", AT));
    expect(vault.seal("x", AT)).toStartWith(`sealed:v2:${testKey(7).id}:`);
  });

  test("open only at the location they were sealed for: that table, row and field", () => {
    const vault = testVault();
    const sealed = vault.seal("secret", AT);
    for (const elsewhere of [{ table: "channels" }, { row: "2" }, { field: "dispatch_config/token" }]) {
      expect(() => vault.open(sealed, { ...AT, ...elsewhere })).toThrow("copied here");
    }
    expect(() => testVault(1).open(sealed, AT)).toThrow("its key");
    for (let at = "sealed:v2:".length; at < sealed.length; at++) {
      const changed = sealed.slice(0, at) + (sealed[at] === "A" ? "B" : "A") + sealed.slice(at + 1);
      // The last character may encode bits beyond the last byte.
      if (at < sealed.length - 1) expect(() => vault.open(changed, AT)).toThrow();
    }
  });

  test("sealed with a previous key, or by the previous version, still open", () => {
    const vault = createVault(keyRing(testKey(1), [testKey(2), testKey(3)]));
    expect(vault.open(testVault(3).seal("third", AT), AT)).toBe("third");
    expect(vault.open(sealedV1("before", 2), AT)).toBe("before");
    expect(() => vault.open(sealedV1("before", 4), AT)).toThrow("none of the known keys");
    expect(vault.openConfig({ token: sealedV1("12", 1) }, AT)).toEqual({ token: "12" });
  });
});

describe("configs", () => {
  test("secret fields are sealed at any depth, with everything below them, and masked when shown; others are not", () => {
    const heard: string[] = [];
    const vault = testVault();
    const config = {
      type: "x",
      url: "https://x/?page=1",
      token: "abc",
      auth: { user: "me", list: [{ password: "ghi" }] },
      headers: { "X-Other": "jkl" },
      pin: 1234567,
      tokens: ["mno", 5, true, null],
      n: 1,
    };
    const sealed = vault.sealConfig(config, AT);
    expect({ ...sealed, type: "x" }).toMatchObject({ url: "https://x/?page=1", n: 1 });
    expect(JSON.stringify(sealed)).not.toMatch(/"(?:abc|ghi|jkl|mno|me)"|1234567/);
    expect(vault.openConfig(sealed, AT, (secret) => heard.push(secret))).toEqual(config);
    expect(heard.sort()).toEqual(["1234567", "5", "abc", "ghi", "jkl", "me", "mno"].sort());
    const masked = {
      ...config,
      token: "********",
      auth: { user: "********", list: [{ password: "********" }] },
      headers: { "X-Other": "********" },
      pin: "********",
      tokens: ["********", "********", true, null],
    };
    expect(maskConfig(sealed)).toEqual(masked);
    // As stored by a version that sealed fewer fields.
    expect(maskConfig(config)).toEqual(masked);
  });

  test("a URL with secrets is sealed, and shown with the secrets masked", () => {
    const vault = testVault();
    const config = { url: "https://u:p.w@h.example/x?token=a.bc&page=2", other: "https://h.example/" };
    const sealed = vault.sealConfig(config, AT);
    expect(JSON.stringify(sealed)).not.toMatch(/p\.w|a\.bc/);
    expect(maskConfig(sealed)).toEqual({
      url: "https://u:********@h.example/x?token=********&page=2",
      other: "https://h.example/",
    });
    expect(vault.openConfig(sealed, AT)).toEqual(config);
    const url = String(sealed.url).replace("h.example", "evil.example");
    expect(() => vault.openConfig({ url }, AT)).toThrow("modified");
  });

  test("a value copied to another field or row does not open", () => {
    const vault = testVault();
    const sealed = vault.sealConfig({ token: "abc", "a/b": { secret: "def" } }, AT);
    expect(() => vault.openConfig({ other: sealed.token }, AT)).toThrow("copied here");
    expect(() => vault.openConfig({ a: { b: sealed["a/b"] } }, AT)).toThrow("copied here");
    expect(() => vault.openConfig(sealed, { ...AT, row: "2" })).toThrow("copied here");
  });

  test("a caller can neither inject sealed values nor store masks, overlong texts or too many values", () => {
    for (const value of [testVault().seal("x", AT), "sealed:v1:AAAA", "sealed:v9:"]) {
      expect(() => checkGiven({ url: value }, "c")).toThrow('c.url must not start with "sealed:v"');
    }
    expect(() => checkGiven({ a: { token: "********" } }, "c")).toThrow("c.a.token must be the value itself");
    expect(() => checkGiven({ url: "https://u:********@h/" }, "c")).toThrow("c.url must be the value itself");
    expect(() => checkGiven({ token: "x".repeat(400_000) }, "c")).toThrow("c.token must have at most 65536");
    const many = (count: number) => ({ list: Array.from({ length: count }, () => 1) });
    expect(() => checkGiven(many(1_001), "c")).toThrow("c must have at most 1000 values.");
    checkGiven(many(1_000), "c");
    checkGiven({ text: "a line of ********", n: 1, no: null }, "c");
  });
});

test("at most the last four characters of a secret are shown, and none of a short one", () => {
  expect(mask("abc")).toBe("********");
  expect(mask("twelve chars")).toBe("********");
  expect(mask("thirteen char")).toBe("********char");
  expect(mask(`${"x".repeat(500)}tail`)).toBe("********tail");
});
