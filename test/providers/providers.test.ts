// Providers: how they are kept, how a name finds its endpoint, and what is remembered.

import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { providers } from "../../src/db/schema.ts";
import { HeddleError } from "../../src/errors.ts";
import { environmentProvider } from "../../src/providers/environment.ts";
import { createLearned } from "../../src/providers/learned.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { until } from "../until.ts";
import { fakeEndpoint, refuses, says } from "./fake-endpoint.ts";
import { ask, environment, testModels } from "./fixture.ts";

const row = (id: string, base_url: string, more: object = {}) => ({
  id,
  adapter: "chat_completions" as const,
  base_url,
  api_key: `sk-${id}-0123456789`,
  default_model: "usual",
  ...more,
});

const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  await work.then(
    () => "nothing was thrown",
    (error) => (error instanceof HeddleError ? [error.code, error.field] : error),
  );

eachDatabase("providers", (open) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterEach(async () => {
    await db.query.delete(providers);
  });

  const environmentAt = (url: string) =>
    environmentProvider(environment(url), { defaultModel: "m", modelSettings: undefined });

  describe("a name", () => {
    test("is a provider's model, the default provider's, or the environment's", async () => {
      await using env = await fakeEndpoint(says("of the environment"));
      await using router = await fakeEndpoint(says("of the router"));
      await using models = await testModels(db, { modelEndpoint: environment(env.url) });
      await models.providers.create(row("router", router.url));
      const asked = async (name: string) => {
        const { text, provider, model } = await ask(models.llm, name);
        return [text, provider, model];
      };
      expect(await asked("plain")).toEqual(["of the environment", "env", "plain"]);
      expect(await asked("env/plain")).toEqual(["of the environment", "env", "plain"]);
      expect(await asked("router/meta-llama/llama-3")).toEqual([
        "of the router",
        "router",
        "meta-llama/llama-3",
      ]);
      // No provider has this id, so it is a name with a slash.
      expect(await asked("meta-llama/llama-3")).toEqual(["of the environment", "env", "meta-llama/llama-3"]);
      expect(await asked("router/")).toEqual(["of the environment", "env", "router/"]);
      await models.providers.update("router", { is_default: true });
      expect(await asked("plain")).toEqual(["of the router", "router", "plain"]);
      expect(await asked("env/plain")).toEqual(["of the environment", "env", "plain"]);
      expect(models.defaultModel()).toBe("router/usual");
      expect(router.requests.at(-1)?.headers.authorization).toBe("Bearer sk-router-0123456789");
      expect(env.requests.at(-1)?.headers.authorization).toBe("Bearer sk-environment");
      await models.providers.delete("router");
      expect(await asked("plain")).toEqual(["of the environment", "env", "plain"]);
      expect(models.defaultModel()).toBe("gpt-4.1-mini");
    });

    test("may be a fallback of another provider, and a run ends when no provider is left", async () => {
      await using down = await fakeEndpoint(() => refuses(401, "no such key"));
      await using up = await fakeEndpoint(says("still here"));
      await using models = await testModels(db);
      await models.providers.create(row("down", down.url));
      await models.providers.create(row("up", up.url));
      const answer = await ask(models.llm, "plain", { fallbackModels: ["down/plain", "up/other/name"] });
      expect(answer).toMatchObject({
        text: "still here",
        provider: "up",
        model: "other/name",
        fallbackUsed: true,
      });
      // "plain" and "down/plain" are the same model, which is asked once.
      expect(down.requests).toHaveLength(1);
      const wanted = { model: "plain", fallbackModels: ["up/x"] };
      expect(models.llm.firstModel?.(wanted)).toEqual({ provider: "up", model: "x" });
      // A change of the key is a new start.
      await models.providers.update("down", { api_key: "sk-another" });
      expect(models.llm.firstModel?.(wanted)).toEqual({ provider: "down", model: "plain" });
    });

    test("of a provider that does not exist is explained", async () => {
      await using endpoint = await fakeEndpoint(() =>
        refuses(404, "The model `olama/llama3` does not exist"),
      );
      await using models = await testModels(db, { modelEndpoint: environment(endpoint.url) });
      await models.providers.create(row("ollama", "http://127.0.0.1:1/v1"));
      const failure = await ask(models.llm, "olama/llama3").catch((error) => error);
      expect(failure).toMatchObject({ code: "model_failed" });
      expect(failure.message).toContain(
        'there is no provider "olama", so the default provider "env" was asked',
      );
      expect(models.providers.doubtIn("olama/llama3")).toBe(
        'There is no provider "olama", so "olama/llama3" is a model of the default provider "env". Did you mean "ollama/llama3"?',
      );
      for (const name of ["ollama/llama3", "llama3", "meta-llama/llama-3"]) {
        expect(models.providers.doubtIn(name)).toBeUndefined();
      }
    });

    test("without any provider goes to the offline provider", async () => {
      await using models = await testModels(db);
      expect(await ask(models.llm, "x/y")).toMatchObject({ model: "offline", costUsd: 0 });
      expect(models.llm.provider).toBe("offline");
      await using endpoint = await fakeEndpoint();
      await models.providers.create(row("mine", endpoint.url));
      expect(await ask(models.llm, "x/y")).toMatchObject({ text: "Hello", provider: "mine" });
      expect(models.providers.list()[0]?.is_default).toBe(true);
    });
  });

  describe("what is kept", () => {
    test("is sealed, and never told in an error", async () => {
      await using endpoint = await fakeEndpoint(({ headers }) =>
        refuses(401, `bad key ${headers.authorization} and ${headers["x-team"]}`),
      );
      await using models = await testModels(db);
      await models.providers.create(
        row("mine", endpoint.url, { headers: { "X-Team": "the-secret-of-the-team" } }),
      );
      const [stored] = await db.query.select().from(providers).where(eq(providers.id, "mine"));
      expect(JSON.stringify(stored)).not.toMatch(/sk-mine|the-secret/);
      const failure = await ask(models.llm, "mine/x").catch((error) => error);
      expect(failure.message).toMatch(/bad key .*\[redacted\] and \[redacted\]/);
      expect(endpoint.requests[0]?.headers["x-team"]).toBe("the-secret-of-the-team");
    });

    test("is seen by every server of the database", async () => {
      await using endpoint = await fakeEndpoint();
      await using one = await testModels(db);
      await using other = await testModels(db);
      await one.providers.create(row("mine", endpoint.url));
      await until(() => other.providers.list().length === 1);
      expect(await ask(other.llm, "mine/x")).toMatchObject({ text: "Hello", provider: "mine" });
      expect(other.redact("sk-mine-0123456789")).toBe("[redacted]");
      await other.providers.delete("mine");
      await until(() => one.providers.list().length === 0);
      expect(await ask(one.llm, "mine/x")).toMatchObject({ model: "offline" });
    });

    test("includes what an endpoint refused, across restarts, until somebody says otherwise", async () => {
      const refusing = (body: { tools?: unknown; stream_options?: unknown }) =>
        body.tools
          ? "tools are not supported"
          : body.stream_options
            ? "unknown field stream_options"
            : undefined;
      await using endpoint = await fakeEndpoint((request) => {
        const reason = refusing(request.body);
        return reason ? refuses(400, reason) : says("Plain")(request);
      });
      const tools = [{ name: "look", description: "Looks.", parameters: { type: "object", properties: {} } }];
      {
        await using models = await testModels(db);
        await models.providers.create(row("mine", endpoint.url, { unsupported: { "*": ["tool_choice"] } }));
        await ask(models.llm, "mine/small", { tools });
        const learned = { "*": ["tool_choice"], small: ["tools", "stream_options"] };
        await until(() => models.providers.get("mine").unsupported.small?.length === 2);
        expect(models.providers.get("mine").unsupported).toEqual(learned);
      }
      await using models = await testModels(db);
      const before = endpoint.requests.length;
      await ask(models.llm, "mine/small", { tools });
      expect(endpoint.requests.length - before).toBe(1);
      // Another model of the same endpoint is asked as any other.
      await ask(models.llm, "mine/large", { tools });
      expect(endpoint.requests.length - before).toBe(4);
      await models.providers.update("mine", { unsupported: {} });
      await ask(models.llm, "mine/small", { tools });
      expect(endpoint.requests.length - before).toBe(7);
    });

    test("includes what the environment's endpoint refused, as long as it is the same endpoint", async () => {
      const refusing = () =>
        fakeEndpoint((request) =>
          request.body.tools ? refuses(400, "tools are not supported") : says("Plain")(request),
        );
      await using endpoint = await refusing();
      await using another = await refusing();
      const tools = [{ name: "look", description: "Looks.", parameters: { type: "object", properties: {} } }];
      const askOnce = async (modelEndpoint: ReturnType<typeof environment>) => {
        await using models = await testModels(db, { modelEndpoint });
        await ask(models.llm, "small", { tools });
      };
      await askOnce(environment(endpoint.url));
      expect(endpoint.requests).toHaveLength(2);
      // Another key is no other endpoint.
      await askOnce(environment(endpoint.url, "sk-of-tomorrow"));
      expect(endpoint.requests).toHaveLength(3);
      await askOnce(environment(another.url));
      expect(another.requests).toHaveLength(2);

      const day = 86_400_000;
      const later = (days: number) =>
        createLearned(db, environmentAt(another.url), () => Date.now() + days * day).apply();
      expect((await later(13)).unsupported).toEqual({ small: ["tools"] });
      expect((await later(15)).unsupported).toEqual({});
    });
  });

  test("tools are asked for again once a test of the provider has shown that they are taken", async () => {
    let hasParser = false;
    await using endpoint = await fakeEndpoint((request) =>
      request.body?.tools && !hasParser
        ? refuses(
            400,
            '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
          )
        : says("Plain")(request),
    );
    const tools = [{ name: "look", description: "Looks.", parameters: { type: "object", properties: {} } }];
    const sent = () => endpoint.requests.map(({ body }) => body.tools !== undefined);
    for (const id of ["env", "mine"]) {
      hasParser = false;
      await using models = await testModels(db, { modelEndpoint: environment(endpoint.url) });
      if (id === "mine")
        await models.providers.create(row("mine", endpoint.url, { unsupported: { small: ["images"] } }));
      const model = id === "mine" ? "mine/small" : "small";
      const unsupported = () => models.providers.get(id).unsupported.small ?? [];
      await ask(models.llm, model, { tools });
      await until(() => unsupported().includes("tools"));
      // A test tries it again, and says why it does not work.
      const provider = models.providers.get(id);
      expect(await models.probe(provider, "small")).toMatchObject({
        tools: false,
        error: expect.stringContaining("--enable-auto-tool-choice"),
      });
      expect(unsupported()).toContain("tools");
      hasParser = true;
      expect(await models.probe(provider, "small")).toMatchObject({ tools: true, error: null });
      expect(unsupported()).toEqual(id === "mine" ? ["images"] : []);
      endpoint.requests.length = 0;
      await ask(models.llm, model, { tools });
      expect(sent()).toEqual([true]);
      // Another server, or this one after a restart, knows it, too.
      await using others = await testModels(db, { modelEndpoint: environment(endpoint.url) });
      await ask(others.llm, model, { tools });
      expect(sent()).toEqual([true, true]);
    }
  });

  describe("a provider is refused", () => {
    test.each([
      [{ base_url: "ftp://h" }, "base_url"],
      [{ base_url: "not an address" }, "base_url"],
      [{ base_url: "http://user:pass@h/v1" }, "base_url"],
      [{ base_url: "http://h/v1?api_key=0123456789abcdef" }, "base_url"],
      [{ base_url: "http://h/v1/chat/completions" }, "base_url"],
      [{ base_url: "http://h/v1#x" }, "base_url"],
      [{ api_key: "********6789" }, "api_key"],
      [{ headers: { "x y": "z" } }, "headers"],
      [{ headers: { Host: "z" } }, "headers.Host"],
      [{ headers: { "x-team": "********" } }, "headers.x-team"],
    ])("for %j", async (fields, field) => {
      await using models = await testModels(db);
      const made = models.providers.create(row("mine", "http://127.0.0.1:1/v1", fields));
      expect(await codeOf(made)).toEqual(["validation", field]);
      expect(models.providers.list()).toEqual([]);
    });

    test("when its id is taken or the environment's, or it is the default without a model", async () => {
      await using models = await testModels(db);
      const first = row("mine", "http://127.0.0.1:1/v1", { default_model: undefined });
      expect(await codeOf(models.providers.create(first))).toEqual(["validation", "default_model"]);
      await models.providers.create({ ...first, is_default: false });
      expect(await codeOf(models.providers.create(first))).toEqual(["conflict", "id"]);
      expect(await codeOf(models.providers.create({ ...first, id: "env" }))).toEqual(["conflict", "id"]);
      expect(await codeOf(models.providers.update("env", { name: "x" }))).toEqual(["conflict", "id"]);
      expect(await codeOf(models.providers.delete("env"))).toEqual(["conflict", "id"]);
      expect(await codeOf(models.providers.update("mine", { is_default: true }))).toEqual([
        "validation",
        "default_model",
      ]);
      expect(await codeOf(models.providers.update("nobody", { name: "x" }))).toEqual([
        "not_found",
        undefined,
      ]);
    });

    test("when its key would go to another server than the one it was given for", async () => {
      await using endpoint = await fakeEndpoint();
      await using models = await testModels(db);
      const headers = { "x-team": "the-secret-of-the-team" };
      await models.providers.create(row("mine", "http://127.0.0.1:1/v1", { headers }));
      const moved = { base_url: endpoint.url };
      expect(await codeOf(models.providers.update("mine", moved))).toEqual(["validation", "api_key"]);
      expect(await codeOf(models.providers.update("mine", { ...moved, api_key: "sk-new" }))).toEqual([
        "validation",
        "headers",
      ]);
      await models.providers.update("mine", { base_url: "http://127.0.0.1:1/other" });
      await models.providers.update("mine", { ...moved, api_key: null, headers: {} });
      await ask(models.llm, "mine/x");
      expect(endpoint.requests[0]?.headers).not.toHaveProperty("authorization");
      expect(endpoint.requests[0]?.headers).not.toHaveProperty("x-team");
    });
  });

  test("one default at a time", async () => {
    await using models = await testModels(db);
    for (const id of ["a", "b", "c"]) await models.providers.create(row(id, "http://127.0.0.1:1/v1"));
    const defaults = () =>
      models.providers
        .list()
        .filter(({ is_default }) => is_default)
        .map(({ id }) => id);
    expect(defaults()).toEqual(["a"]);
    await models.providers.update("b", { is_default: true });
    expect(defaults()).toEqual(["b"]);
    await models.providers.create(row("d", "http://127.0.0.1:1/v1", { is_default: true }));
    expect(defaults()).toEqual(["d"]);
    await models.providers.delete("d");
    // The oldest one, as long as nobody chooses.
    expect([defaults(), models.defaultModel()]).toEqual([[], "a/usual"]);
  });

  test("a redirect to another server gets neither key nor question, nor does an address where clouds keep secrets", async () => {
    await using thief = await fakeEndpoint();
    await using endpoint = await fakeEndpoint(({ url }) =>
      url.startsWith("/moved")
        ? says("Hello")({ url, body: {} } as never)
        : { status: 307, redirect: `${url.startsWith("/v1") ? "/moved" : thief.origin}${url}` },
    );
    await using models = await testModels(db);
    await models.providers.create(row("same", endpoint.url));
    expect((await ask(models.llm, "same/x")).text).toBe("Hello");
    await models.providers.create(row("away", `${endpoint.origin}/v2`));
    const failure = await ask(models.llm, "away/x").catch((error) => error);
    expect(failure.message).toContain(
      `the endpoint redirects to ${thief.origin}/v2/chat/completions; change base_url to it`,
    );
    expect(thief.requests).toEqual([]);
    await models.providers.create(row("cloud", "http://169.254.169.254/v1"));
    const refused = await models.probe(models.providers.get("cloud"), "x");
    expect(refused).toMatchObject({
      ok: false,
      error: expect.stringContaining("169.254.169.254 is a private"),
    });
  });
});
