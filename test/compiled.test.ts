// The compiled program on a machine with nothing else: no environment, no Bun, no Node, no home.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import postgres from "postgres";
import { compiledBinary } from "./compiled-binary.ts";
import { makeHome } from "./databases-of-run.ts";
import { startReviewingModel } from "./faults/model.ts";
import { pullRequests, send, WEBHOOK_SECRET } from "./faults/webhooks.ts";
import { createFakeGitHub } from "./github/fake-github.ts";
import { EVERYTHING } from "./mcp/example-servers.ts";
import { until } from "./until.ts";

const base = makeHome();
const running = new Set<ChildProcess>();
let binary = "";

beforeAll(async () => {
  binary = await compiledBinary();
}, 120_000);

afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(base, { recursive: true, force: true });
});

/** In a whole run, most servers that tests start on PostgreSQL are this program. */
const server = process.env.BOTH_DATABASES === "1" ? process.env.TEST_DATABASE_URL : undefined;

for (const kind of server ? (["embedded", "postgres"] as const) : (["embedded"] as const)) {
  describe(`the compiled program (${kind})`, () => {
    const home = join(base, kind, "home");
    // A folder with files that try to configure a program started there or to run code in it.
    const folder = join(base, kind, "elsewhere");
    const withPackage = join(base, kind, "integrations");
    const flags: string[] = [];
    const database = `heddle_test_${crypto.randomUUID().replaceAll("-", "")}`;

    beforeAll(async () => {
      mkdirSync(folder, { recursive: true });
      writePackageUser(join(withPackage, "mine"));
      writeFileSync(join(folder, ".env"), "LOG_LEVEL=nonsense\n");
      writeFileSync(join(folder, "bunfig.toml"), 'preload = ["./trap.ts"]\n');
      writeFileSync(join(folder, "trap.ts"), 'require("node:fs").writeFileSync("trapped", "");');
      if (kind === "postgres") flags.push("--database-url", await createDatabase(server ?? "", database));
    });

    afterAll(async () => {
      if (kind === "postgres")
        await onServer(server ?? "", `drop database if exists ${database} with (force)`);
    });

    test("serves from an empty home and changes nothing in the working directory", async () => {
      const url = await start([...flags]);
      expect((await fetch(`${url}/ready`)).status).toBe(200);
      expect((await fetch(`${url}/health`)).status).toBe(200);
      for (const path of ["/swagger/json", "/swagger/admin/json"]) {
        const text = await (await fetch(url + path)).text();
        expect(Object.keys(JSON.parse(text).paths).length).toBeGreaterThan(50);
        expect(text.length).toBeLessThan(250_000);
      }
      expect(readdirSync(folder).sort()).toEqual([".env", "bunfig.toml", "trap.ts"]);
      expect(existsSync(join(home, "db"))).toBe(kind === "embedded");
      await stop("SIGTERM");
    }, 60_000);

    test("starts again on the same home, even after kill -9", async () => {
      await start([...flags]);
      await stop("SIGKILL");
      const url = await start([...flags], { INTEGRATION_DIRS: withPackage });
      expect((await fetch(`${url}/ready`)).status).toBe(200);
      // Found like native packages: by the resolver, at run time, through the "exports" of a package.json.
      expect(await (await fetch(`${url}/integrations/mine/kind`)).text()).toBe("found through exports");
      if (kind === "embedded") {
        const second = launch([]);
        const said = Array.fromAsync(createInterface(second.stderr));
        const [status] = await once(second, "exit");
        expect(status).toBe(1);
        expect((await said).join("\n")).toContain("in use by another Heddle");
      }
      await stop("SIGTERM");
    }, 60_000);

    test("starts an MCP server with the Bun inside it, and calls its tool", async () => {
      writeFileSync(join(home, "mcp.yaml"), JSON.stringify({ servers: { everything: EVERYTHING } }));
      const key = "admin-key-of-the-compiled-test";
      const url = await start(flags, { API_KEY: key });
      const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
      const ask = async (path: string, body: object) =>
        (await fetch(`${url}/api/v1${path}`, { method: "POST", headers, body: JSON.stringify(body) })).json();
      expect(await ask("/admin/mcp-servers/everything/test", {})).toMatchObject({ ok: true, error: null });
      const called = await ask("/tools/echo/try", { arguments: { message: "compiled" } });
      expect(called).toMatchObject({ error: null, content: expect.stringContaining("Echo: compiled") });
      rmSync(join(home, "mcp.yaml"));
      await stop("SIGTERM");
    }, 60_000);

    test("reviews a pull request", async () => {
      const github = createFakeGitHub({ token: "ghp_of_the_test" });
      const model = await startReviewingModel(() => 0);
      const [webhook] = pullRequests(1, 1);
      if (!webhook) throw new Error("no webhook");
      const key = "admin-key-of-the-compiled-test";
      const url = await start(flags, {
        API_KEY: key,
        OPENAI_BASE_URL: model.url,
        GITHUB_API_URL: github.url,
        GITHUB_TOKEN: "ghp_of_the_test",
        GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET,
      });
      const accepted = (await (await send(url, webhook)).json()) as { task_id: string };
      const delivery = await until(
        async () => {
          const response = await fetch(`${url}/api/v1/deliveries?task_id=${accepted.task_id}`, {
            headers: { authorization: `Bearer ${key}` },
          });
          const { deliveries } = (await response.json()) as {
            deliveries: { status: string; receipt: unknown }[];
          };
          return deliveries[0];
        },
        (found) => found?.status === "delivered",
        { everyMs: 50 },
      );
      expect(github.commentsOn(webhook.issue)).toMatchObject([
        { body: expect.stringContaining("Review of 1: nothing to mend.") },
      ]);
      expect(model.asked.length).toBe(2);
      expect(JSON.stringify(delivery?.receipt)).toContain(String(github.comments[0]?.id));

      // The same again without GitHub, as an author would: with a fresh signature, and by replay.
      const payload = join(base, "pull-request.json");
      writeFileSync(payload, webhook.body);
      const received = await said(["receive", "github", payload, "--event", webhook.event]);
      expect(received).toStartWith("accepted, recorded as ");
      const [, id = ""] = /recorded as (\S+)/.exec(received) ?? [];
      const replayed = await said(["replay", id]);
      expect(replayed).toStartWith("accepted, recorded as ");
      const tasks = [received, replayed].map((text) => /task (\S+)/.exec(text)?.[1]);
      expect(new Set([accepted.task_id, ...tasks]).size).toBe(3);
      await stop("SIGTERM");
      await model.stop();
      await github.close();
    }, 60_000);

    /** Returns the output of a command that ends by itself. */
    async function said(argv: string[]): Promise<string> {
      const child = spawn(binary, [...argv, "--home", home], { cwd: folder, env: {} });
      const [out, err, [status]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, "exit"),
      ]);
      expect([status, err]).toEqual([0, ""]);
      return out;
    }

    function launch(more: string[], environment: Record<string, string> = {}) {
      const child = spawn(binary, ["serve", "--home", home, "--port", "0", ...more], {
        cwd: folder,
        env: environment,
        stdio: ["ignore", "pipe", "pipe"],
      });
      running.add(child);
      child.once("exit", () => running.delete(child));
      return child;
    }

    async function start(more: string[], environment?: Record<string, string>): Promise<string> {
      const child = launch(more, environment);
      let said = "";
      child.stderr.on("data", (text) => {
        said += text;
      });
      for await (const line of createInterface(child.stdout)) {
        const url = /^Heddle is listening on (http:\S+)/.exec(line)?.[1];
        if (url) return url;
      }
      throw new Error(`The program ended before it listened: ${said}`);
    }

    async function stop(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
      for (const child of running) {
        child.kill(signal);
        const [status] = await once(child, "exit");
        expect(status).toBe(signal === "SIGTERM" ? 0 : null);
      }
    }
  });
}

