import { expect, test } from "bun:test";
import { join } from "node:path";
import { getLogger } from "@logtape/logtape";
import { loadIntegration } from "../../../src/integrations/loading/load.ts";
import { createLog } from "../../../src/log.ts";
import { NOTHING_TAKEN_IN } from "../../../src/runtime/taken-in.ts";
import { until } from "../../until.ts";
import { type Files, harness, routerSaying, toolNamed } from "../harness.ts";

test("everything that an integration's files register goes live under its id", async () => {
  await using all = await harness(
    {
      "mine/index.ts": `export const meta = { id: "mine", name: "My own", version: "2.1" };`,
      "mine/config.ts": `import { defineConfig, t } from "heddle/sdk";
      export const settings = defineConfig({ MINE_URL: t.String({ default: "none" }), MINE_TOKEN: t.String({ default: "" }) });`,
      "mine/tools/_shared.ts": `export const answer: number = 42;`,
      "mine/tools/ask.ts": `import { register, t } from "heddle/sdk";
      import { answer } from "./_shared.ts";
      import { settings } from "../config.ts";
      register({ name: "mine_ask", description: "Asks.", parameters: t.Object({ n: t.Integer() }) }, () => answer + settings.MINE_URL);`,
      "mine/dispatcher.ts": `import { registerDispatcher, t } from "heddle/sdk";
      registerDispatcher("mine", { config: t.Object({ room: t.String() }), deliver: () => ({ receipt: 7 }) });`,
      "mine/hooks.ts": `import { registerHook, registerIntegration } from "heddle/sdk";
      registerIntegration({ integrationType: "mine", clientIdPrefix: "mine:" });
      registerHook("after_response", () => {});`,
      "mine/process.ts": `export const DESCRIPTION = "Listens"; export const CMD = ["bun", "listen.ts"]; export const REQUIRED_ENV = ["MINE_TOKEN"];`,
      "mine/setup.ts": `import { defineSetup } from "heddle/sdk";
      export const SETUP = defineSetup({ public_paths: ["/status"], webhook: { path: "/integrations/mine/incoming" } });`,
      "mine/router.ts": routerSaying("hello"),
      "mine/skills/mine.md": "# Mine",
    },
    { environment: { MINE_URL: "there", MINE_TOKEN: "a-token-of-mine" } },
  );
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")).toMatchObject({
    name: "My own",
    version: "2.1",
    status: "ready",
    error: null,
    hasRouter: true,
    tools: ["mine_ask"],
    dispatchers: ["mine"],
    skills: ["integrations/mine/mine"],
    meta: { clientIdPrefix: "mine:" },
    process: {
      description: "Listens",
      cmd: ["bun", "listen.ts"],
      requiredEnv: ["MINE_TOKEN"],
      watchPaths: [],
    },
  });
  expect(all.call("mine_ask")).toBe("42there");
  expect(all.tools.get("mine_ask")?.owner).toBe("mine");
  expect(all.dispatchers.check({ type: "mine", room: "a" })).toEqual({ type: "mine", room: "a" });
  expect(all.hooks.get("mine")?.map(({ event }) => event)).toEqual(["after_response"]);
  expect(new Set(all.secrets)).toEqual(new Set(["a-token-of-mine"]));
  expect(await all.get("mine", "/say")).toBe("hello");
  const open = ["/webhook", "/webhook/a", "/status", "/status/", "/incoming", "/say", "/", "/incoming/more"];
  expect(open.filter((path) => all.integrations.isPublic("mine", { method: "POST", path }))).toEqual([
    "/webhook",
    "/webhook/a",
    "/status",
    "/status/",
    "/incoming",
  ]);
});

test("import.meta names the source file, and text that looks like it is unchanged", async () => {
  await using all = await harness({
    "mine/tools/where.ts": toolNamed(
      "where",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the text is code.
      "() => [import.meta.dir, import.meta.path, import.meta.url, import.meta.file, `in ${import.meta.dirname}`, 'import.meta.dir' /* import.meta.dir */]",
    ),
  });
  await all.integrations.loadAll();
  const file = all.path("mine/tools/where.ts");
  const dir = all.path("mine/tools");
  expect(all.call("where")).toEqual([
    dir,
    file,
    `file://${file}`,
    "where.ts",
    `in ${dir}`,
    "import.meta.dir",
  ]);
});

