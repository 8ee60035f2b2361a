// The server does its main job under Deno: a signed webhook starts a run whose answer is delivered.

import { expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { json } from "node:stream/consumers";
import { RUNTIMES } from "../authoring/runtimes.ts";
import { temporaryFolder } from "../integrations/harness.ts";

const repository = join(import.meta.dirname, "..", "..");
const SECRET = "a-secret-of-the-test";

const INTEGRATION = {
  "mine/config.ts": `import { defineConfig, t } from "heddle/sdk";
    export const settings = defineConfig({ MINE_URL: t.String(), MINE_WEBHOOK_SECRET: t.String() });`,
  "mine/words.ts": `export const shout = (text: string): string => text.toUpperCase() + "1";`,
  "mine/tools/shout.ts": `import { register, t } from "heddle/sdk";
    import { shout } from "../words.ts";
    register({ name: "mine_shout", description: "Shouts.", parameters: t.Object({ text: t.String() }) },
      ({ text }) => shout(text));`,
  "mine/router.ts": `import { Elysia } from "elysia";
    import { injectMessage, getOrCreateSession, verifyHmac } from "heddle/sdk";
    import { settings } from "./config.ts";
    import { shout } from "./words.ts";
    import { version } from "old-package";
    export const router = new Elysia()
      .get("/version", () => version)
      .get("/status", () => shout("ok"))
      .post("/webhook", async ({ request }) => {
        const { body } = await verifyHmac(request, { secret: settings.MINE_WEBHOOK_SECRET, header: "x-mine", prefix: "sha256=" });
        const { id, text } = JSON.parse(body);
        const sessionId = await getOrCreateSession({ clientId: "mine:room", botId: "default" });
        return injectMessage({ sessionId, content: text, source: "mine", runAgent: true,
          idempotencyKey: id, dispatchConfig: { type: "mine", room: "ops" }, executionConfig: { tools: ["mine_shout"] } });
      }, { parse: "none" });`,
  "mine/node_modules/old-package/package.json":
    '{ "name": "old-package", "version": "1.2.3", "main": "main.js" }',
  "mine/node_modules/old-package/main.js": 'exports.version = require("./package.json").version;',
  "mine/dispatcher.ts": `import { fetch, registerDispatcher, t } from "heddle/sdk";
    import { settings } from "./config.ts";
    registerDispatcher("mine", {
      config: t.Object({ room: t.String() }),
      async deliver({ task, result }) {
        const body = JSON.stringify({ room: task.dispatch_config.room, result });
        const response = await fetch(settings.MINE_URL, { method: "POST", body });
        return { receipt: response.status };
      },
    });`,
  "mine/setup.ts": `import { defineSetup } from "heddle/sdk";
    export const SETUP = defineSetup({ public_paths: ["/status", "/version"], webhook: { path: "/webhook" } });`,
};

test("under Deno a signed webhook leads to a run and a delivery, and an edit goes live", async () => {
  const { program } = RUNTIMES.find(({ name }) => name === "deno") ?? {};
  if (!program) throw new Error("The npm package deno is missing: run bun install.");
  await using folder = await temporaryFolder();
  await folder.write(
    Object.fromEntries(Object.entries(INTEGRATION).map(([name, text]) => [`all/${name}`, text])),
  );
  const delivered = Promise.withResolvers<unknown>();
  const service = createServer(async (request, response) => {
    delivered.resolve(await json(request));
    response.end("taken");
  }).listen(0, "127.0.0.1");
  await once(service, "listening");
  const { port } = service.address() as AddressInfo;
  const server = spawn(program, ["run", "-A", join(repository, "src", "main.ts"), "serve", "--port", "0"], {
    cwd: folder.path,
    env: {
      PATH: process.env.PATH,
      HOME: folder.path,
      HEDDLE_HOME: join(folder.path, "home"),
      INTEGRATION_DIRS: join(folder.path, "all"),
      MINE_URL: `http://127.0.0.1:${port}/`,
      MINE_WEBHOOK_SECRET: SECRET,
      API_KEY: SECRET,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    const { url, log } = await listening(server);
    const at = `${url}/integrations/mine`;
    await until(async () => (await fetch(`${at}/status`)).status, 200);
    const body = JSON.stringify({ id: "1", text: "hello deno" });
    const post = (signature: string) =>
      fetch(`${at}/webhook`, { method: "POST", body, headers: { "x-mine": `sha256=${signature}` } });
    expect((await post("0".repeat(64))).status).toBe(403);
    expect((await post(createHmac("sha256", SECRET).update(body).digest("hex"))).status).toBe(200);
    expect(await delivered.promise).toEqual({
      room: "ops",
      result: expect.stringContaining("No language model is configured"),
    });
    expect(await (await fetch(`${at}/version`)).text()).toBe("1.2.3");
    // As the command line asks it.
    const unix = join(folder.path, "home", "run", "heddle.sock");
    expect((await fetch("http://localhost/api/v1/bots", { unix })).status).toBe(200);
    // An answer without content.
    const bots = `${url}/api/v1/bots`;
    const headers = { authorization: `Bearer ${SECRET}`, "content-type": "application/json" };
    await fetch(bots, { method: "POST", headers, body: JSON.stringify({ id: "gone", name: "Gone" }) });
    const deleted = await fetch(`${bots}/gone`, { method: "DELETE", headers });
    expect([deleted.status, deleted.headers.get("x-request-id") !== null]).toEqual([204, true]);
    // An edit to a helper module goes live, too.
    await folder.write({ "all/mine/words.ts": `export const shout = (text: string): string => text + "2";` });
    await until(async () => (await fetch(`${at}/status`)).text(), "ok2");
    expect(log.join("\n")).toContain("Running under Deno: background processes of integrations do not start");
    server.kill("SIGTERM");
    expect((await once(server, "exit"))[0]).toBe(0);
  } finally {
    server.kill("SIGKILL");
    service.close();
  }
}, 60_000);

/** Resolves with the server's URL and its output so far; rejects with the output if the server exits first. */
async function listening(server: ChildProcess): Promise<{ url: string; log: string[] }> {
  const log: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  for (const output of [server.stdout, server.stderr]) {
    if (!output) continue;
    createInterface(output).on("line", (line) => {
      log.push(line);
      const url = /Heddle is listening on (\S+)/.exec(line)?.[1];
      if (url) resolve(url);
    });
  }
  server.once("error", reject);
  server.once("exit", (code) => reject(new Error(`the server exited with ${code}:\n${log.join("\n")}`)));
  return { url: await promise, log };
}

async function until<Value>(look: () => Promise<Value>, wanted: Value): Promise<void> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    const seen = await look();
    if (seen === wanted) return;
    if (performance.now() > deadline) throw new Error(`expected ${wanted}; last value: ${seen}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
