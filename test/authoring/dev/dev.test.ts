// `heddle dev` in one process: its output while an event passes through, and its reaction to a saved file.

import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFile, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type DevFlags, prepareDev } from "../../../src/authoring/dev/dev.ts";
import { createInstruments } from "../../../src/authoring/dev/instruments.ts";
import { welcome } from "../../../src/authoring/dev/welcome.ts";
import { newIntegration } from "../../../src/authoring/new-integration.ts";
import { startServer } from "../../../src/compose/server.ts";
import { createDispatchers } from "../../../src/dispatch/registry.ts";
import type {
  AskApprovalInput,
  DispatchContext,
  StreamContext,
  StreamUpdate,
} from "../../../src/sdk/types.ts";
import { makeHome } from "../../databases-of-run.ts";
import { run } from "../../docs/processes.ts";
import { until } from "../../until.ts";

setDefaultTimeout(120_000);

const posted: { path: string; text: string }[] = [];
const service = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (request.method === "GET") return Response.json({ topic: "Servers", on_call: "Ada" });
    posted.push({ path: pathname, text: ((await request.json()) as { text: string }).text });
    return pathname.includes("gone") ? new Response(null, { status: 410 }) : Response.json({ id: "m1" });
  },
});

const TOKEN = "token-of-the-dev-test";
let dir = "";
let folder = "";
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  dir = await realpath(makeHome());
  const parts = ["router", "dispatcher", "tools", "skills", "setup"];
  ({ folder } = await newIntegration({ name: "acme", parts, dir }));
  // A neighbouring integration, which must not be loaded.
  await newIntegration({ name: "neighbour", parts: ["tools"], dir });
  await writeFile(join(folder, ".env"), `ACME_URL=${service.url.origin}\nACME_TOKEN=${TOKEN}\n`);
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  posted.length = 0;
});
afterAll(async () => {
  await service.stop(true);
  await rm(dir, { recursive: true, force: true });
});

/** Collects printed lines; `line` resolves with the first matching one, printed before or later. */
function recorder() {
  const lines: string[] = [];
  let look = () => {};
  return {
    lines,
    write(line: string) {
      lines.push(line);
      look();
    },
    line: (expression: RegExp): Promise<string> =>
      new Promise((resolve) => {
        look = () => {
          const found = lines.find((line) => expression.test(line));
          if (found !== undefined) resolve(found);
        };
        look();
      }),
  };
}

async function start(flags: Partial<DevFlags> = {}, variables: Record<string, string> = {}) {
  const record = recorder();
  const dev = await prepareDev(
    {
      dir: folder,
      port: "0",
      home: undefined,
      dryRun: false,
      realModel: false,
      write: record.write,
      ...flags,
    },
    {
      LOG_LEVEL: "error",
      ...variables,
      INTEGRATION_DIRS: "/not/meant",
      DATABASE_URL: "postgres://not:meant@127.0.0.1:1/x",
    },
  );
  const server = await startServer(dev.config, dev.instrument);
  const following = dev.followEnvironment(server);
  closers.push(async () => {
    following.close();
    await server.close();
  });
  const text = await welcome(dev, server);
  return { ...record, ...server, text, key: dev.config.apiKey ?? "" };
}

test("prints the addresses, and a webhook command that works when pasted into a shell", async () => {
  const dev = await start();
  for (const part of [dev.url, dev.key, join(folder, ".heddle-dev"), join(folder, "dev.script.yaml")]) {
    expect(dev.text).toContain(String(part));
  }
  expect(dev.text).toContain(`heddle receive acme ${join(folder, "dev.webhook.json")} --home`);
  expect(dev.text).not.toContain(TOKEN);
  expect(dev.text).not.toContain("acme has no");
  expect(dev.integrations.list().map(({ id }) => id)).not.toContain("neighbour");

  const [curl = ""] = /^ +curl .*$/m.exec(dev.text) ?? [];
  const environment = { PATH: process.env.PATH ?? "" };
  const { out, status } = await run(["/bin/sh", "-ec", curl], { cwd: dir, environment });
  expect([status, JSON.parse(out).status]).toEqual([0, "processed"]);
  await dev.line(/Delivered: acme/);

  // Compared without times of day and durations.
  const shown = dev.lines.map((line) => line.slice(9).replace(/in \d+ ms/, "in 0 ms"));
  expect(shown.slice().sort()).toEqual(
    [
      '→ POST /integrations/acme/webhook 200 in 0 ms  { "id": "event-1", "room": "ops", "text": "The disk is full" }',
      "▶ A run answers: The disk is full",
      '· scripted calls acme_get_room {"room":"ops"}',
      '· acme_get_room returned {"topic":"Servers","on_call":"Ada"}',
      "· scripted: Ada should look at it.",
      '← Delivered: acme {"room":"ops"}: Ada should look at it. (receipt {"id":"m1"})',
    ].sort(),
  );
  expect(posted).toEqual([{ path: "/rooms/ops/messages", text: "Ada should look at it." }]);
});