test("stack traces name lines of the source, even in a file that uses import.meta", async () => {
  await using all = await harness({
    "mine/tools/_deep.ts": `
interface Wide {
  a: number;
}

export const here = import.meta.dir;

export function fail(wide: Wide): never {
  throw new Error("deep " + wide.a);
}
`,
    "mine/tools/fails.ts": `import { fail } from "./_deep.ts";\n${toolNamed("fails", "() => { fail({ a: 1 }); }")}`,
  });
  await all.integrations.loadAll();
  let stack = "";
  try {
    all.call("fails");
  } catch (error) {
    stack = (error as Error).stack ?? "";
  }
  expect(stack).toContain(`${all.path("mine/tools/_deep.ts")}:9:`);
  expect(stack).toContain(`${all.path("mine/tools/fails.ts")}:3:`);
});

const BROKEN: [what: string, files: Record<string, string>, error: Record<string, unknown>, at: string][] = [
  [
    "wrong syntax",
    { "tools/a.ts": "export const a = 1;\n\nexport const = 2;\n" },
    { line: 3, reason: expect.stringContaining("Expected identifier") },
    "tools/a.ts",
  ],
  [
    "a missing file",
    { "router.ts": `import "./gone.ts";\n` },
    { line: 1, reason: expect.stringContaining("gone.ts") },
    "router.ts",
  ],
  [
    "a missing package",
    { "router.ts": `\nimport "no-such-package-anywhere";\n` },
    {
      line: 2,
      reason:
        'The package "no-such-package-anywhere" is not installed: run `heddle install bad --add no-such-package-anywhere`',
    },
    "router.ts",
  ],
  [
    "a package that its package.json names but that is not installed",
    {
      "router.ts": `import "@scope/not-there/deep";\n`,
      "package.json": '{ "dependencies": { "@scope/not-there": "1" } }',
    },
    { line: 1, reason: 'The package "@scope/not-there" is not installed: run `heddle install bad`' },
    "router.ts",
  ],
  [
    "a part that Heddle does not have",
    { "router.ts": `import "heddle/tools";\n` },
    {
      line: 1,
      reason: 'Could not resolve: "heddle/tools"; integrations import what Heddle offers from "heddle/sdk"',
    },
    "router.ts",
  ],
  [
    "a name the SDK does not have",
    { "tools/a.ts": `import { nothing } from "heddle/sdk";\nnothing();\n` },
    { line: 1, reason: expect.stringContaining("nothing") },
    "tools/a.ts",
  ],
  [
    "a name that a file of its own does not have",
    {
      "tools/a.ts": `import { nothing } from "../lib/words.ts";\nnothing();\n`,
      "lib/words.ts": "export const something = 1;\n",
    },
    { line: 1, reason: '"lib/words.ts" exports no nothing' },
    "tools/a.ts",
  ],
  [
    "an import that throws",
    {
      "tools/a.ts": `import "./_b.ts";\n`,
      "tools/_b.ts": `interface A { a: 1 }\n\nthrow new TypeError("on purpose");\n`,
    },
    { line: 3, reason: "on purpose" },
    "tools/_b.ts",
  ],
  [
    "an import that throws no error",
    { "tools/a.ts": `throw "a text";\n` },
    { reason: "a text" },
    "tools/a.ts",
  ],
  [
    "a router that is not an Elysia instance",
    { "router.ts": `export const router = { get() {} };\n` },
    { reason: expect.stringContaining("Elysia") },
    "router.ts",
  ],
  [
    "no router",
    { "router.ts": `export const routes = 1;\n` },
    { reason: expect.stringContaining('"router"') },
    "router.ts",
  ],
  [
    "a tool without a proper name",
    { "tools/a.ts": `\n${toolNamed("has space")}` },
    { line: 3, reason: expect.stringContaining("has space") },
    "tools/a.ts",
  ],
  [
    "a tool registered twice",
    { "tools/a.ts": toolNamed("same"), "tools/b.ts": toolNamed("same") },
    { line: 2, reason: 'Tool "same" is registered twice: in tools/a.ts:2 and in tools/b.ts:2' },
    "tools/b.ts",
  ],
  [
    "an invalid command",
    { "process.ts": `export const CMD = "bun x.ts";\n` },
    { reason: expect.stringContaining("CMD") },
    "process.ts",
  ],
];

