// Each vendor's lines in docs/models.md are accepted, and the request is what the vendor documents.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { LLMock } from "@copilotkit/aimock";
import { loadConfig } from "../../src/config/config.ts";
import { providers } from "../../src/db/schema.ts";
import type { GivenProvider } from "../../src/providers/fields.ts";
import { embeddedDatabase, type TestDatabase } from "../database.ts";
import { createHttpFixture } from "../http/fixture.ts";
import { ask, type TestModels, testModels } from "../providers/fixture.ts";
import { codeBlocks } from "./code-blocks.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/models.md"), "utf8");
const sections = new Map(
  (page.split("\n## Vendors\n")[1]?.split("\n## ")[0] ?? "").split("\n### ").map((text) => {
    const blocks = codeBlocks(text);
    const textOf = (language: string) => blocks.find((block) => block.language === language)?.text ?? "";
    return [text.split("\n")[0] ?? "", { environment: textOf("sh"), provider: textOf("json") }];
  }),
);

interface Documented {
  url: string;
  /** Of the provider, if it is another one than the environment's. */
  providerUrl?: string;
  /** The header with the key, and those that must not be there. */
  headers: Record<string, string | null>;
  providerHeaders?: Record<string, string>;
  model: string;
  body: Record<string, unknown>;
}

const USER = { role: "user", content: "Hi" };
const chat = { messages: [USER], stream: true, stream_options: { include_usage: true } };
const bearer = (key: string) => ({ authorization: `Bearer ${key}`, "api-key": null, "x-api-key": null });
const NO_KEY = { authorization: null, "api-key": null, "x-api-key": null };
const AZURE = { "api-key": "your-azure-key", authorization: null };

const VENDORS: Record<string, Documented> = {
  OpenAI: {
    url: "https://api.openai.com/v1/responses",
    headers: bearer("sk-your-key"),
    model: "gpt-5-mini",
    body: { input: [USER], stream: true, store: false },
  },
  Anthropic: {
    url: "https://api.anthropic.com/v1/messages",
    headers: { ...bearer("sk-ant-your-key"), "anthropic-version": expect.any(String) },
    model: "claude-haiku-4-5",
    body: {
      max_tokens: 16_384,
      stream: true,
      messages: [{ role: "user", content: [expect.objectContaining({ type: "text", text: "Hi" })] }],
    },
  },
  Gemini: {
    url: "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
    headers: bearer("your-gemini-key"),
    model: "gemini-2.5-flash",
    body: chat,
  },
  Ollama: {
    url: "http://localhost:11434/v1/chat/completions",
    headers: NO_KEY,
    model: "llama3.2",
    body: chat,
  },
  vLLM: {
    url: "http://localhost:8001/v1/chat/completions",
    headers: NO_KEY,
    model: "Qwen/Qwen3-8B",
    body: chat,
  },
  "llama.cpp": {
    url: "http://localhost:8080/v1/chat/completions",
    headers: NO_KEY,
    model: "default",
    body: chat,
  },
  "LM Studio": {
    url: "http://localhost:1234/v1/chat/completions",
    headers: NO_KEY,
    model: "qwen/qwen3-8b",
    body: chat,
  },
  LiteLLM: {
    url: "http://localhost:4000/v1/chat/completions",
    headers: bearer("sk-your-litellm-key"),
    model: "gpt-4.1-mini",
    body: chat,
  },
  OpenRouter: {
    url: "https://openrouter.ai/api/v1/chat/completions",
    headers: bearer("sk-or-your-key"),
    providerHeaders: { "http-referer": "https://heddle.example.com", "x-title": "Heddle" },
    model: "anthropic/claude-haiku-4.5",
    body: chat,
  },
  DeepSeek: {
    url: "https://api.deepseek.com/chat/completions",
    headers: bearer("sk-your-key"),
    model: "deepseek-chat",
    body: chat,
  },
  Mistral: {
    url: "https://api.mistral.ai/v1/chat/completions",
    headers: bearer("your-mistral-key"),
    model: "mistral-small-latest",
    body: chat,
  },
  Groq: {
    url: "https://api.groq.com/openai/v1/chat/completions",
    headers: bearer("gsk_your-key"),
    model: "llama-3.3-70b-versatile",
    body: chat,
  },
  Azure: {
    url: "https://your-resource.openai.azure.com/openai/v1/chat/completions",
    providerUrl:
      "https://your-resource.openai.azure.com/openai/deployments/your-deployment/chat/completions?api-version=2024-10-21",
    headers: AZURE,
    model: "your-deployment",
    body: chat,
  },
};

