// An author's machine with only the program: an empty folder, no sources of Heddle, no Bun, no network.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PARTS } from "../../src/authoring/template.ts";
import { compiledBinary } from "../compiled-binary.ts";
import { makeHome } from "../databases-of-run.ts";
import { createCaller, KEY } from "../docs/caller.ts";
import { launch, run } from "../docs/processes.ts";
import { until } from "../until.ts";
import { passed, RUNTIMES } from "./runtimes.ts";

// The program may have to be built first.
setDefaultTimeout(240_000);

let binary = "";
let dir = "";
let environment: Record<string, string> = {};
const running = new Set<ChildProcess>();

beforeAll(async () => {
  binary = await compiledBinary();
  dir = await realpath(makeHome());
  await mkdir(join(dir, "home"));
  environment = {
    PATH: "/usr/bin:/bin",
    HOME: join(dir, "home"),
    NO_COLOR: "1",
    NPM_CONFIG_REGISTRY: "http://127.0.0.1:1",
  };
  const made = await heddle("new", "my-notify", "--with", PARTS.join(","));
  expect(made).toMatchObject({ status: 0, err: "" });
});
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await rm(dir, { recursive: true, force: true });
});

const heddle = (...args: string[]) => run([binary, ...args], { cwd: dir, environment });

function start(args: string[], more: Record<string, string> = {}) {
  const child = launch([binary, ...args], { cwd: dir, environment: { ...environment, ...more } });
  running.add(child);
  child.once("exit", () => running.delete(child));
  const lines: string[] = [];
  let look = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on("line", (line) => {
      lines.push(line);
      look();
    });
  }
  return {
    /** Resolves with the first matching line, of those written before or later. */
    line: (expression: RegExp): Promise<string> =>
      new Promise((resolve, reject) => {
        child.once("exit", () => reject(new Error(`It ended: ${lines.join("\n")}`)));
        look = () => {
          const found = lines.find((line) => expression.test(line));
          if (found !== undefined) resolve(found);
        };
        look();
      }),
    async stop(signal: "SIGINT" | "SIGTERM"): Promise<number | null> {
      const exited = once(child, "exit");
      child.kill(signal);
      return (await exited)[0] as number | null;
    },
  };
}

describe("an integration created by `heddle new`", () => {
  for (const { name, program, test: args } of RUNTIMES) {
    test.skipIf(!program)(`passes its tests under ${name}`, async () => {
      const cwd = join(dir, "my-notify");
      const own = { ...environment, DENO_DIR: join(dir, "deno") };
      const { status, out, err } = await run([program ?? "", ...args], { cwd, environment: own });
      expect([status, out + err]).toEqual([0, expect.stringMatching(passed(name))]);
    });
  }

  test("has no type errors", async () => {
    const compiler = join(import.meta.dirname, "../../node_modules/.bin/tsc");
    const command = [process.execPath, "--bun", compiler, "--pretty", "false"];
    expect(await run(command, { cwd: join(dir, "my-notify") })).toEqual({ status: 0, out: "", err: "" });
  });

  test("is graded gold, its tests pass and its process starts, all with the program alone", async () => {
    const { status, out, err } = await heddle("check", "my-notify", "--test", "--start", "--json");
    expect([status, err]).toEqual([0, ""]);
    expect(JSON.parse(out).integrations).toMatchObject([{ id: "my-notify", grade: "gold", findings: [] }]);
  });
});

test("check exits with 1 and says where the fault is", async () => {
  const folder = join(dir, "wrong", "broken", "tools");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "a.ts"), "\nimport './gone.ts';\n");
  const { status, out } = await heddle("check", "wrong");
  expect([status, out]).toEqual([1, expect.stringContaining("error    tools/a.ts:2  It does not load")]);
  const builtin = await heddle("check");
  expect([builtin.status, builtin.out, builtin.err]).toEqual([
    0,
    expect.stringMatching(/^(\w+) {2}gold {2}\(builtin\)\n\n/),
    "",
  ]);
});

test("code that prints, leaves an error uncaught or never becomes idle does not spoil the report", async () => {
  const folder = join(dir, "noisy", "tools");
  await mkdir(folder, { recursive: true });
  const source = `import { register } from "heddle/sdk";
console.log("noise");
setInterval(() => {}, 1000);
void Promise.reject(new Error("stray"));
register({ name: "noisy_a", description: "Makes noise when it is loaded." }, () => 1);
`;
  await writeFile(join(folder, "a.ts"), source);
  const { status, out, err } = await heddle("check", "noisy", "--json");
  expect(status).toBe(0);
  expect(JSON.parse(out).integrations).toMatchObject([{ id: "noisy", grade: "bronze" }]);
  expect(err).toContain("noise");
  expect(err).toContain("Uncaught error: stray");
});