for (const [what, files, error, at] of BROKEN) {
  test(`is quarantined with file and line: ${what}`, async () => {
    const bad = Object.fromEntries(Object.entries(files).map(([name, text]) => [`bad/${name}`, text]));
    await using all = await harness({ ...bad, "good/router.ts": routerSaying("fine") });
    await all.integrations.loadAll();
    expect(all.integrations.get("bad")).toMatchObject({ status: "quarantined", isLive: false, error });
    expect(all.integrations.get("bad")?.error?.file).toBe(all.path(join("bad", at)));
    expect(all.integrations.statusOf("bad")).toBe("quarantined");
    expect(all.integrations.routerOf("bad")).toBeUndefined();
    expect(await all.get("good", "/say")).toBe("fine");
  });
}

test("a hanging top-level await is given up and blocks no other integration", async () => {
  const hanging = `${toolNamed("late")}\nawait new Promise(() => {});\n`;
  await using all = await harness(
    {
      ...Object.fromEntries(["a", "b", "c", "d", "e"].map((id) => [`${id}/tools/hang.ts`, hanging])),
      "z/router.ts": routerSaying("quick"),
    },
    { loadTimeoutMs: 1500 },
  );
  const done = all.integrations.loadAll();
  const isLive = () => all.integrations.get("z")?.isLive;
  await until(() => isLive());
  expect(all.integrations.get("a")?.status).toBe("loading");
  await done;
  await all.integrations.whenReady;
  expect(all.integrations.get("a")).toMatchObject({
    status: "quarantined",
    error: {
      file: all.path("a/tools/hang.ts"),
      reason: expect.stringContaining("hang.ts was not loaded within 1.5 s"),
    },
  });
  expect(all.tools.list()).toEqual([]);
});

test("a hanging top-level await is reported with its file", async () => {
  const waits = (name: string) => `await ${name};\nexport const done = 1;\n`;
  await using all = await harness(
    {
      "one/client.ts": `const never = new Promise(() => {});\n${waits("never")}`,
      "one/settled.ts": waits("1"),
      "one/dispatcher.ts": `export * from "./settled.ts";\n`,
      "one/router.ts": `import "./settled.ts";\nimport { done } from "./client.ts";\nconsole.log(done);\n`,
      "two/tools/a.ts": `import "../b.ts";\nimport "../c.ts";\n`,
      "two/b.ts": waits("1"),
      "two/c.ts": `for await (const x of [new Promise(() => {})]) console.log(x);\n`,
    },
    { loadTimeoutMs: 500 },
  );
  await all.integrations.loadAll();
  expect(all.integrations.get("one")?.error).toMatchObject({
    file: all.path("one/client.ts"),
    line: 2,
    reason: "client.ts was not loaded within 0.5 s; does its top-level await never end?",
  });
  expect(all.integrations.get("two")?.error?.reason).toMatch(
    /^a\.ts was not loaded within 0\.5 s; does a top-level await never end\? Candidates: [bc]\.ts:1, [bc]\.ts:1$/,
  );
});

test("what took too long is tried again, and goes live once it does not", async () => {
  const gate = Promise.withResolvers<void>();
  (globalThis as { gateOfSlow?: Promise<void> }).gateOfSlow = gate.promise;
  await using all = await harness(
    { "slow/tools/t.ts": `await globalThis.gateOfSlow;\n${toolNamed("slow_tool", "() => 'at last'")}` },
    {
      watch: true,
      loadTimeoutMs: 1_000,
      retryPauses: { package: { first: 1, last: 1 }, slow: { first: 100, last: 200 } },
    },
  );
  await all.integrations.loadAll();
  expect(all.integrations.statusOf("slow")).toBe("quarantined");
  gate.resolve();
  await until(() => all.integrations.statusOf("slow") === "live");
  expect(all.call("slow_tool")).toBe("at last");
});