/** An integration that resolves a package at run time; only the package's "exports" say where its code is. */
function writePackageUser(folder: string): void {
  const package_ = join(folder, "node_modules", "native-like");
  mkdirSync(join(package_, "lib"), { recursive: true });
  const exports = { ".": { require: "./lib/main.cjs" } };
  writeFileSync(
    join(package_, "package.json"),
    JSON.stringify({ name: "native-like", version: "1.0.0", exports }),
  );
  writeFileSync(join(package_, "lib", "main.cjs"), 'module.exports = "found through exports";');
  writeFileSync(
    join(folder, "router.ts"),
    `import { createRequire } from "node:module";
    import { Elysia } from "heddle/sdk";
    const kind = createRequire(import.meta.url)(["native", "like"].join("-"));
    export const router = new Elysia().get("/kind", () => kind);`,
  );
  writeFileSync(
    join(folder, "setup.ts"),
    'import { defineSetup } from "heddle/sdk"; export const SETUP = defineSetup({ public_paths: ["/kind"] });',
  );
}

async function createDatabase(url: string, name: string): Promise<string> {
  await onServer(url, `create database ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
}

async function onServer(url: string, statement: string): Promise<void> {
  const admin = postgres(url, { max: 1, onnotice: () => undefined });
  await admin.unsafe(statement);
  await admin.end();
}