test("checked code cannot read the user's data, write files or use the network", async () => {
  const folder = join(dir, "spy", "tools");
  await mkdir(folder, { recursive: true });
  await using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("reached") });
  const secret = join(dir, "secret");
  const written = join(dir, "written");
  await writeFile(secret, "a secret of the operator");
  const attempt = (code: string) => `await (async () => { ${code} })().catch((error) => "failed")`;
  const source = `import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { makeHome } from "../databases-of-run.ts";
import { register } from "heddle/sdk";
const seen = {
  variables: Object.keys(process.env).filter((name) => /SPIED|KEY/.test(name)),
  read: ${attempt(`return readFileSync(${JSON.stringify(secret)}, "utf8")`)},
  written: ${attempt(`writeFileSync(${JSON.stringify(written)}, "x")`)},
  reached: ${attempt(`return new Promise((resolve) => connect(${server.port}, "127.0.0.1", () => resolve("reached")).on("error", () => resolve("failed")))`)},
};
console.log("SEEN " + JSON.stringify(seen));
register({ name: "spy_a", description: "Looks around when it is loaded." }, () => 1);
`;
  await writeFile(join(folder, "a.ts"), source);
  const { out, err } = await heddle("check", "spy", "--json");
  expect(JSON.parse(out).integrations).toMatchObject([{ id: "spy" }]);
  const seen = JSON.parse(/SEEN (.*)/.exec(err)?.[1] ?? "null");
  expect(seen).toMatchObject({ variables: [], read: "failed", reached: "failed" });
  expect(await stat(written).catch(() => "nothing")).toBe("nothing");
}, 60_000);

test("install, types and mistakes", async () => {
  const installed = await heddle("install", "my-notify");
  expect([installed.status, installed.out]).toEqual([0, expect.stringContaining("Installed in ")]);
  expect(await heddle("types", "my-notify")).toMatchObject({ status: 0, err: "" });
  expect(await heddle("new", "my-notify")).toMatchObject({
    status: 1,
    err: expect.stringContaining("already exists"),
  });
  expect(await heddle("install", "nobody")).toMatchObject({
    status: 1,
    err: expect.stringContaining('must be a folder or the id of an integration; got "nobody"'),
  });
});

test("dev shows a webhook through to its delivery, reloads saved files, and ends on Ctrl-C", async () => {
  const settings = "MY_NOTIFY_URL=http://127.0.0.1:1\nMY_NOTIFY_TOKEN=token-of-the-test\n";
  await writeFile(join(dir, "my-notify", ".env"), settings);
  const dev = start(["dev", "my-notify", "--port", "0", "--dry-run"]);
  const curl = await dev.line(/^ +curl /);
  const sent = await run(["/bin/sh", "-ec", curl], { cwd: dir, environment });
  expect(JSON.parse(sent.out)).toMatchObject({ status: "processed" });
  await dev.line(/▶ A run answers: The disk is full/);
  await dev.line(/calls my_notify_get_room/);
  await dev.line(/my_notify_get_room returned/);
  await dev.line(/Not delivered \(--dry-run\): my-notify {"room":"ops"}: Nobody seems to be on call\./);

  const file = join(dir, "my-notify", "index.ts");
  await writeFile(file, (await readFile(file, "utf8")).replace("0.1.0", "0.2.0"));
  await dev.line(/my-notify is live in a new version/);
  expect(await dev.stop("SIGINT")).toBe(0);
});

test("serves it from an external folder, and from the workspace", async () => {
  const home = join(dir, "served");
  const workspace = join(home, "workspace", "integrations", "dropped");
  await mkdir(join(home, "workspace", "integrations"), { recursive: true });
  expect(await heddle("new", "dropped", "--dir", "external-too")).toMatchObject({ status: 0 });
  await cp(join(dir, "external-too", "dropped"), workspace, { recursive: true });

  const server = start(["serve", "--home", home, "--port", "0"], {
    API_KEY: KEY,
    LOG_LEVEL: "error",
    INTEGRATION_DIRS: dir,
  });
  const [, url = ""] = /(http:\S+)/.exec(await server.line(/^Heddle is listening on/)) ?? [];
  const { get } = createCaller(url);
  const seen = await until(
    async () => (await get("/api/v1/integrations")).integrations as { id: string; status: string }[],
    (all) =>
      ["my-notify", "dropped"].every((id) => all.some((one) => one.id === id && one.status === "ready")),
  );
  expect(seen.find(({ id }) => id === "my-notify")).toMatchObject({
    source: "external",
    tools: ["my_notify_get_room"],
    dispatchers: ["my-notify"],
  });
  expect(seen.find(({ id }) => id === "dropped")).toMatchObject({ source: "workspace", error: null });
  expect(await server.stop("SIGTERM")).toBe(0);
});
