// What is known of models, and what is found out by asking their endpoint.

import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { providers } from "../../src/db/schema.ts";
import { embeddedDatabase, type TestDatabase } from "../database.ts";
import { fakeEndpoint, type Reply, refuses, says, USAGE } from "./fake-endpoint.ts";
import { ask, environment, testModels } from "./fixture.ts";

const open = embeddedDatabase();
let db: TestDatabase;
beforeAll(async () => {
  db = await open();
});
afterEach(async () => {
  await db.query.delete(providers);
});

const mine = (base_url: string, more: object = {}) => ({
  id: "mine",
  adapter: "chat_completions" as const,
  base_url,
  default_model: "usual",
  ...more,
});

describe("a context window", () => {
  test("is the operator's, else the known one up to 200,000, else 128,000", async () => {
    await using models = await testModels(db);
    const { windowOf } = models.providers;
    expect(windowOf("gpt-4.1")).toBe(128_000);
    await models.providers.create(mine("http://h/v1", { models: { small: { context_window: 8_192 } } }));
    expect(["small", "mine/small", "mine/gpt-4.1", "mine/gpt-4o", "mine/unknown"].map(windowOf)).toEqual([
      8_192, 8_192, 200_000, 128_000, 128_000,
    ]);
    await models.providers.update("mine", { models: { "gpt-4.1": { context_window: 1_000_000 } } });
    expect(["small", "gpt-4.1"].map(windowOf)).toEqual([128_000, 1_000_000]);
  });

  test("of the environment's models is MODEL_SETTINGS', else CONTEXT_WINDOW", async () => {
    const modelSettings = '{"llama3.2": {"context_window": 8192}}';
    await using models = await testModels(db, {
      modelEndpoint: environment("http://h/v1"),
      modelSettings,
      contextWindow: 32_000,
    });
    await models.providers.create(mine("http://h/v1"));
    const { windowOf } = models.providers;
    expect(["llama3.2", "gpt-4o", "mine/gpt-4o", "mine/unknown"].map(windowOf)).toEqual([
      8_192, 32_000, 128_000, 32_000,
    ]);
  });

  test.each([
    ["{", "JSON"],
    ['{"m": {"prices": {"input": 1}}}', "MODEL_SETTINGS.m.prices.output is missing"],
    ['{"m": {"window": 1}}', "MODEL_SETTINGS.m.window"],
    ["[]", "MODEL_SETTINGS must be an object; got an array"],
  ])("%s is no MODEL_SETTINGS", async (modelSettings, reason) => {
    const opened = testModels(db, { modelEndpoint: environment("http://h/v1"), modelSettings });
    const error = await opened.catch((error) => error);
    expect(error).toMatchObject({ code: "config", message: expect.stringContaining(reason) });
  });
});

describe("a cost", () => {
  test("is computed from the operator's prices, else reported, else known at the vendor, else unknown", async () => {
    const reporting = says("Hello", { ...USAGE, cost: 0.25 });
    await using endpoint = await fakeEndpoint((request) =>
      request.body.model === "reported" || request.body.model === "set"
        ? reporting(request)
        : says("Hello")(request),
    );
    const prices = { input: 10, output: 20, cached_input: 1 };
    await using models = await testModels(db);
    await models.providers.create(
      mine(endpoint.url, { models: { set: { prices }, free: { prices: { input: 0, output: 0 } } } }),
    );
    const costOf = async (model: string) => (await ask(models.llm, model)).costUsd;
    // 400 read, 600 of the cache, 100 written.
    expect(await costOf("set")).toBeCloseTo((400 * 10 + 600 * 1 + 100 * 20) / 1e6, 12);
    expect(await costOf("reported")).toBe(0.25);
    expect(await costOf("free")).toBe(0);
    // OpenAI's price does not hold at another address.
    expect(await costOf("gpt-4.1-mini")).toBeNull();
  });

  test("of a known model at its vendor's address", async () => {
    await using models = await testModels(db, { modelEndpoint: environment(undefined) });
    const usage = { prompt_tokens: 1_000_000, completion_tokens: 0 };
    expect(models.providers.endpointOf("env").costOf("gpt-4.1-mini", usage)).toBeCloseTo(0.4, 10);
    expect(models.providers.endpointOf("env").costOf("gpt-99", usage)).toBeNull();
  });
});

