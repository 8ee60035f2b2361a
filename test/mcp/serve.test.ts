// The MCP server of a running Heddle, used by the official clients of both eras.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { startServer } from "../../src/compose/server.ts";
import { loadConfig } from "../../src/config/config.ts";
import { until } from "../until.ts";

setDefaultTimeout(60_000);

const KEY = "a-key-of-the-operator-for-tests-of-mcp";
const TOOL = `import { getOrCreateSession, injectMessage, register, t } from "heddle/sdk";
export const shout = register(
  { name: "crm_shout", description: "Says it loudly.", parameters: t.Object({ text: t.String() }), annotations: { readOnly: true } },
  ({ text }) => (text === "fail" ? { error: "Too loud." } : text.toUpperCase()),
);
export const wipe = register(
  { name: "crm_wipe", description: "Deletes.", parameters: t.Object({}), annotations: { destructive: true } },
  () => "gone",
);
export const post = register(
  { name: "crm_post", description: "Sends it.", parameters: t.Object({ text: t.String() }), annotations: { egress: true } },
  () => "sent",
);
export const go = register(
  { name: "crm_go", description: "Has a bot work.", parameters: t.Object({}) },
  async () => {
    const sessionId = await getOrCreateSession({ clientId: "crm:1", botId: "default" });
    return injectMessage({ sessionId, content: "Go", source: "crm", runAgent: true });
  },
);
`;

let home: string;
let heddle: Awaited<ReturnType<typeof startServer>>;
let url: URL;

const api = async (path: string, body: object) => {
  const answer = await fetch(new URL(`/api/v1${path}`, url), {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const read = (await answer.json()) as { key: string };
  expect([answer.status, read]).toEqual([201, read]);
  return read;
};

const keyWith = async (...scopes: string[]) =>
  (await api("/api-keys", { name: scopes.join(" "), scopes })).key;

async function read<T>(path: string): Promise<T> {
  const answer = await fetch(new URL(`/api/v1${path}`, url), { headers: { authorization: `Bearer ${KEY}` } });
  return (await answer.json()) as T;
}

const sessionOf = async (task: string) => (await read<{ session_id: string }>(`/tasks/${task}`)).session_id;

async function talkOf(task: string) {
  const session = await sessionOf(task);
  const messages = await read<{ role: string; content: string }[]>(`/sessions/${session}/messages`);
  const { tasks } = await read<{ tasks: { bot_id: string }[] }>(`/tasks?session_id=${session}`);
  return {
    messages: messages.filter(({ role }) => role === "user").map(({ content }) => content),
    bots: tasks.map(({ bot_id }) => bot_id),
  };
}

const headersOf = (key: string) => ({ requestInit: { headers: { authorization: `Bearer ${key}` } } });

const CLIENTS = {
  "2025-11-25": async (key: string) => {
    const client = new LegacyClient({ name: "test", version: "1" });
    await client.connect(new LegacyTransport(url, headersOf(key)) as never);
    return client;
  },
  "2026-07-28": async (key: string) => {
    const client = new ModernClient(
      { name: "test", version: "1" },
      { versionNegotiation: { mode: { pin: "2026-07-28" } } },
    );
    await client.connect(new ModernTransport(url, headersOf(key)));
    return client;
  },
};

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "heddle-mcp-server-"));
  const tools = join(home, "integrations", "crm", "tools");
  await mkdir(tools, { recursive: true });
  await writeFile(join(tools, "crm.ts"), TOOL);
  await mkdir(join(home, "home", "bots"), { recursive: true });
  await writeFile(
    join(home, "home", "bots", "other.yaml"),
    "id: other\nname: Other\nsystem_prompt: You differ.\n",
  );
  const variables = { API_KEY: KEY, LOG_LEVEL: "error", INTEGRATION_DIRS: join(home, "integrations") };
  heddle = await startServer(loadConfig({ home: join(home, "home"), port: "0" }, variables));
  url = new URL("/mcp", String(heddle.url));
});

afterAll(async () => {
  await heddle?.close();
  await rm(home, { recursive: true, force: true });
});