async function ask(dev: Awaited<ReturnType<typeof start>>, content: string, room = "ops") {
  const headers = { authorization: `Bearer ${dev.key}`, "content-type": "application/json" };
  const post = async (path: string, body: object) => {
    const answer = await fetch(`${dev.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as { session_id: string };
  };
  const { session_id } = await post("/api/v1/sessions", { client_id: `acme:${crypto.randomUUID()}` });
  await post(`/api/v1/sessions/${session_id}/messages`, {
    content,
    run_agent: true,
    dispatch_config: { type: "acme", room },
    execution_config: { tools: ["acme_get_room"] },
  });
}

test("saved files, including the script, go live at once, and secrets are never shown", async () => {
  const dev = await start();
  await ask(dev, '/acme_get_room {"room": "ops"}');
  await dev.line(/acme_get_room returned .*"Servers"/);

  const tool = join(folder, "tools", "get_room.ts");
  const source = await readFile(tool, "utf8");
  const live = new Promise<void>((resolve) => {
    dev.integrations.onChange((id, event) => id === "acme" && event === "live" && resolve());
  });
  await writeFile(
    tool,
    source
      .replace("return { topic, on_call };", "return { topic: 'new ' + topic, token: ACME_TOKEN };")
      .replace(
        'import { askAcme } from "../client.ts";',
        'import { askAcme } from "../client.ts";\nimport { settings } from "../config.ts";\nconst { ACME_TOKEN } = settings;',
      ),
  );
  await live;
  await writeFile(join(folder, "dev.script.yaml"), "- match: really\n  reply: Really.\n");
  await ask(dev, '/acme_get_room {"room": "ops"}');
  expect(await dev.line(/"new Servers"/)).toContain('"token":"[redacted]"');
  await ask(dev, "Is it really so?");
  await dev.line(/scripted: Really\./);
  expect(dev.lines.join("\n")).not.toContain(TOKEN);
  await writeFile(tool, source);
});

test("a failed delivery is shown with its reason and what happens next", async () => {
  const dev = await start();
  await ask(dev, "Hello", "gone");
  expect(await dev.line(/Not delivered/)).toContain("acme answered 410".replace("acme", "Acme"));
  expect(dev.lines.join("\n")).toContain("(given up)");
});

test("--dry-run shows deliveries without making them", async () => {
  const dev = await start({ dryRun: true });
  await ask(dev, "Hello");
  await dev.line(/Not delivered \(--dry-run\): acme {"room":"ops"}/);
  expect(posted).toEqual([]);
  // Nothing is tried again because a delivery that was not made has no receipt.
  await until(async () => {
    const answer = await fetch(`${dev.url}/api/v1/deliveries`, {
      headers: { authorization: `Bearer ${dev.key}` },
    });
    const { deliveries } = (await answer.json()) as { deliveries: { status: string }[] };
    return deliveries[0]?.status === "delivered";
  });
});

test("--dry-run asks nobody for an approval", async () => {
  const asked: unknown[] = [];
  const record = recorder();
  const { dispatchers } = createInstruments({ write: record.write, dryRun: true, llm: undefined })({
    redact: (text) => text,
  });
  const real = createDispatchers({
    acme: { deliver: async () => ({ receipt: 1 }), askApproval: async (input) => void asked.push(input) },
  });
  const input = { text: "Restart db-1?", config: { room: "ops" } } as unknown as AskApprovalInput;
  await dispatchers(real)
    .get("acme")
    ?.askApproval?.(input, { attempt: 1 } as unknown as DispatchContext);
  expect(asked).toEqual([]);
  expect(record.lines.join()).toContain('Not delivered (--dry-run): acme {"room":"ops"}: Restart db-1?');
});

test("streams are shown, and a dry run makes none and leaves no handle", async () => {
  for (const dryRun of [false, true]) {
    const streamed: unknown[] = [];
    const record = recorder();
    const { dispatchers } = createInstruments({ write: record.write, dryRun, llm: undefined })({
      redact: (text) => text,
    });
    const real = createDispatchers({
      acme: { deliver: () => undefined, stream: (update) => ({ id: streamed.push(update) }) },
    });
    const update = { config: { room: "ops" }, state: "writing", text: "Half" } as unknown as StreamUpdate;
    const stream = dispatchers(real).get("acme")?.stream;
    expect(await stream?.(update, {} as StreamContext)).toEqual(dryRun ? undefined : { id: 1 });
    expect(streamed).toHaveLength(dryRun ? 0 : 1);
    const said = dryRun ? "Not streamed (--dry-run)" : "Streamed";
    expect(record.lines.join()).toContain(`${said}: acme {"room":"ops"}: writing, Half`);
  }
});

test("missing settings and load errors are reported at the start", async () => {
  const { folder: bare } = await newIntegration({ name: "bare", parts: ["router", "tools", "setup"], dir });
  const needy = await start({ dir: bare });
  expect(needy.text).toContain(
    `bare has no BARE_URL, BARE_TOKEN: set what it needs in ${join(bare, ".env")}`,
  );
  await writeFile(join(bare, "tools", "get_room.ts"), "\nnonsense(;\n");
  await closers.pop()?.();
  const broken = await start({ dir: bare });
  expect(broken.text).toContain(`bare is quarantined: ${join(bare, "tools", "get_room.ts")}:2`);
});

test("a saved .env takes effect at once, even for the process, and the terminal's variables override it", async () => {
  const { folder: live } = await newIntegration({ name: "live", parts: ["router", "process", "setup"], dir });
  const env = (values: Record<string, string>) =>
    writeFile(
      join(live, ".env"),
      Object.entries(values)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(""),
    );
  await writeFile(
    join(live, "listener.ts"),
    'const { LIVE_URL, LIVE_BOT_ID } = process.env; console.log("url", LIVE_URL, "bot", LIVE_BOT_ID); setInterval(() => {}, 1000);',
  );
  const dev = await start({ dir: live }, { LIVE_BOT_ID: "terminal" });
  expect(dev.text).toContain("live has no LIVE_URL, LIVE_TOKEN");
  const stored = () => dev.settings.effective("live", { key: "LIVE_WEBHOOK_SECRET", default: null }).source;
  expect(stored()).toBe("stored");
  const heard: string[][] = [];
  dev.settings.onChange((_, keys) => void heard.push(keys));
  const headers = { authorization: `Bearer ${dev.key}` };
  const logs = async () =>
    (await fetch(`${dev.url}/api/v1/admin/integrations/live/process/logs`, { headers })).text();
  await env({ LIVE_URL: "http://one", LIVE_TOKEN: "t", LIVE_BOT_ID: "file", LIVE_WEBHOOK_SECRET: "mine" });
  await until(logs, (text) => text.includes("url http://one bot terminal"));
  expect([stored(), dev.settings.get("live", "LIVE_WEBHOOK_SECRET")]).toEqual(["environment", "mine"]);
  await env({ LIVE_URL: "http://two", LIVE_TOKEN: "t", LOG_LEVEL: "debug" });
  await until(logs, (text) => text.includes("url http://two bot terminal"));
  expect(dev.settings.get("live", "LIVE_WEBHOOK_SECRET")).toBeUndefined();
  expect(heard.at(-1)).toEqual(["LIVE_URL", "LIVE_WEBHOOK_SECRET"]);
  expect(dev.lines.join("\n")).toContain(
    `${join(live, ".env")} was saved: LIVE_URL, LIVE_WEBHOOK_SECRET changed.`,
  );
});

test("a folder that cannot be served is refused", async () => {
  const refused = (flags: Partial<DevFlags>) =>
    start(flags).catch(({ code, message }) => `${code}: ${message}`);
  expect(await refused({ dir: join(dir, "none") })).toContain("is not a folder");
  expect(await refused({ realModel: true })).toContain("config: --real-model needs OPENAI_API_KEY");
});