describe("a test of a provider", () => {
  test("says what works", async () => {
    await using endpoint = await fakeEndpoint(says("One two three"));
    await using models = await testModels(db);
    const { probe, providers: all } = models;
    const provider = await all.create(
      mine(endpoint.url, { models: { usual: { prices: { input: 1, output: 1 } } } }),
    );
    expect(await probe(provider, "usual")).toEqual({
      ...{ ok: true, model: "usual", text: true, streaming: true, tools: true, error: null, hint: null },
      usage: { prompt_tokens: 1000, completion_tokens: 100, cached_input_tokens: 600 },
      cost_usd: 0.0011,
      duration_ms: expect.any(Number),
    });
  });

  test("tells an answer in one piece without usage from one in several, and a model that calls nothing", async () => {
    const message = { role: "assistant", content: "One." };
    const whole = { choices: [{ index: 0, message, finish_reason: "stop" }] };
    await using endpoint = await fakeEndpoint(() => ({ status: 200, json: whole }));
    await using models = await testModels(db);
    const provider = await models.providers.create(mine(endpoint.url));
    expect(await models.probe(provider, "usual")).toMatchObject({
      ...{ ok: true, text: true, streaming: null, tools: false, usage: null, cost_usd: null },
      error: "The model answered in words when it was asked to call a tool.",
    });
  });

  test.each([
    [refuses(401, "Incorrect API key"), "Incorrect API key (HTTP 401)", "Check api_key"],
    [refuses(404, "no such model"), "no such model (HTTP 404)", "base_url, which usually ends with /v1"],
    [refuses(429, "You exceeded your current quota"), "exceeded your current quota", "Add credit"],
    [refuses(429, "slow down"), "slow down", "wait"],
  ])("%j is told with what to do", async (reply, error, hint) => {
    await using endpoint = await fakeEndpoint(() => reply);
    await using models = await testModels(db);
    const provider = await models.providers.create(mine(endpoint.url));
    expect(await models.probe(provider, "usual")).toMatchObject({
      ok: false,
      error: expect.stringContaining(error),
      hint: expect.stringContaining(hint),
    });
    // No waits and no second tries: a person waits for it.
    expect(endpoint.requests).toHaveLength(1);
  });

  test("of an address where nothing listens", async () => {
    await using models = await testModels(db);
    const provider = await models.providers.create(mine("http://127.0.0.1:1/v1"));
    expect(await models.probe(provider, "usual")).toMatchObject({
      ok: false,
      hint: "Check base_url, and that the server runs and is reachable from here.",
    });
  });
});

