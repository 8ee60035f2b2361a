// docs/integration-reference.md lists exactly what the program has.

import { expect, setDefaultTimeout, test } from "bun:test";
import { createHmac } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { PARTS } from "../../src/authoring/template.ts";
import { type Commands, mainCommand } from "../../src/cli/cli.ts";
import { usage } from "../../src/cli/cli-usage.ts";
import { startServer } from "../../src/compose/server.ts";
import { loadConfig } from "../../src/config/config.ts";
import { PROCESS_STATES } from "../../src/db/schema.ts";
import { SDK_NAMES } from "../../src/integrations/loading/host-sdk.ts";
import { SETUP_STATUSES } from "../../src/integrations/registry/status.ts";
import { HOOK_EVENTS } from "../../src/sdk/types.ts";
import { embeddedDatabase } from "../database.ts";
import { until } from "../until.ts";
import { type Caller, createCaller, KEY } from "./caller.ts";
import { codeBlocks, writeFiles } from "./code-blocks.ts";

const repository = join(import.meta.dirname, "..", "..");
const markdown = await readFile(join(repository, "docs", "integration-reference.md"), "utf8");
const blocks = codeBlocks(markdown);

setDefaultTimeout(60_000);
const open = embeddedDatabase();

const TOKEN = "the-token-of-mychat";

/** Returns the `code` names in the first cells of the tables below a heading. */
function named(heading: string): string[] {
  const [, below = ""] = markdown.split(new RegExp(`^#+ ${heading}$`, "m"));
  const [section = ""] = below.split(/^##? /m);
  const cells = section.split("\n").flatMap((line) => (line.startsWith("|") ? line.split(" | ")[0] : []));
  return cells.flatMap((cell) => [...(cell ?? "").matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code));
}

const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort();

test("names each export of the SDK", () => {
  const names = named("The SDK").flatMap((code) => code.match(/\w+/g) ?? []);
  expect(SDK_NAMES.filter((name) => !names.includes(name))).toEqual([]);
});

test("names each type of the SDK and each field of those types", async () => {
  const sdk = join(repository, "src", "sdk");
  const index = await readFile(join(sdk, "index.ts"), "utf8");
  const files = await Array.fromAsync(new Bun.Glob("*.ts").scan(join(sdk, "types")));
  const sources = await Promise.all(files.map((file) => readFile(join(sdk, "types", file), "utf8")));
  const all = sources.join("\n");
  const types = [
    ...[...index.matchAll(/^export type \{([^}]+)\}/gm)].flatMap(
      ([, names = ""]) => names.match(/\w+/g) ?? [],
    ),
    ...[...all.matchAll(/^export (?:type|interface) (\w+)/gm)].map(([, name = ""]) => name),
  ];
  // Fields of a type are indented by two blanks.
  const fields = [...all.matchAll(/^ {2}(\w+)(?:\?:|:|\(|<)/gm)].map(([, name = ""]) => name);
  expect([types.length > 80, fields.length > 150]).toEqual([true, true]);
  const named = new Set(markdown.match(/\w+/g));
  expect(sorted([...types, ...fields].filter((name) => !named.has(name)))).toEqual([]);
});

test("names the statuses, the hook events and the process states", () => {
  expect(sorted(named("Statuses"))).toEqual(sorted(SETUP_STATUSES));
  expect(sorted(named("Hook events"))).toEqual(sorted(HOOK_EVENTS));
  const states = named("Processes").filter((name) => /^[a-z]/.test(name) && name !== "process.ts");
  expect(sorted(states)).toEqual(sorted(PROCESS_STATES));
});

test("names the commands for authors, with their flags", async () => {
  const main = mainCommand(new Proxy({ version: "1.2.3" } as Commands, { get: () => () => undefined }));
  const help = async (...args: string[]) => Bun.stripANSI(await usage(main, [...args, "--help"], false));
  const commands = [...(await help()).matchAll(/^ +([a-z-]+) {2,}\S/gm)].map(([, name = ""]) => name);
  expect(commands).toContain("serve");
  const forOperators = [
    "serve",
    "worker",
    "migrate",
    "login-link",
    "unit",
    "keys",
    "providers",
    "schedules",
    "approvals",
    "mcp",
  ];
  const rows = markdown.split("\n").filter((line) => line.startsWith("| `heddle "));
  const names = rows.map((row) => /heddle (\w+)/.exec(row)?.[1] ?? "");
  expect(sorted([...names, ...forOperators])).toEqual(sorted(commands));
  const paragraph = markdown.split("\n\n").find((text) => text.includes("[operators](operating.md)"));
  expect(forOperators.filter((name) => !paragraph?.includes(`\`${name}\``))).toEqual([]);
  for (const row of rows) {
    const [, name = ""] = /heddle (\w+)/.exec(row) ?? [];
    const flags: string[] = (await help(name)).match(/--[a-z-]+/g) ?? [];
    const unknown = [...row.matchAll(/--[a-z-]+/g)]
      .map(([flag]) => flag)
      .filter((flag) => !flags.includes(flag));
    expect([name, unknown]).toEqual([name, []]);
  }
  const newHelp = await help("new");
  expect(PARTS.filter((part) => !newHelp.includes(part))).toEqual([]);
});

test("has working code: the hook transcribes a recording, and a tool in OpenAI's shape loads", async () => {
  for (const { text } of blocks.filter(({ language }) => language === "json")) JSON.parse(text);
  expect(blocks.filter(({ language, file }) => language === "ts" && file === undefined)).toEqual([]);
  const { home } = await open.place();
  const heard: number[] = [];
  const posted: string[] = [];
  const subscribed: string[] = [];
  const service = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/subscription") {
        subscribed.push(((await request.json()) as { url: string }).url);
        return new Response("ok");
      }
      if (pathname.startsWith("/rooms/")) {
        posted.push(pathname);
        return new Response(`id-${posted.length}`);
      }
      // What the page's listeners ask for.
      if (["/events", "/mentions"].includes(pathname)) return new Response(null, { status: 404 });
      heard.push((await request.arrayBuffer()).byteLength);
      return new Response("Turn on the light.");
    },
  });
  const folder = join(home, "workspace", "integrations");
  await mkdir(folder, { recursive: true });
  await writeFiles(blocks, folder);
  const environment = {
    API_KEY: KEY,
    LOG_LEVEL: "error",
    MYSTT_URL: service.url.origin,
    MYCHAT_TOKEN: TOKEN,
    MYCHAT_URL: service.url.origin,
  };
  const heddle = await startServer(loadConfig({ home, port: "0" }, environment));
  try {
    const url = String(heddle.url).replace(/\/$/, "");
    const { integrations } = await until(
      () => createCaller(url).get("/api/v1/integrations"),
      ({ integrations }) => ["hello", "mystt", "mychat"].every((wanted) => isReady(integrations, wanted)),
    );
    const hello = integrations.find(({ id }: { id: string }) => id === "hello");
    expect(hello.tools.toSorted()).toEqual(["hello_create_ticket", "roll_dice"]);

    await until(() => subscribed.length);
    expect(subscribed).toEqual([`${url}/integrations/mychat/webhook`]);
    const token = { settings: { MYCHAT_TOKEN: `${TOKEN}-2` } };
    await createCaller(url).put("/api/v1/admin/integrations/mychat/settings", token);
    await until(() => subscribed.length === 2);
    await createCaller(url).put("/api/v1/admin/integrations/mychat/settings", {
      settings: { MYCHAT_TOKEN: "" },
    });

    await sendWebhooks(`${url}/integrations/mychat`);
    await deliver(createCaller(url));
    expect(posted).toEqual(["/rooms/ops"]);

    const transcribe = (type: string) =>
      fetch(`${url}/api/v1/transcribe`, {
        method: "POST",
        headers: { authorization: `Bearer ${KEY}`, "content-type": type },
        body: new Uint8Array(1000),
      });
    const answer = await transcribe("audio/ogg");
    expect([answer.status, await answer.json()]).toEqual([200, { text: "Turn on the light." }]);
    expect(heard).toEqual([1000]);
    expect((await transcribe("audio/mpeg")).status).toBe(501);
  } finally {
    await heddle.close();
    await service.stop(true);
  }
});