test("at the start, a name that two integrations want goes to the first one", async () => {
  // The first one takes longer to load, so the order of finishing does not matter.
  await using all = await harness({
    "a/tools/t.ts": `await new Promise((resolve) => setTimeout(resolve, 150));\n${toolNamed("wanted", "() => 'a'")}`,
    "b/tools/t.ts": toolNamed("wanted", "() => 'b'"),
  });
  await all.integrations.loadAll();
  expect(all.call("wanted")).toBe("a");
  expect(all.integrations.get("b")).toMatchObject({
    status: "quarantined",
    error: { reason: 'Tool "wanted" is already registered by "a"' },
  });
});

test("a name of the core cannot be taken", async () => {
  await using all = await harness({ "a/tools/t.ts": toolNamed("wanted"), "a/router.ts": routerSaying("x") });
  all.tools.add("core", { name: "wanted", description: "", parameters: { type: "object" }, run: () => 0 });
  await all.integrations.loadAll();
  expect(all.integrations.get("a")?.error?.reason).toContain("core");
  expect(all.integrations.routerOf("a")).toBeUndefined();
});

test("registering after loading is refused", async () => {
  await using all = await harness({
    "a/tools/t.ts": `import { register } from "heddle/sdk";
      register({ name: "later", description: "" }, () => register({ name: "more", description: "" }, () => 1));`,
  });
  await all.integrations.loadAll();
  expect(() => all.call("later")).toThrow('Tool "more" can be registered only while the files load');
});

test("an error in a handler reaches the caller, unless the integration answers it itself", async () => {
  await using all = await harness({
    "a/router.ts": `import { Elysia, verifyGitHub } from "heddle/sdk";
      export const router = new Elysia()
        .get("/throws", () => { throw new Error("inside"); })
        .post("/webhook", ({ request }) => verifyGitHub(request, ""))
        .get("/status", ({ status }) => status(418, "teapot"))
        .get("/thrown-status", ({ status }) => { throw status(418, "teapot"); })
        .use(new Elysia().onError(() => "answered").get("/own", () => { throw new Error("inside"); }));`,
  });
  await all.integrations.loadAll();
  await expect(all.get("a", "/throws")).rejects.toThrow("inside");
  const router = all.integrations.routerOf("a");
  const unsigned = router?.handle(new Request("http://localhost/webhook", { method: "POST", body: "{}" }));
  await expect(unsigned).rejects.toMatchObject({ name: "HeddleError", code: "invalid_signature" });
  await expect(all.get("a", "/nowhere")).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect(await all.get("a", "/status")).toBe("teapot");
  expect(await all.get("a", "/thrown-status")).toBe("teapot");
  expect(await all.get("a", "/own")).toBe("answered");
});

test("packages in the folder's own node_modules are bundled", async () => {
  await using all = await harness({
    "a/node_modules/left/package.json": `{ "name": "left", "type": "module", "main": "index.js" }`,
    "a/node_modules/left/index.js": `export const left = "of its own";`,
    "a/tools/t.ts": `import { left } from "left";\n${toolNamed("own", "() => left")}`,
  });
  await all.integrations.loadAll();
  expect(all.call("own")).toBe("of its own");
});

test("a file may define names of the SDK itself, or use the globals of the same name", async () => {
  await using all = await harness({
    "a/tools/t.ts": `import { register } from "heddle/sdk";
      const log = "mine";
      register({ name: "names", description: "" }, () => [log, fetch === globalThis.fetch]);`,
  });
  await all.integrations.loadAll();
  expect(all.call("names")).toEqual(["mine", true]);
});

test("waiting for a turn does not count towards the time limit", async () => {
  const timeoutMs = 100;
  const found = { id: "mine", source: "external", folder: "/nowhere", files: { tools: [] }, content: {} };
  const result = await loadIntegration(found as never, {
    hash: "",
    services: {} as never,
    log: getLogger("test"),
    timeoutMs,
    async inTurn(work) {
      await Bun.sleep(3 * timeoutMs);
      return work();
    },
    // Ends at once, so that only the wait could take too long, on however slow a machine.
    prepare: async () => ({
      ok: false,
      problems: [{ reason: "its own problem" }],
      mayHeal: false,
      takenIn: NOTHING_TAKEN_IN,
    }),
  });
  expect(result).toMatchObject({ ok: false, problem: { reason: "its own problem" } });
});