describe("the models of a provider", () => {
  test.each([
    [{ data: [{ id: "b" }, { id: "a" }, { id: "b" }] }, ["a", "b"]],
    [[{ id: "together" }], ["together"]],
    [{ models: [{ name: "ollama" }] }, ["ollama"]],
    [{ data: [{ id: 3 }, null, {}, "text", " "] }, ["text"]],
    [{ models: { "a/b": {}, c: null } }, ["a/b", "c"]],
    [{ success: true, result: [{ name: "@cf/one" }] }, ["@cf/one"]],
    [{ data: [], has_more: true }, []],
  ])("%j", async (json, ids) => {
    await using endpoint = await fakeEndpoint(() => ({ status: 200, json }));
    await using models = await testModels(db);
    const provider = await models.providers.create(mine(endpoint.url, { api_key: "sk-0123456789abcdef" }));
    expect(await models.listModels(provider)).toEqual(ids);
    expect(endpoint.requests).toMatchObject([
      { method: "GET", url: "/v1/models", headers: { authorization: "Bearer sk-0123456789abcdef" } },
    ]);
  });

  test("of Anthropic's protocol", async () => {
    await using endpoint = await fakeEndpoint(() => ({ status: 200, json: { data: [{ id: "claude" }] } }));
    await using models = await testModels(db);
    const provider = await models.providers.create(
      mine(endpoint.origin, { adapter: "anthropic", api_key: "sk-ant-1" }),
    );
    expect(await models.listModels(provider)).toEqual(["claude"]);
    expect(endpoint.requests[0]).toMatchObject({
      url: "/v1/models?limit=1000",
      headers: { "anthropic-version": expect.any(String) },
    });
  });

  test("are all of ten thousand, with what is said of each", async () => {
    const data = Array.from({ length: 10_000 }, (_, at) => ({
      id: `m${at}`,
      description: "x".repeat(1_000),
    }));
    await using endpoint = await fakeEndpoint(() => ({ status: 200, json: { data } }));
    await using models = await testModels(db);
    const provider = await models.providers.create(mine(endpoint.url));
    expect(await models.listModels(provider)).toHaveLength(10_000);
  });

  test.each([
    ["anthropic" as const, "after_id"],
    ["chat_completions" as const, "after"],
  ])("come from all pages: %s", async (adapter, name) => {
    const pages = { "": ["a", "b"], b: ["c"], c: ["d"] };
    await using endpoint = await fakeEndpoint(({ url }) => {
      const after = new URL(url, "http://h").searchParams.get(name) ?? "";
      const data = (pages[after as keyof typeof pages] ?? []).map((id) => ({ id }));
      return { status: 200, json: { data, has_more: after !== "c", last_id: data.at(-1)?.id ?? null } };
    });
    await using models = await testModels(db);
    const provider = await models.providers.create(mine(endpoint.url, { adapter }));
    expect(await models.listModels(provider)).toEqual(["a", "b", "c", "d"]);
    expect(endpoint.requests).toHaveLength(3);
  });

  test("are asked for twice only when an endpoint does not know pages", async () => {
    const json = { data: [{ id: "a" }], has_more: true };
    await using endpoint = await fakeEndpoint(() => ({ status: 200, json }));
    await using models = await testModels(db);
    const provider = await models.providers.create(mine(endpoint.url));
    expect(await models.listModels(provider)).toEqual(["a"]);
    expect(endpoint.requests).toHaveLength(2);
  });

  test.each<[Reply, string | string[]]>([
    [{ status: 200, text: '{"data": [{"id": "a"}]}', type: "text/plain" }, ["a"]],
    [{ status: 200, text: "<!doctype html><p>Hello", type: "text/html" }, "a web page instead of a list"],
    [{ status: 200, text: "<html>", type: "application/json" }, "could not be listed"],
    [{ status: 200, text: "", type: "application/json" }, "no list of models"],
    [{ status: 200, json: null }, "no list of models"],
    [{ status: 200, json: { error: { message: "no such key" } } }, "it says: no such key"],
    [{ status: 404, text: "<h1>Not Found</h1>", type: "text/html" }, "(HTTP 404): 404 Not Found"],
  ])("%j", async (reply, result) => {
    await using endpoint = await fakeEndpoint(() => reply);
    await using models = await testModels(db);
    const provider = await models.providers.create(mine(endpoint.url));
    const listed = await models.listModels(provider).catch((error: Error) => error.message);
    expect(listed).toEqual(typeof result === "string" ? expect.stringContaining(result) : result);
  });

  test("an endpoint that lists none is an error that says why", async () => {
    await using endpoint = await fakeEndpoint(({ headers }) =>
      refuses(403, `not for ${headers.authorization}`),
    );
    await using models = await testModels(db);
    const provider = await models.providers.create(mine(endpoint.url, { api_key: "sk-0123456789abcdef" }));
    const error = await models.listModels(provider).catch((error) => error);
    expect(error).toMatchObject({
      code: "upstream",
      message: "The models could not be listed (HTTP 403): 403 not for Bearer [redacted]",
    });
  });
});
