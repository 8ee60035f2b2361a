import { afterEach, beforeAll, expect, test } from "bun:test";
import { eachDatabase } from "../../../database.ts";
import { fakeEndpoint, type Received, refuses, says } from "../../../providers/fake-endpoint.ts";
import { environment } from "../../../providers/fixture.ts";
import { until } from "../../../until.ts";
import { createHttpFixture, type HttpFixture } from "../../fixture.ts";

/** Knows nothing of stream_options, and reports no usage. */
const oldServer = (request: Received) =>
  request.body.stream_options ? refuses(400, "unknown field stream_options") : says("One two", null)(request);

const PROVIDERS = "/api/v1/admin/providers";

eachDatabase("/admin/providers", (open) => {
  let http: HttpFixture;
  beforeAll(async () => {
    const db = await open();
    http = await createHttpFixture(db, { models: { modelEndpoint: environment("http://127.0.0.1:1/v1") } });
  });
  afterEach(async () => {
    const { body } = await http.send("GET", PROVIDERS);
    for (const { id, source } of body.providers) {
      if (source === "stored") expect((await http.send("DELETE", `${PROVIDERS}/${id}`)).status).toBe(204);
    }
  });

  const mine = (base_url: string) => ({
    id: "mine",
    name: "Mine",
    adapter: "chat_completions",
    base_url,
    api_key: "sk-0123456789abcdef",
    headers: { "x-team": "the-secret-of-the-team" },
    default_model: "usual",
  });

  test("a provider is created, read, changed, listed and deleted, with its secrets masked", async () => {
    const created = await http.send("POST", PROVIDERS, { body: mine("http://127.0.0.1:1/v1") });
    const shown = {
      ...mine("http://127.0.0.1:1/v1"),
      ...{ source: "stored", api_key: "********cdef", headers: { "x-team": "********" } },
      ...{ unsupported: {}, models: {}, is_default: false },
      ...{ created_at: expect.any(String), updated_at: expect.any(String) },
    };
    expect([created.status, created.body]).toEqual([201, shown]);
    expect((await http.send("GET", `${PROVIDERS}/mine`)).body).toEqual(shown);
    const change = {
      models: { usual: { context_window: 8_192, prices: { input: 0, output: 0 } } },
      is_default: true,
    };
    const changed = await http.send("PATCH", `${PROVIDERS}/mine`, { body: change });
    expect(changed.body).toEqual({ ...shown, ...change, updated_at: expect.any(String) });
    const { body } = await http.send("GET", PROVIDERS);
    expect(
      body.providers.map((one: { id: string; source: string; is_default: boolean }) => [
        one.id,
        one.source,
        one.is_default,
      ]),
    ).toEqual([
      ["env", "environment", false],
      ["mine", "stored", true],
    ]);
    expect(JSON.stringify(body)).not.toMatch(/sk-0123|sk-environment|the-secret/);
    expect((await http.send("DELETE", `${PROVIDERS}/mine`)).status).toBe(204);
    expect((await http.send("GET", `${PROVIDERS}/mine`)).status).toBe(404);
    expect((await http.send("DELETE", `${PROVIDERS}/mine`)).status).toBe(404);
  });

  test("a body that cannot work is refused with its field", async () => {
    const refused = async (fields: object) => {
      const { status, body } = await http.send("POST", PROVIDERS, {
        body: { ...mine("http://h/v1"), ...fields },
      });
      return [status, body.error?.code, body.error?.field];
    };
    expect(await refused({ id: "Not A Slug" })).toEqual([422, "validation", "id"]);
    expect(await refused({ id: "env" })).toEqual([409, "conflict", "id"]);
    expect(await refused({ adapter: "gemini" })).toEqual([422, "validation", "adapter"]);
    expect(await refused({ base_url: "h/v1" })).toEqual([422, "validation", "base_url"]);
    expect(await refused({ api_key: "with\nbreak" })).toEqual([422, "validation", "api_key"]);
    expect(await refused({ models: { m: { prices: { input: -1, output: 0 } } } })).toEqual([
      422,
      "validation",
      "models.m.prices.input",
    ]);
    expect(await refused({ unsupported: { "*": ["colour"] } })).toEqual([
      422,
      "validation",
      "unsupported.*.0",
    ]);
    expect(await refused({ key: "x" })).toEqual([422, "validation", "key"]);
  });

  test("only an administrator may write or test; a reader sees no secret", async () => {
    const reader = await http.keyWith("providers:read");
    const other = await http.keyWith("integrations:write");
    expect((await http.send("GET", PROVIDERS, { key: reader })).status).toBe(200);
    expect((await http.send("GET", PROVIDERS, { key: other })).status).toBe(403);
    const body = mine("http://127.0.0.1:1/v1");
    expect((await http.send("POST", PROVIDERS, { key: reader, body })).status).toBe(403);
    await http.send("POST", PROVIDERS, { body });
    expect((await http.send("PATCH", `${PROVIDERS}/mine`, { key: reader, body: { name: "x" } })).status).toBe(
      403,
    );
    expect((await http.send("DELETE", `${PROVIDERS}/mine`, { key: reader })).status).toBe(403);
    expect((await http.send("POST", `${PROVIDERS}/mine/test`, { key: reader, body: {} })).status).toBe(403);
    const { body: shown } = await http.send("GET", `${PROVIDERS}/mine`, { key: reader });
    expect([shown.api_key, shown.headers]).toEqual(["********cdef", { "x-team": "********" }]);
  });

  test("a test says what works, and its failure is an answer without the key in it", async () => {
    let broken = false;
    let picky = false;
    await using endpoint = await fakeEndpoint((request) =>
      picky && !broken
        ? oldServer(request)
        : broken
          ? refuses(401, `no ${request.headers.authorization}`)
          : says("One two")(request),
    );
    await http.send("POST", PROVIDERS, { body: mine(endpoint.url) });
    const tested = await http.send("POST", `${PROVIDERS}/mine/test`, { body: {} });
    expect([tested.status, tested.body]).toEqual([
      200,
      {
        ...{ ok: true, model: "usual", text: true, streaming: true, tools: true, error: null, hint: null },
        usage: { prompt_tokens: 1000, completion_tokens: 100, cached_input_tokens: 600 },
        ...{ cost_usd: null, unsupported: [], duration_ms: expect.any(Number) },
      },
    ]);
    // What it learned is told at once, and remembered.
    picky = true;
    const learned = await http.send("POST", `${PROVIDERS}/mine/test`, { body: { model: "old" } });
    expect([learned.body.ok, learned.body.usage, learned.body.unsupported]).toEqual([
      true,
      null,
      ["stream_options"],
    ]);
    await until(async () => {
      const { body } = await http.send("GET", `${PROVIDERS}/mine`);
      return body.unsupported.old?.[0] === "stream_options";
    });
    broken = true;
    const failed = await http.send("POST", `${PROVIDERS}/mine/test`, { body: { model: "other" } });
    expect([failed.status, failed.body.ok, failed.body.model]).toEqual([200, false, "other"]);
    expect(failed.body.error).toContain("no Bearer [redacted]");
  });

  test("models that are asked without tools are a repair, which whoever may see providers gets", async () => {
    await using endpoint = await fakeEndpoint();
    const unsupported = { "*": ["tools"], small: ["tools", "images"], large: ["images"] };
    await http.send("POST", PROVIDERS, { body: { ...mine(endpoint.url), unsupported } });
    const repairs = async (key?: string) =>
      (await http.send("GET", "/api/v1/repairs", key ? { key } : {})).body.repairs.filter(
        ({ kind }: { kind: string }) => kind === "tools_refused",
      );
    expect(await repairs()).toEqual([
      expect.objectContaining({
        severity: "info",
        title: "small of Mine is asked without tools.",
        detail: expect.stringContaining("--tool-call-parser"),
        action: "check_provider",
        provider_id: "mine",
      }),
    ]);
    await http.send("PATCH", `${PROVIDERS}/mine`, { body: { unsupported: { "*": ["tools"] } } });
    expect(await repairs()).toEqual([]);
  });

  test("the models of an endpoint, with what is known of them", async () => {
    await using endpoint = await fakeEndpoint(() => ({
      status: 200,
      json: { data: [{ id: "unknown" }, { id: "openai/gpt-4o" }] },
    }));
    await http.send("POST", PROVIDERS, { body: mine(endpoint.url) });
    const { body } = await http.send("GET", `${PROVIDERS}/mine/models`);
    const nothing = { context_window: null, max_output_tokens: null, images: null, pdfs: null, prices: null };
    expect(body).toEqual({
      models: [
        {
          ...nothing,
          id: "openai/gpt-4o",
          name: "mine/openai/gpt-4o",
          context_window: 128_000,
          max_output_tokens: 16_384,
          images: true,
        },
        { ...nothing, id: "unknown", name: "mine/unknown" },
      ],
      next_cursor: null,
    });
    const env = await http.send("GET", `${PROVIDERS}/env/models`);
    expect([env.status, env.body.error.code]).toEqual([502, "upstream"]);
  });

  test("what names a provider is told, for whoever wants to delete it", async () => {
    await http.send("POST", PROVIDERS, { body: mine("http://127.0.0.1:1/v1") });
    const bot = (id: string, model: string | null, fallback_models: string[] = []) =>
      http.send("POST", "/api/v1/bots", { body: { id, name: id.toUpperCase(), model, fallback_models } });
    await bot("first", "mine/usual", ["env/x", "mine/other"]);
    await bot("second", "plain", ["mine/a/b"]);
    // Neither is "mine/…": the underscore of a pattern would match any character.
    await bot("third", "mineral/usual", ["x/mine/usual"]);
    await bot("fourth", null);
    const channel = await http.send("POST", "/api/v1/channels", { body: { client_id: "docs:named" } });
    await http.send("PATCH", `/api/v1/channels/${channel.body.id}`, {
      body: { model_override: "mine/usual" },
    });
    const found = await http.send("GET", `${PROVIDERS}/mine/references`);
    expect([found.status, found.body]).toEqual([
      200,
      {
        bots: [
          { id: "first", name: "FIRST", models: ["mine/usual", "mine/other"] },
          { id: "second", name: "SECOND", models: ["mine/a/b"] },
        ],
        channels: [{ id: channel.body.id, name: channel.body.name, models: ["mine/usual"] }],
        settings: [{ id: "FALLBACK_MODELS", name: "FALLBACK_MODELS", models: ["mine/last"] }],
      },
    ]);
    expect((await http.send("GET", `${PROVIDERS}/none/references`)).status).toBe(404);
    const reader = await http.keyWith("providers:read");
    expect((await http.send("GET", `${PROVIDERS}/mine/references`, { key: reader })).status).toBe(403);
  });

  test("a bot, a channel and a message that seem to name a provider that does not exist are warned of", async () => {
    await http.send("POST", PROVIDERS, { body: { ...mine("http://127.0.0.1:1/v1"), id: "ollama" } });
    const doubt = (name: string) =>
      `There is no provider "olama", so "${name}" is a model of the default provider "env". Did you mean "${name.replace("olama", "ollama")}"?`;
    const bot = { id: "b", name: "B", model: "olama/llama3", fallback_models: ["ollama/a", "olama/b"] };
    const made = await http.send("POST", "/api/v1/bots", { body: bot });
    expect(made.body.warnings).toEqual([doubt("olama/llama3"), doubt("olama/b")]);
    const channel = await http.send("POST", "/api/v1/channels", { body: { client_id: "docs:x" } });
    const change = { model_override: "olama/c" };
    const changed = await http.send("PATCH", `/api/v1/channels/${channel.body.id}`, { body: change });
    expect(changed.body.warnings).toEqual([doubt("olama/c")]);
    const message = { content: "Hi", run_agent: true, execution_config: { model_override: "olama/d" } };
    const sent = await http.send("POST", `/api/v1/channels/${channel.body.id}/messages`, { body: message });
    expect(sent.body.warnings).toEqual([doubt("olama/d")]);
  });
});