/** Sends requests to the routes with verifiers; each accepts only verified ones. */
async function sendWebhooks(url: string): Promise<void> {
  const body = '{"a":1}';
  const signature = createHmac("sha512", TOKEN).update("n").update(body).digest("base64");
  const post = async (path: string, headers: Record<string, string>) => {
    const json = { "content-type": "application/json" };
    return (await fetch(url + path, { method: "POST", body, headers: { ...json, ...headers } })).status;
  };
  expect(await post("/webhook", { "x-mychat-token": TOKEN })).toBe(200);
  expect(await post("/webhook", { "x-mychat-token": "another" })).toBe(403);
  const signed = { "x-mychat-nonce": "n", "x-mychat-signature": signature };
  expect(await post("/webhook/signed", signed)).toBe(200);
  expect(await post("/webhook/signed", { ...signed, "x-mychat-nonce": "m" })).toBe(403);
}

/** An answer goes to the chat, and its receipt names the posted message. */
async function deliver(caller: Caller): Promise<void> {
  const dispatch_config = { type: "mychat", room: "ops" };
  const place = { bot_id: "default", client_id: "mychat:ops", dispatch_config };
  const { session_id } = await caller.post("/api/v1/sessions", place);
  const message = { content: "Hello", source: "mychat", run_agent: true };
  const { task_id } = await caller.post(`/api/v1/sessions/${session_id}/messages`, message);
  expect((await caller.delivered(task_id)).receipt).toEqual({ ids: ["id-1"] });
}

const isReady = (integrations: { id: string; status: string }[], wanted: string): boolean =>
  integrations.some(({ id, status }) => id === wanted && status === "ready");
