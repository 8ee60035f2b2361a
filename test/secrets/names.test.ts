import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isSecretSetting } from "../../src/sdk/secret-setting.ts";
import { isHarmlessName, isMeasure, isSecretHeader, isSecretName } from "../../src/secrets/names.ts";

/** Names as separate words; every spelling of each is secret. */
const SECRETS = [
  ..."token secret password passwd passphrase passcode pass pwd pin pat bearer cookie auth authorization credentials dsn jwt otp hmac signature sig session key sid headers psk totp".split(
    " ",
  ),
  ...[
    "private key",
    "access key",
    "api key",
    "x api key",
    "signing key",
    "webhook url",
    "client secret",
    "access token",
    "refresh token",
    "connection string",
    "database url",
    "response url",
    "basic auth",
    "recovery code",
    "service account credentials",
    "session cookie",
  ],
].map((name) => name.split(" "));

const HARMLESS = [
  "base url",
  "channel id",
  "owner",
  "repo",
  "host",
  "bot login",
  "bot id",
  "client id",
  "region",
  "time zone",
  "user name",
  "display name",
  "public key id",
  "thread ts",
  "number",
  "topic",
  "mailbox",
].map((name) => name.split(" "));

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
const SPELLINGS: ((words: string[]) => string)[] = [
  (words) => words.join("_"),
  (words) => words.join("-"),
  (words) => words.join("."),
  (words) => words.join(" "),
  (words) => words.join("_").toUpperCase(),
  (words) => words.join("-").toUpperCase(),
  (words) => words.map(capital).join(""),
  (words) => words.map(capital).join("-"),
  ([first = "", ...rest]) => first + rest.map(capital).join(""),
];

const spelling = fc.constantFrom(...SPELLINGS);
const prefix = fc.constantFrom([], ["x"], ["my", "service"], ["leaky"], ["2", "nd"]);

describe("isSecretName", () => {
  test("is true for every spelling of a secret name, with a prefix, a number or as a plural", () => {
    const suffix = fc.constantFrom([], ["2"], ["value"], ["old"], ["file"], ["b64"]);
    fc.assert(
      fc.property(fc.constantFrom(...SECRETS), spelling, prefix, suffix, (words, spell, before, after) => {
        const name = spell([...before, ...words, ...after]);
        expect([name, isSecretName(name)]).toEqual([name, true]);
        expect([name, isHarmlessName(name)]).toEqual([name, false]);
        expect([name, isSecretHeader(name)]).toEqual([name, true]);
      }),
      { numRuns: 3_000 },
    );
    for (const words of SECRETS) {
      const plural = `${words.join("_")}s`;
      expect([plural, isSecretName(plural)]).toEqual([plural, true]);
    }
  });

  test("is true for words written together", () => {
    for (const name of [
      "apikey",
      "XAPIKEY",
      "accesstoken",
      "clientsecret",
      "privatekey",
      "signingkey",
      "webhookurl",
      "mypassword",
      "ＴＯＫＥＮ",
    ]) {
      expect([name, isSecretName(name)]).toEqual([name, true]);
    }
  });

  test("is false for names that merely resemble secrets, and for plain names", () => {
    fc.assert(
      fc.property(fc.constantFrom(...HARMLESS), spelling, prefix, (words, spell, before) => {
        const name = spell([...before, ...words]);
        expect([name, isSecretName(name), isHarmlessName(name)]).toEqual([name, false, true]);
      }),
    );
    for (const name of [
      "session_id",
      "author",
      "public_key",
      "project_key",
      "idempotency_key",
      "country_code",
      "keyboard",
      "passive",
      "spinner",
      "monkey",
      "pinned",
      "patch",
      "design",
      "reply_in_thread",
      "type",
    ]) {
      expect([name, isSecretName(name)]).toEqual([name, false]);
    }
  });

  test("costs linear time, whatever the name", () => {
    for (const unit of ["a", "A", "aB", "_", "1a", "é", "token_"]) {
      expect(isSecretName(unit.repeat(200_000))).toBe(unit === "token_");
    }
  });
});

test("headers that authenticate the sender are secret; descriptive headers are not", () => {
  const proofs =
    "authorization proxy-authorization cookie set-cookie x-api-key x-auth x-key x-session x-access x-access-key x-otp x-pass x-pin x-hub-signature-256 x-gitlab-token stripe-signature svix-signature webhook-signature x-hmac referer x-telegram-bot-api-secret-token x-amz-security-token x-my-auth";
  for (const name of proofs.split(" ")) expect([name, isSecretHeader(name)]).toEqual([name, true]);
  const plain =
    "content-type content-length user-agent host accept x-github-event x-github-delivery x-gitlab-event webhook-id webhook-timestamp x-request-id x-forwarded-for traceparent x-shopify-topic date x-author";
  for (const name of plain.split(" ")) expect([name, isSecretHeader(name)]).toEqual([name, false]);
});

describe("a setting that does not say whether it is secret", () => {
  const text = { type: "string", default: "" };

  test("is secret by its name, and if the name is inconclusive", () => {
    for (const key of [
      "X_PIN",
      "X_PAT",
      "X_COOKIE",
      "X_SOMETHING",
      "X_CONTRASEÑA",
      "X_PASSWORT",
      "GEHEIMNIS",
    ]) {
      expect([key, isSecretSetting(key, text)]).toEqual([key, true]);
    }
    expect(isSecretSetting("X_PIN", { type: "integer" })).toBe(true);
  });

  test("is not secret with a harmless name or type, or a default in the code", () => {
    expect(isSecretSetting("X_CHANNEL_ID", text)).toBe(false);
    expect(isSecretSetting("X_SOMETHING", { type: "boolean" })).toBe(false);
    expect(isSecretSetting("USE_TOKEN", { type: "boolean" })).toBe(false);
    expect(
      isSecretSetting("X_SOMETHING", { anyOf: [{ type: "string", format: "integer" }, { type: "integer" }] }),
    ).toBe(false);
    expect(isSecretSetting("X_SOMETHING", { anyOf: [{ const: "a" }, { const: "b" }] })).toBe(false);
    expect(isSecretSetting("X_SOMETHING", { type: "string", default: "given" })).toBe(false);
    expect(isMeasure("MAX_TOKENS")).toBe(true);
    expect(isSecretSetting("MAX_TOKENS", { type: "integer" })).toBe(false);
    expect(isSecretSetting("MAX_TOKENS", text)).toBe(true);
  });
});