/** Loads the files and returns the facts of the warnings. */
async function warningsOf(files: Files) {
  const lines: string[] = [];
  const log = await createLog({
    level: "warning",
    format: "json",
    redact: (text) => text,
    write: (line) => lines.push(line),
  });
  await using all = await harness(files, { log });
  await all.integrations.loadAll();
  const views = all.integrations.list();
  return { views, warnings: lines.map((line) => JSON.parse(line).properties) };
}

test("two versions that differ are warned of, and that of index.ts counts", async () => {
  const setup = (version: string) =>
    `import { defineSetup } from "heddle/sdk"; export const SETUP = defineSetup({ version: "${version}" });`;
  const { views, warnings } = await warningsOf({
    "same/index.ts": 'export const meta = { id: "same", name: "Same", version: "1.0" };',
    "same/setup.ts": setup("1.0"),
    "same/router.ts": routerSaying("hello"),
    "two/index.ts": 'export const meta = { id: "two", name: "Two", version: "1.0" };',
    "two/setup.ts": setup("2.0"),
    "two/router.ts": routerSaying("hello"),
  });
  expect(views.find(({ id }) => id === "two")?.version).toBe("1.0");
  expect(warnings).toEqual([expect.objectContaining({ version: "1.0", other: "2.0" })]);
});

test("what integrations log is no template, and people see its fields", async () => {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const log = await createLog({ level: "info", format: "pretty", redact: (text) => text, write });
  await using all = await harness(
    {
      "talks/router.ts": `${routerSaying("hello")}
        import { log } from "heddle/sdk";
        log.warning('answer {"a":1}', { ms: 1200 });`,
    },
    { log },
  );
  await all.integrations.loadAll();
  expect(lines.join("")).toMatch(/answer \{"a":1\}.*ms.*1200/);
});

test("misspelt fields are warned of; the author's own names are not", async () => {
  const { views, warnings } = await warningsOf({
    "mine/index.ts": 'export const meta = { name: "Mine", verson: "1.0" };',
    "mine/process.ts":
      'export const CMD = ["true"]; export const REQUIRD_ENV = ["A"]; export const INTERVAL = 5; export const MEMORY_LIMIT = 512;',
    "mine/dispatcher.ts": `import { registerDispatcher, registerIntegration } from "heddle/sdk";
      registerDispatcher("mine", { deliver: () => ({ receipt: 1 }), postMesage: () => true, send: () => 1 } as never);
      registerIntegration({ integrationType: "mine", clientIdPrefix: "mine:", resolveDisplayName: () => ({}) } as never);`,
    "mine/listeners.ts": `import { listen, poll } from "heddle/sdk";
      listen({ name: "l", run: async () => {}, silenceSecond: 30 } as never);
      poll({ name: "p", run: async () => {}, everySeconds: 5, timeoutSecond: 9 } as never);`,
    "mine/tools/a.ts": `import { register } from "heddle/sdk";
      register({ name: "a", descripton: "Says a.", author: "me", timeout: 5 } as never, () => "a");
      register({ type: "function", function: { name: "b", parmeters: {} }, timeoutSecond: 1 } as never, () => "b");`,
  });
  expect(views).toMatchObject([{ id: "mine", status: "ready", tools: ["a", "b"] }]);
  expect(warnings.map(({ text }) => text).sort()).toEqual([
    "Dispatcher mine has postMesage, which means nothing; did you mean postMessage?",
    "Tool a has descripton, which means nothing; did you mean description?",
    "Tool a has timeout, which means nothing; did you mean timeoutSeconds?",
    "Tool b has parmeters, which means nothing; did you mean parameters?",
    "Tool b has timeoutSecond, which means nothing; did you mean timeoutSeconds?",
    'listen("l") has silenceSecond, which means nothing; did you mean silenceSeconds?',
    "meta of index.ts has verson, which means nothing; did you mean version?",
    'poll("p") has timeoutSecond, which means nothing; did you mean timeoutSeconds?',
    "process.ts has MEMORY_LIMIT, which means nothing; did you mean MEMORY_LIMIT_MB?",
    "process.ts has REQUIRD_ENV, which means nothing; did you mean REQUIRED_ENV?",
    "registerIntegration() has resolveDisplayName, which means nothing; did you mean resolveDisplayNames?",
  ]);
});