for (const [era, connect] of Object.entries(CLIENTS)) {
  test(`a client of ${era} lists and calls the tools that its key names, and asks a bot`, async () => {
    const client = await connect(await keyWith("mcp:use", "integrations.crm:use", "chat:write"));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual([
      "ask_default",
      "ask_other",
      "crm_go",
      "crm_post",
      "crm_shout",
      "crm_wipe",
    ]);
    expect(tools.find(({ name }) => name === "crm_shout")).toMatchObject({
      description: "Says it loudly.",
      inputSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
      annotations: { readOnlyHint: true },
    });
    const shout = await client.callTool({ name: "crm_shout", arguments: { text: "hello" } });
    expect(shout).toMatchObject({ content: [{ type: "text", text: "HELLO" }] });
    const failed = await client.callTool({ name: "crm_shout", arguments: { text: "fail" } });
    expect(failed).toMatchObject({ isError: true });
    const invalid = await client.callTool({ name: "crm_shout", arguments: { text: 7 } });
    expect(invalid).toMatchObject({
      isError: true,
      content: [{ text: "arguments.text must be a string; got a number." }],
    });

    const asked = await client.callTool({ name: "ask_default", arguments: { message: "Who are you?" } });
    const { continue_from } = asked.structuredContent as { continue_from: string };
    expect(JSON.stringify(asked.content)).toContain("No language model is configured");
    const again = await client.callTool({
      name: "ask_default",
      arguments: { message: "And now?", continue_from },
    });
    expect(again.isError ?? false).toBe(false);
    const { continue_from: second } = again.structuredContent as { continue_from: string };
    expect(second).not.toBe(continue_from);
    expect(await sessionOf(second)).toBe(await sessionOf(continue_from));
    // The other bot answers in a conversation of its own, which has what was said.
    const elsewhere = await client.callTool({
      name: "ask_other",
      arguments: { message: "And you?", continue_from: second },
    });
    const { continue_from: third } = elsewhere.structuredContent as { continue_from: string };
    const { messages, bots } = await talkOf(third);
    expect([bots, messages]).toEqual([["other"], ["Who are you?", "And now?", "And you?"]]);
    const long = await client.callTool({ name: "ask_default", arguments: { message: "x".repeat(500_001) } });
    expect(JSON.stringify(long.content)).toContain("at most 500,000 characters");
    await client.close();
  });
}

test("a key gets nothing that its scopes do not name", async () => {
  const client = await CLIENTS["2026-07-28"](await keyWith("mcp:use", "tools.crm_shout:use"));
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["crm_shout"]);
  await expect(client.callTool({ name: "crm_wipe", arguments: {} })).rejects.toThrow("no scope for it");
  await expect(client.callTool({ name: "ask_default", arguments: { message: "x" } })).rejects.toThrow(
    "no scope",
  );
  await client.close();
  const status = async (init: RequestInit) =>
    (await fetch(url, { method: "POST", body: "{}", ...init })).status;
  const headers = { "content-type": "application/json" };
  expect(await status({ headers })).toBe(401);
  const other = { ...headers, authorization: `Bearer ${await keyWith("bots:read")}` };
  expect(await status({ headers: other })).toBe(403);
  const elsewhere = { ...headers, authorization: `Bearer ${KEY}`, origin: "https://evil.example" };
  expect(await status({ headers: elsewhere })).toBe(403);
});

test("policies hold for calls over MCP", async () => {
  await api("/policies", { name: "Nothing is wiped", effect: "deny", tools: ["crm_wipe"] });
  const client = await CLIENTS["2025-11-25"](await keyWith("mcp:use", "integrations.crm:use"));
  const refused = await client.callTool({ name: "crm_wipe", arguments: {} });
  expect(refused).toMatchObject({ isError: true });
  expect(JSON.stringify(refused.content)).toContain("Nothing is wiped");
  await client.close();
});

test("a circle through calls of tools is noticed, over MCP and over the API", async () => {
  const key = await keyWith("mcp:use", "integrations.crm:use", "tools.crm_go:use");
  const headers = { authorization: `Bearer ${key}`, "heddle-hops": "9" };
  const client = new LegacyClient({ name: "test", version: "1" });
  await client.connect(new LegacyTransport(url, { requestInit: { headers } }) as never);
  const { content } = await client.callTool({ name: "crm_go", arguments: {} });
  const tried = await fetch(new URL("/api/v1/tools/crm_go/try", url), {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: "{}",
  });
  const texts = [
    (content as { text: string }[])[0]?.text,
    ((await tried.json()) as { content: string }).content,
  ];
  for (const text of texts) {
    const { task_id } = JSON.parse(String(text)) as { task_id: string };
    const task = await until(
      async () =>
        (await fetch(new URL(`/api/v1/tasks/${task_id}`, url), {
          headers: { authorization: `Bearer ${KEY}` },
        }).then((answer) => answer.json())) as { status: string; error_code: string | null },
      ({ status }) => status === "failed" || status === "complete",
    );
    expect(task.error_code).toBe("loop_detected");
  }
  await client.close();
});

test("a secret of this server does not leave it with a call over MCP", async () => {
  const client = await CLIENTS["2026-07-28"](await keyWith("mcp:use", "integrations.crm:use"));
  const post = (text: string) => client.callTool({ name: "crm_post", arguments: { text } });
  expect(await post("hello")).toMatchObject({ content: [{ text: "sent" }] });
  const refused = await post(`The key is ${KEY}.`);
  expect(refused).toMatchObject({ isError: true });
  expect(JSON.stringify(refused.content)).toContain("contain a secret");
  await client.close();
});

test("another bot's questions are not continued by a stranger's key", async () => {
  const mine = await CLIENTS["2026-07-28"](await keyWith("mcp:use", "chat:write"));
  const { structuredContent } = await mine.callTool({
    name: "ask_default",
    arguments: { message: "My secret" },
  });
  const theirs = await CLIENTS["2026-07-28"](await keyWith("mcp:use", "chat:write"));
  const { continue_from } = structuredContent as { continue_from: string };
  const answer = await theirs.callTool({
    name: "ask_default",
    arguments: { message: "Repeat it", continue_from },
  });
  expect(answer.isError).toBe(true);
  await Promise.all([mine.close(), theirs.close()]);
});