interface Sent {
  url: string;
  headers: Record<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: the body of any vendor.
  body: any;
}

const open = embeddedDatabase();
const mock = new LLMock({ port: 0 });
let db: TestDatabase;
let sent: Sent[] = [];

beforeAll(async () => {
  db = await open();
  mock.on({ predicate: () => true }, { content: "Hello from the stand-in." });
  await mock.start();
});
afterEach(async () => {
  await db.query.delete(providers);
});
afterAll(() => mock.stop());

/** Sends to the stand-in what was meant for the vendor. */
async function toStandIn(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const url = new URL(input instanceof Request ? input.url : input);
  const headers = new Headers(init.headers);
  sent.push({ url: url.href, headers: Object.fromEntries(headers), body: JSON.parse(String(init.body)) });
  return await fetch(`${mock.url}${url.pathname}${url.search}`, init);
}

const network = { fetch: toStandIn, resolve: async () => [{ address: "93.184.215.14", family: 4 }] };

function expectSent(
  { headers, model, body }: Documented,
  url: string,
  more: Record<string, string> = {},
): void {
  expect(sent.map((one) => one.url)).toEqual([url]);
  const [got] = sent;
  for (const [name, value] of Object.entries({ ...headers, ...more })) {
    expect([name, got?.headers[name] ?? null]).toEqual([name, value]);
  }
  expect(got?.body).toMatchObject({ ...body, model });
}

const answers = async (models: TestModels, name: string) => {
  sent = [];
  expect((await ask(models.llm, name)).text).toBe("Hello from the stand-in.");
};

test("every vendor has its lines", () => {
  expect([...sections.keys()].filter((name) => sections.get(name)?.provider !== "")).toEqual(
    Object.keys(VENDORS),
  );
});

describe.each(Object.entries(VENDORS))("%s", (name, documented) => {
  const { environment = "", provider = "" } = sections.get(name) ?? {};

  test("by the environment", async () => {
    const config = loadConfig({ home: "/nowhere" }, parseEnv(environment) as Record<string, string>);
    await using models = await testModels(db, { ...config }, network);
    await answers(models, models.defaultModel());
    expectSent(documented, documented.url);
  });

  test("as a provider", async () => {
    const given = JSON.parse(provider) as GivenProvider;
    const http = await createHttpFixture(db);
    const { status, body } = await http.send("POST", "/api/v1/admin/providers", { body: given });
    expect([status, body.is_default, body.error]).toEqual([201, true, undefined]);
    await using models = await testModels(db, {}, network);
    await answers(models, models.defaultModel());
    expectSent(documented, documented.providerUrl ?? documented.url, documented.providerHeaders);
    await answers(models, `${given.id}/another/model`);
    expect(sent[0]?.body.model).toBe("another/model");
  });
});

test("a token of Entra ID is sent to Azure as what it is", async () => {
  const lines = parseEnv(sections.get("Azure")?.environment ?? "") as Record<string, string>;
  const config = loadConfig({ home: "/nowhere" }, { ...lines, OPENAI_API_KEY: "eyJhbGciOi.x.y" });
  await using models = await testModels(db, { ...config }, network);
  await answers(models, models.defaultModel());
  expect([sent[0]?.headers.authorization, sent[0]?.headers["api-key"]]).toEqual([
    "Bearer eyJhbGciOi.x.y",
    undefined,
  ]);
});
