import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { loadConfig } from "../../src/config/config.ts";

const home = mkdtempSync(join(tmpdir(), "heddle-config-"));
const load = (environment: Record<string, string>, flags = {}) => loadConfig({ home, ...flags }, environment);

describe("config", () => {
  test("defaults", () => {
    expect(load({})).toMatchObject({
      home,
      host: "127.0.0.1",
      port: 8000,
      databaseUrl: undefined,
      timezone: "UTC",
      logLevel: "info",
      logFormat: "pretty",
      workerConcurrency: 16,
      taskMaxRunSeconds: 1200,
      integrationDirs: [],
    });
  });

  test("the home comes from the flag, HEDDLE_HOME, systemd's STATE_DIRECTORY or the user's state folder", () => {
    const environment = { HEDDLE_HOME: "/b", STATE_DIRECTORY: "/c:/d" };
    expect(loadConfig({ home: "/a" }, environment).home).toBe("/a");
    expect(loadConfig({}, environment).home).toBe("/b");
    expect(loadConfig({}, { STATE_DIRECTORY: "/c:/d" }).home).toBe("/c");
    expect(loadConfig({}, { XDG_STATE_HOME: "/s" }).home).toBe("/s/heddle");
  });

  test("every variable that it reads is listed as Heddle's own, and secret ones are known", () => {
    const { isOwnVariable, secretVariables } = loadConfig({ home: "/a" }, {});
    const own = ["PORT", "API_KEY", "TRANSCRIPTION_MODEL", "HEDDLE_URL", "PGPASSWORD", "STATE_DIRECTORY"];
    expect(own.map(isOwnVariable)).toEqual(own.map(() => true));
    expect(["GITHUB_TOKEN", "PATH", "MYPORT", "constructor"].some(isOwnVariable)).toBe(false);
    expect(secretVariables.toSorted()).toEqual([
      "ANTHROPIC_API_KEY",
      "API_KEY",
      "DATABASE_DIRECT_URL",
      "DATABASE_URL",
      "EMBEDDING_API_KEY",
      "ENCRYPTION_KEY",
      "ENCRYPTION_KEY_PREVIOUS",
      "HEDDLE_API_KEY",
      "HOOK_WEBHOOK_SECRET",
      "OPENAI_API_KEY",
      "TRANSCRIPTION_API_KEY",
    ]);
    // A key may look like a URL, or have a comma.
    const keys = { API_KEY: "prod:0123456789abcdef", OPENAI_API_KEY: "sk-one,two" };
    const database = { DATABASE_URL: "postgres://u:p%40ss@h/heddle", ENCRYPTION_KEY_PREVIOUS: "" };
    expect(loadConfig({ home: "/a" }, { ...keys, ...database }).secrets).toEqual(
      expect.arrayContaining([...Object.values(keys), "p%40ss", "p@ss"]),
    );
    expect(loadConfig({ home: "/a" }, database).secrets).not.toContain(database.DATABASE_URL);
    const urls = {
      OPENAI_BASE_URL: "https://h/v1?key=x",
      HOOK_WEBHOOK_URLS: "https://a/,https://u:p@b/",
      TRANSCRIPTION_BASE_URL: "https://h/v1",
    };
    const telling = loadConfig({ home: "/a" }, urls).secretVariables;
    expect(Object.keys(urls).map((name) => telling.includes(name))).toEqual([true, true, false]);
  });

  test("flags override the environment, and the environment overrides .env", () => {
    writeFileSync(join(home, ".env"), "PORT=1\nHOST=10.0.0.1\nTIMEZONE='Europe/Berlin'\n");
    const config = load({ PORT: "2", HOST: "10.0.0.2" }, { port: "3" });
    expect([config.port, config.host, config.timezone]).toEqual([3, "10.0.0.2", "Europe/Berlin"]);
    rmSync(join(home, ".env"));
  });

  test("an .env file in the working directory is not read", () => {
    const folder = mkdtempSync(join(tmpdir(), "heddle-config-"));
    writeFileSync(join(folder, "bunfig.toml"), readFileSync(join(import.meta.dirname, "../../bunfig.toml")));
    writeFileSync(join(folder, ".env"), "API_KEY=of-the-working-directory\n");
    const { API_KEY: _, ...env } = process.env;
    const program = [process.execPath, "--eval", "console.log(process.env.API_KEY)"];
    const { stdout } = Bun.spawnSync(program, { cwd: folder, env });
    expect(stdout.toString()).toBe("undefined\n");
    rmSync(folder, { recursive: true });
  });

  test("a secret is one line; surrounding white space is removed", () => {
    expect(load({ OPENAI_API_KEY: "sk-1234567890\r\n" }).modelEndpoint?.apiKey).toBe("sk-1234567890");
    for (const name of ["OPENAI_API_KEY", "API_KEY", "DATABASE_URL"]) {
      const open = () => load({ [name]: "postgres://sk-12345\n67890" });
      expect(open).toThrow(`${name} must be a single line; got a value with a line break.`);
    }
  });

  test("an empty value counts as not set", () => {
    expect(load({ PORT: " ", DATABASE_URL: "" })).toMatchObject({ port: 8000, databaseUrl: undefined });
  });

  test("directories are split at colons, trimmed and made absolute", () => {
    expect(load({ INTEGRATION_DIRS: " /a : : b " }).integrationDirs).toEqual(["/a", resolve("b")]);
  });

  test("URLs of hook events are split at commas, kept unchanged, and used once each", () => {
    const urls = "https://a.example/x/ , http://b.example?k=1,https://a.example/x/";
    expect(load({ HOOK_WEBHOOK_URLS: urls }).hookWebhookUrls).toEqual([
      "https://a.example/x/",
      "http://b.example?k=1",
    ]);
  });

  test("recordings go to OPENAI_BASE_URL by default; its key is not sent to another address", () => {
    expect(load({}).transcription).toBeUndefined();
    expect(load({ OPENAI_API_KEY: "sk-1" }).transcription).toEqual({
      apiKey: "sk-1",
      baseUrl: undefined,
      model: "whisper-1",
    });
    const own = {
      OPENAI_API_KEY: "sk-1",
      TRANSCRIPTION_BASE_URL: "http://stt:1/v1/",
      TRANSCRIPTION_MODEL: "tiny",
    };
    expect(load(own).transcription).toEqual({ apiKey: undefined, baseUrl: "http://stt:1/v1", model: "tiny" });
    expect(load({ ...own, TRANSCRIPTION_API_KEY: "sk-2" }).transcription?.apiKey).toBe("sk-2");
  });

  test("texts are embedded by Heddle itself unless a model is named; OpenAI's key is not sent to another address", () => {
    expect(load({ OPENAI_API_KEY: "sk-1" }).embeddings).toBeUndefined();
    expect(load({ EMBEDDING_MODEL: "builtin", OPENAI_API_KEY: "sk-1" }).embeddings).toBeUndefined();
    expect(load({ EMBEDDING_MODEL: "m", OPENAI_API_KEY: "sk-1" }).embeddings).toEqual({
      model: "m",
      dimensions: undefined,
      weakBelow: 0.3,
      endpoint: { apiKey: "sk-1", baseUrl: undefined, isOwn: false },
    });
    const own = { EMBEDDING_MODEL: "m", OPENAI_API_KEY: "sk-1", EMBEDDING_BASE_URL: "http://e:1/v1" };
    expect(load(own).embeddings?.endpoint).toEqual({
      apiKey: undefined,
      baseUrl: "http://e:1/v1",
      isOwn: true,
    });
    const more = {
      ...own,
      EMBEDDING_API_KEY: "sk-2",
      EMBEDDING_DIMENSIONS: "256",
      EMBEDDING_WEAK_BELOW: "70",
    };
    expect(load(more).embeddings).toMatchObject({
      dimensions: 256,
      weakBelow: 0.7,
      endpoint: { apiKey: "sk-2" },
    });
    // A stored provider's model needs no endpoint here.
    expect(load({ EMBEDDING_MODEL: "local/bge-m3" }).embeddings?.endpoint).toBeUndefined();
    expect(() => load({ EMBEDDING_MODEL: "m" })).toThrow("EMBEDDING_MODEL needs an endpoint");
  });

  const wrong: [string, string, string][] = [
    ["PORT", "eight", 'PORT must be a whole number from 0 to 65535; got "eight".'],
    ["PORT", "70000", 'PORT must be a whole number from 0 to 65535; got "70000".'],
    ["LOG_LEVEL", "loud", 'LOG_LEVEL must be one of debug, info, warning, error; got "loud".'],
    ["LOG_FORMAT", "xml", 'LOG_FORMAT must be one of json, pretty; got "xml".'],
    ["TIMEZONE", "Mars/Base", 'TIMEZONE must be an IANA time zone such as Europe/Berlin; got "Mars/Base".'],
    ["BASE_URL", "ftp://x", "BASE_URL must be a URL that begins with http:// or https://; got a ftp: URL."],
    [
      "SESSION_RETENTION_DAYS",
      "7",
      'SESSION_RETENTION_DAYS must be 0 or a whole number from 31 to 3650; got "7".',
    ],
    ["WORKER_CONCURRENCY", "0", 'WORKER_CONCURRENCY must be a whole number from 1 to 4096; got "0".'],
    [
      "HOOK_WEBHOOK_URLS",
      "http://a.example, ftp://b",
      "HOOK_WEBHOOK_URLS must be a URL that begins with http:// or https://; got a ftp: URL.",
    ],
    ["HOOK_WEBHOOK_SECRET", "not base64", "HOOK_WEBHOOK_SECRET must be base64 of at least 16 bytes"],
    ["API_KEY", "short", "API_KEY must be at least 16 characters long; got 5 characters."],
  ];
  test.each(wrong)("%s=%s is refused in one line", (name, value, message) => {
    expect(() => load({ [name]: value })).toThrow(message);
  });

  test("an error does not show the value of a secret variable", () => {
    for (const [name, value] of [
      ["DATABASE_URL", "postgres//user:canary@host"],
      // A pasted password with a percent sign, which must be written as %25.
      ["DATABASE_URL", "postgres://user:canary%zz@host/db"],
      ["DATABASE_DIRECT_URL", "postgres://user:canary%@host/db"],
      ["ENCRYPTION_KEY", "canary"],
      ["API_KEY", "canary"],
      ["HOOK_WEBHOOK_SECRET", "canary"],
      ["HOOK_WEBHOOK_URLS", "https://x.example,canary"],
    ] as const) {
      expect(() => load({ [name]: value })).toThrow(name);
      expect(() => load({ [name]: value })).not.toThrow("canary");
    }
  });
});

test("every variable that Heddle reads says what it is for", () => {
  const { variables } = loadConfig({}, { HEDDLE_HOME: "/nonexistent" });
  expect(variables.length).toBeGreaterThan(40);
  expect(variables.filter(({ description }) => description === "").map(({ name }) => name)).toEqual([]);
});
