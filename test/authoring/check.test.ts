// `heddle check`: each rule reports its fault with the place, and reports nothing in good integrations.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkIntegrations, findIn } from "../../src/authoring/check/check.ts";
import { type ExecutedCheck, startCheck, testCheck } from "../../src/authoring/check/executed-checks.ts";
import { gradeOf } from "../../src/authoring/check/finding.ts";
import { reportText, rulesText } from "../../src/authoring/check/report.ts";
import { RULES } from "../../src/authoring/check/rules.ts";
import { newIntegration } from "../../src/authoring/new-integration.ts";
import { PARTS } from "../../src/authoring/template.ts";
import { discover } from "../../src/integrations/discovery/discover.ts";
import { type Files, temporaryFolder } from "../integrations/harness.ts";

setDefaultTimeout(120_000);

let scratch = "";
beforeAll(async () => {
  scratch = await realpath(await mkdtemp(join(tmpdir(), "heddle-check-test-")));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

async function check(files: Files, executed: ExecutedCheck[] = []) {
  await using folder = await temporaryFolder();
  await folder.write(Object.fromEntries(Object.entries(files).map(([name, text]) => [`mine/${name}`, text])));
  const integrations = await findIn(join(folder.path, "mine"));
  const [report] = await checkIntegrations({ integrations, executed, scratch });
  if (!report) throw new Error("no report");
  return report;
}

const README = `# Mine\n\n${"What it does and how to set it up. ".repeat(10)}`;
const META = 'export const meta = { name: "Mine", version: "1.0.0" };';
const TEST = 'import { test } from "node:test";\ntest("a", () => {});\n';
const TOOL = `import { register, t } from "heddle/sdk";
register(
  { name: "mine_a", description: "Does something useful.", parameters: t.Object({ room: t.String() }) },
  ({ room }) => room,
);
`;
const GOOD = { "README.md": README, "index.ts": META, "tests/a.test.ts": TEST, "tools/a.ts": TOOL };

test("a good integration is graded gold", async () => {
  expect(await check(GOOD)).toMatchObject({ id: "mine", grade: "gold", findings: [] });
});

const ROUTER = (handler: string) => `import { Elysia, injectMessage, verifyHmac } from "heddle/sdk";

export const router = new Elysia()
  .post("/webhook", ${handler}, { parse: "none" });
`;
const VERIFIED = `async ({ request }) => {
    const { body } = await verifyHmac(request, { secret: "", header: "x" });
    return injectMessage({ sessionId: "s", content: body, source: "mine" IDEMPOTENT });
  }`;
const MANIFEST = (inner: string) =>
  `import { defineSetup } from "heddle/sdk";\nexport const SETUP = defineSetup({\n${inner}\n});\n`;
const VERIFIER = ', verifier: { scheme: "hmac", secret: "MINE_SECRET", header: "x" }';
const DECLARED = (verifier = ""): string =>
  MANIFEST(
    `  webhook: { path: "/webhook"${verifier} },\n  env_vars: [{ key: "MINE_SECRET", description: "Signs" }],`,
  );
const CONFIG =
  'import { defineConfig, t } from "heddle/sdk";\nexport const settings = defineConfig({ MINE_URL: t.String({ default: "http://x", description: "Of the service" }) });\n';
const settingOf = (declared: string): Files => ({
  "config.ts": `import { defineConfig, t } from "heddle/sdk";\nexport const settings = defineConfig({ ${declared} });\n`,
  "setup.ts": MANIFEST(""),
});
/** A route that needs an API key, which no check calls. */
const PRIVATE = (handler: string) =>
  ROUTER(handler).replace("/webhook", "/private").replaceAll("HMAC", '{ secret: "", header: "x" }');
const DISPATCHED = (type: string) =>
  `\nexport const a = { dispatchConfig: { chat: 1, type: "${type}" }, b: { dispatch_config: { type: "none" } } };\n`;
const DISPATCHER = {
  "dispatcher.ts":
    'import { registerDispatcher, t } from "heddle/sdk";\nregisterDispatcher("mine", { config: t.Object({}), deliver: () => ({ receipt: 1 }), postMessage: () => ({ receipt: 1 }) });\n',
};
const SKILL = "---\nname: A\ndescription: About a.\n---\n\nText.\n";

/** A finding (rule, file and line) and the change to the good integration that causes it. */
const CASES: [rule: string, place: string, files: Files][] = [
  ["loads", "tools/a.ts:1", { "tools/a.ts": "import './none.ts';\n" }],
  ["loads", "tools/b.ts:2", { "tools/b.ts": "\nthrow new Error('no');\n" }],
  [
    "loads",
    "tools/b.ts:3",
    {
      "tools/b.ts":
        'import { defineConfig, t } from "heddle/sdk";\nconst s = defineConfig({ A: t.String() });\nconsole.log(s.A);\n',
    },
  ],
  ["loads", "setup.ts:4", { "setup.ts": MANIFEST("  version: '1',\n  icno: 'Zap',") }],
  [
    "misspelt",
    "tools/b.ts:3",
    {
      "tools/b.ts":
        'import { register } from "heddle/sdk";\nconst more: object = {\n  timeoutSecond: 5,\n};\nregister({ name: "mine_b", description: "Says what it says.", ...more }, () => "b");\n',
    },
  ],
  [
    "misspelt",
    "process.ts:2",
    {
      "process.ts": 'export const CMD = ["true"];\nexport const REQUIRD_ENV = ["A"];\n',
      "setup.ts": MANIFEST(""),
    },
  ],
  ["idle-files", "tools/b.ts", { "tools/b.ts": "export const b = () => 'b';\n" }],
  ["idle-files", "hooks.ts", { "hooks.ts": "export const after_response = () => {};\n" }],
  [
    "unread-files",
    "hook.ts",
    { "hook.ts": 'import { registerHook } from "heddle/sdk";\nregisterHook("after_response", () => {});\n' },
  ],
  [
    "unread-files",
    "tool/b.ts",
    {
      "tool/b.ts":
        'import { register } from "heddle/sdk";\nregister({ name: "mine_b", description: "Says what it says." }, () => "b");\n',
    },
  ],
  ["quiet-load", "tools/b.ts:1", { "tools/b.ts": 'fetch("http://127.0.0.1:1").catch(() => {});\n' }],
  ["quiet-load", "tools/b.ts:2", { "tools/b.ts": "\nsetInterval(() => {}, 1000);\n" }],
  [
    "quiet-load",
    "tools/b.ts:2",
    { "tools/b.ts": "const again = (): void => {\n  setTimeout(again, 1000);\n};\nagain();\n" },
  ],
  ...[
    'createServer().listen(0, "127.0.0.1")',
    'connect(1, "127.0.0.1")',
    'new WebSocket("ws://127.0.0.1:1")',
    'Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() })',
    'spawn("true")',
  ].map((call): [string, string, Record<string, string>] => [
    "quiet-load",
    "tools/b.ts:3",
    {
      "tools/b.ts": `import { spawn } from "node:child_process"; import { connect, createServer } from "node:net";
export const all = [spawn, connect, createServer];
export const made = ${call};
`,
    },
  ]),
  [
    "quiet-load",
    "tools/b.ts:2",
    {
      "node_modules/wire/package.json": '{ "name": "wire", "main": "main.js" }',
      "node_modules/wire/main.js": 'exports.connect = () => require("node:net").connect(1, "127.0.0.1");',
      "tools/b.ts": 'import wire from "wire";\nexport const made = wire.connect();\n',
    },
  ],
  [
    "settings-declared",
    "tools/a.ts:1",
    {
      "config.ts": CONFIG,
      "setup.ts": MANIFEST(""),
      "tools/a.ts": `import { settings } from "../config.ts"; export const b = () => settings.MINE_URK; // settings.NOT_READ\n${TOOL}`,
    },
  ],
  ...["const { MINE_URL, MINE_URK: own } = settings;", 'return settings["MINE_URK"];'].map(
    (read): [string, string, Record<string, string>] => [
      "settings-declared",
      "b.ts:3",
      {
        "config.ts": CONFIG,
        "setup.ts": MANIFEST(""),
        "b.ts": `import { settings } from "./config.ts";\nexport function b() {\n  ${read}\n}\n`,
        "tools/a.ts": `import { b } from "../b.ts"; export const c = b;\n${TOOL}`,
      },
    ],
  ),
  [
    // The finding is at the read, not at the process's requirement.
    "settings-declared",
    "listener.ts:2",
    {
      "process.ts": 'export const CMD = ["bun", "listener.ts"];\nexport const REQUIRED_ENV = ["MINE_KEY"];\n',
      "config.ts": CONFIG,
      "listener.ts":
        'import { settings as own } from "./config.ts";\nimport { settings } from "./config.ts"; console.log(own, settings.MINE_KEY);\n',
      "setup.ts": MANIFEST(""),
    },
  ],
  ...['t.Integer({ default: "x", description: "N" })', 't.Integer({ default: "5", description: "N" })'].map(
    (schema): [string, string, Files] => [
      "setting-defaults",
      "config.ts:2",
      {
        "config.ts": `import { defineConfig, t } from "heddle/sdk";\nexport const settings = defineConfig({ MINE_NUMBER: ${schema} });\n`,
        "setup.ts": MANIFEST(""),
      },
    ],
  ),
  [
    "loads",
    "tools/b.ts:2",
    {
      "tools/b.ts":
        'import { register } from "heddle/sdk";\nregister({ name: "mine_b", description: "Does something.", parameters: { type: "object", properties: { room: { type: "no" } } } }, () => 1);\n',
    },
  ],
  [
    "dispatcher-config",
    "dispatcher.ts:2",
    {
      "dispatcher.ts":
        'import { registerDispatcher } from "heddle/sdk";\nregisterDispatcher("mine", { deliver: () => ({ receipt: 1 }), postMessage: () => ({ receipt: 1 }) });\n',
    },
  ],
  [
    "dispatcher-post",
    "dispatcher.ts:2",
    {
      "dispatcher.ts":
        'import { registerDispatcher, t } from "heddle/sdk";\nregisterDispatcher("mine", { config: t.Object({}), deliver: () => ({ receipt: 1 }) });\n',
    },
  ],
  [
    "tool-descriptions",
    "tools/b.ts:2",
    {
      "tools/b.ts":
        'import { register } from "heddle/sdk";\nregister({ name: "mine_b", description: "b" }, () => 1);\n',
    },
  ],
  ["tool-parameters", "tools/a.ts:3", { "tools/a.ts": TOOL.replaceAll("room", "r") }],
  ["own-names", "tools/a.ts:3", { "tools/a.ts": TOOL.replace("mine_a", "other_a") }],
  [
    "known-content",
    "names.ts:2",
    {
      "skills/a.md": SKILL,
      "names.ts": '\nexport const skills = ["integrations/mine/a", "integrations/mine/b"];\n',
    },
  ],
  [
    "known-content",
    "carapaces/b.yaml:4",
    {
      "skills/a.md": SKILL,
      "carapaces/b.yaml": "name: B\nskills:\n  - integrations/mine/a\n  - integrations/mine/c\n",
    },
  ],
  ...["skills:\n  - a\n  - c", "includes:\n  - b\n  - c", "local_tools:\n  - mine_a\n  - mine_b"].map(
    (names): [string, string, Record<string, string>] => [
      "known-content",
      "carapaces/b.yaml:4",
      { "skills/a.md": SKILL, "carapaces/b.yaml": `name: B\n${names}\n` },
    ],
  ),
  [
    "known-content",
    "setup.ts:4",
    { "skills/a.md": SKILL, "setup.ts": MANIFEST('\nactivation: { carapaces: ["b"] },') },
  ],
  [
    "process-program",
    "process.ts",
    { "process.ts": 'export const CMD = ["bun", "gone.ts"];\n', "setup.ts": MANIFEST("") },
  ],
  [
    "process-settings",
    "process.ts:2",
    {
      "process.ts": 'export const CMD = ["sleep", "1000"];\nexport const REQUIRED_ENV = ["MINE_KEY"];\n',
      "setup.ts": MANIFEST(""),
    },
  ],
  [
    "process-settings",
    "listener.ts:3",
    {
      "process.ts": 'export const CMD = ["bun", "listener.ts"];\nexport const REQUIRED_ENV = ["MINE_URL"];\n',
      "config.ts": CONFIG,
      "listener.ts":
        "const { env } = process;\nconsole.log(env, process.env.MINE_URL, process.env.HOME, process.env.HEDDLE_URL);\nconsole.log(process.env.MINE_KEY);\n",
      "setup.ts": MANIFEST(""),
    },
  ],
  [
    "process-permissions",
    "setup.ts",
    {
      "process.ts": 'export const CMD = ["bun", "listener.ts"];\n',
      "listener.ts": 'import { hand } from "./hand.ts";\nawait hand();\n',
      "hand.ts":
        'import { injectMessage } from "heddle/sdk";\nexport const hand = () => injectMessage({ sessionId: "s", content: "c", source: "mine", idempotencyKey: "k" });\n',
      "setup.ts": MANIFEST(""),
    },
  ],
  [
    "dashboard-data",
    "router.ts:2",
    {
      "router.ts":
        'import { Elysia } from "heddle/sdk";\nexport const router = new Elysia().get("/mc/a/data", () => ({ title: "A", sections: [{ type: "stat_row", stats: [{ label: "B" }] }] }));\n',
      "setup.ts": MANIFEST('  dashboard_modules: [{ id: "a", label: "A" }],'),
    },
  ],
  [
    "dashboard-data",
    "setup.ts:3",
    {
      "router.ts":
        'import { Elysia } from "heddle/sdk";\nexport const router = new Elysia().get("/mc/b/data", () => 1);\n',
      "setup.ts": MANIFEST('  dashboard_modules: [{ id: "a", label: "A" }],'),
    },
  ],
  [
    "webhook-verified",
    "router.ts:4",
    { "router.ts": ROUTER('() => { throw new Error("not ready"); }'), "setup.ts": DECLARED() },
  ],
  [
    // Declared in the manifest, but not implemented.
    "webhook-verified",
    "router.ts:4",
    { "router.ts": ROUTER("({ status }) => status(400)"), "setup.ts": DECLARED(VERIFIER) },
  ],
  [
    "webhook-refuses",
    "router.ts:4",
    {
      "router.ts": ROUTER(
        'async ({ request, query }) => query.strict ? verifyHmac(request, { secret: "", header: "x" }) : { ok: true }',
      ),
      "setup.ts": DECLARED(VERIFIER),
    },
  ],
  [
    "webhook-idempotent",
    "router.ts:6",
    { "router.ts": ROUTER(VERIFIED.replace("IDEMPOTENT", "")), "setup.ts": DECLARED(VERIFIER) },
  ],
  [
    "webhook-awaited",
    "router.ts:5",
    {
      "router.ts": ROUTER(VERIFIED.replace("await ", "").replace("IDEMPOTENT", ', idempotencyKey: "k"')),
      "setup.ts": DECLARED(VERIFIER),
    },
  ],
  [
    "webhook-awaited",
    "router.ts:5",
    {
      "router.ts": ROUTER(`async ({ request }) => {
    verifyHmac(request, { secret: "", header: "x" }); throw new Error(String(injectMessage));
  }`),
      "setup.ts": DECLARED(VERIFIER),
    },
  ],
  [
    "route-paths",
    "router.ts:2",
    {
      "router.ts":
        'import { Elysia } from "heddle/sdk";\nexport const router = new Elysia().get("/integrations/mine/status", () => 1);\n',
      "setup.ts": MANIFEST(""),
    },
  ],
  [
    "webhook-declared",
    "setup.ts:3",
    { "router.ts": ROUTER(VERIFIED.replace("IDEMPOTENT", ', idempotencyKey: "k"')), "setup.ts": DECLARED() },
  ],
  [
    "webhook-awaited",
    "router.ts:4",
    {
      "router.ts": PRIVATE("async ({ request }) => { verifyHmac(request, HMAC); return 1; }"),
      "setup.ts": MANIFEST(""),
    },
  ],
  [
    "webhook-awaited",
    "router.ts:5",
    {
      "router.ts": PRIVATE(
        "async ({ request }) => {\n    const { body } = verifyHmac(request, HMAC);\n    return body; }",
      ),
      "setup.ts": MANIFEST(""),
    },
  ],
  [
    "webhook-awaited",
    "router.ts:4",
    {
      "router.ts": PRIVATE(
        "({ request, status }) => { if (!verifyHmac(request, HMAC)) return status(403); }",
      ),
      "setup.ts": MANIFEST(""),
    },
  ],
  [
    "webhook-awaited",
    "router.ts:5",
    {
      "router.ts": PRIVATE(
        "async ({ request }) => {\n    if (request.url) verifyHmac(request, HMAC)\n    return 1 }",
      ),
      "setup.ts": MANIFEST(""),
    },
  ],
  [
    "route-paths",
    "router.ts:4",
    {
      "router.ts": ROUTER("({ status }) => status(400)").replace("/webhook", "/integrations/mine/webhook"),
      "setup.ts": MANIFEST(""),
    },
  ],
  [
    "route-paths",
    "router.ts",
    {
      "router.ts":
        'import { Elysia } from "heddle/sdk";\nexport const router = new Elysia({ prefix: "/integrations/mine" }).get("/a", () => 1);\n',
      "setup.ts": MANIFEST(""),
    },
  ],
  [
    "setting-defaults",
    "config.ts:2",
    settingOf('MINE_PORT: t.Integer({ default: "8080", description: "Of the service" })'),
  ],
  [
    "setting-defaults",
    "config.ts:2",
    settingOf('MINE_PORT: t.Integer({ default: 0, minimum: 1, description: "Of the service" })'),
  ],
  [
    "setting-defaults",
    "config.ts:2",
    settingOf('MINE_ON: t.Boolean({ default: "no", description: "Of the service" })'),
  ],
  [
    "setting-defaults",
    "config.ts:2",
    settingOf('MINE_URL: t.String({ default: 80, description: "Of the service" })'),
  ],
  [
    "setting-defaults",
    "config.ts:2",
    settingOf(
      'MINE_MODE: t.Union([t.Literal("a"), t.Literal("b")], { default: "c", description: "Of the service" })',
    ),
  ],
  [
    "setting-defaults",
    "config.ts:2",
    {
      ...settingOf('MINE_PORT: t.Integer({ description: "Of the service" })'),
      "setup.ts": MANIFEST(
        '  env_vars: [{ key: "MINE_PORT", description: "Of the service", default: "http" }],',
      ),
    },
  ],
  [
    "dispatcher-receipt",
    "dispatcher.ts:2",
    {
      "dispatcher.ts": DISPATCHER["dispatcher.ts"].replace(
        "deliver: () => ({ receipt: 1 })",
        "async deliver({ result }) { if (!result) return; await fetch(String(result)); }",
      ),
    },
  ],
  [
    "schema-defaults",
    "dispatcher.ts:2",
    {
      "dispatcher.ts": DISPATCHER["dispatcher.ts"].replace(
        "t.Object({})",
        "t.Object({ room: t.String({ default: 5 }) })",
      ),
    },
  ],
  [
    "schema-defaults",
    "tools/a.ts:3",
    { "tools/a.ts": TOOL.replace("t.String()", 't.String({ default: "", minLength: 1 })') },
  ],
  ["dispatch-types", "names.ts:2", { ...DISPATCHER, "names.ts": DISPATCHED("mini") }],
  ["dispatch-types", "names.ts:2", { "names.ts": DISPATCHED("mine") }],
  ["secret-in-source", "names.ts:1", { "names.ts": `export const a = "ghp_${"a1B2".repeat(9)}";\n` }],
  [
    "secret-in-source",
    "names.ts:2",
    { "names.ts": '\nexport const options = { apiToken: "a8f3kd93jf" };\n' },
  ],
  [
    "secret-default",
    "config.ts:2",
    {
      "config.ts":
        'import { defineConfig, t } from "heddle/sdk";\nexport const settings = defineConfig({ MINE_TOKEN: t.String({ default: "abc", description: "Of the service" }) });\n',
      "setup.ts": MANIFEST(""),
    },
  ],
  [
    "secret-setting",
    "setup.ts:3",
    {
      "setup.ts": MANIFEST(
        '  env_vars: [{ key: "MINE_PASSWORD", secret: false, description: "Of the service" }],',
      ),
    },
  ],
  [
    "unsure-setting",
    "config.ts:2",
    {
      "config.ts":
        'import { defineConfig, t } from "heddle/sdk";\nexport const settings = defineConfig({ MINE_FANCY: t.String({ default: "", description: "Of the service" }) });\n',
      "setup.ts": MANIFEST(""),
    },
  ],
  [
    "secret-in-dispatch-config",
    "names.ts:2",
    {
      "names.ts":
        'const where = "a";\nexport const b = { dispatchConfig: { type: "webhook", where, token: where } };\n',
    },
  ],
  [
    "secret-in-dispatch-config",
    "README.md:5",
    { "README.md": `${README}\n\n\`"dispatch_config": {"type": "slack", "token": "xoxb-..."}\`\n` },
  ],
  ["environment", "tools/b.ts:1", { "tools/b.ts": "export const key = () => process.env.MINE_KEY;\n" }],
  ["readme", "README.md", { "README.md": "# Mine\n" }],
  ["tests", "tests", { "tests/a.test.ts": "" }],
  [
    "manifest",
    "setup.ts",
    {
      "router.ts":
        'import { Elysia } from "heddle/sdk";\nexport const router = new Elysia().get("/a", () => 1);\n',
    },
  ],
  ["name", "index.ts", { "index.ts": "" }],
  ["setting-descriptions", "setup.ts:3", { "setup.ts": MANIFEST('  env_vars: [{ key: "MINE_URL" }],') }],
  ["skill-descriptions", "skills/a.md:1", { "skills/a.md": "Text.\n" }],
];

test.each(CASES)("%s, at %s", async (rule, place, files) => {
  const wanted: Files = { ...GOOD, ...files };
  for (const [name, text] of Object.entries(wanted)) if (text === "") delete wanted[name];
  const { findings: all } = await check(wanted);
  // Most of these files have nothing but their fault.
  const findings = all.filter((finding) => finding.rule !== "idle-files" || rule === "idle-files");
  const found = findings.map(({ rule, file, line }) => [
    rule,
    `${file}${line === undefined ? "" : `:${line}`}`,
  ]);
  expect(found).toEqual([[rule, place]]);
  const { level } = RULES.find(({ id }) => id === rule) ?? {};
  expect(gradeOf(findings)).toBe(level === "error" ? "none" : level === "warning" ? "bronze" : "silver");
});

test.each<[string, Files]>([
  [
    "verifiers that are awaited, in one way or another",
    {
      "router.ts": PRIVATE(`async ({ request }) => {
    // verifyHmac(request) is awaited, whatever stands in comments;
    const unawaited = "; verifyHmac(request)";
    await verifyHmac(request, HMAC);
    const { body } = await verifyHmac(request, HMAC);
    const later = verifyHmac(request, HMAC);
    await Promise.all([verifyHmac(request, HMAC), later]);
    const check = () => verifyHmac(request, HMAC);
    await
      verifyHmac(request, HMAC);
    verifyHmac(request, HMAC).then(() => body);
    return verifyHmac(request, HMAC);
  }`),
      "setup.ts": MANIFEST(""),
    },
  ],
  [
    "a verifier of the author's own",
    { "own.ts": "const verifyOwn = (a: number) => a > 1;\nif (!verifyOwn(2)) throw new Error();\n" },
  ],
  [
    "dispatch types that exist",
    { ...DISPATCHER, "names.ts": `${DISPATCHED("mine")}// dispatchConfig: { type: "mini" }\n` },
  ],
  ["another integration's dispatch type", { "names.ts": DISPATCHED("slack") }],
  [
    "defaults that are of their types",
    settingOf(
      'MINE_A: t.String({ default: "", secret: false, description: "A" }), MINE_B: t.Integer({ default: 8080, description: "B" }), MINE_C: t.Boolean({ default: false, description: "C" }), MINE_D: t.Union([t.Literal("a"), t.Literal("b")], { default: "b", description: "D" })',
    ),
  ],
])("nothing is said of %s", async (_what, files) => {
  expect((await check({ ...GOOD, ...files })).findings).toEqual([]);
});

test("a setting that is read after a path with a wildcard is seen", async () => {
  const router = `import { Elysia } from "heddle/sdk";
import { settings } from "./config.ts";
export const router = new Elysia().get("/files/*", () => "a").get("/b", () => settings.MINE_URK);
`;
  const { findings } = await check({
    ...GOOD,
    "config.ts": CONFIG,
    "setup.ts": MANIFEST(""),
    "router.ts": router,
  });
  expect(findings).toMatchObject([{ rule: "settings-declared", file: "router.ts", line: 3 }]);
});

test("each rule has a case", () => {
  const tried = new Set(CASES.map(([rule]) => rule));
  expect(RULES.map(({ id }) => id).filter((id) => !tried.has(id))).toEqual([]);
});

test.each(["built-in", "new"])("every %s integration is graded gold", async (kind) => {
  const dir =
    kind === "new" ? await mkdtemp(join(scratch, "new-")) : join(import.meta.dirname, "../../integrations");
  if (kind === "new") {
    for (const part of ["router", "dispatcher", "hooks", "process", "tools", "skills"]) {
      await newIntegration({ name: `only-${part}`, parts: [part], dir });
    }
  }
  const { found } = await discover([{ kind: kind === "new" ? "external" : "builtin", dir }]);
  const reports = await checkIntegrations({ integrations: found, scratch });
  expect(reports.length).toBeGreaterThan(1);
  expect(reports.filter(({ grade }) => grade !== "gold")).toEqual([]);
});

test("an invalid schema is reported with what to write instead", async () => {
  const dispatcher =
    'import { registerDispatcher } from "heddle/sdk";\n\nregisterDispatcher("mine", { config: { type: "objekt" } as never, deliver: () => ({ receipt: 1 }) });\n';
  const { findings } = await check({ ...GOOD, "dispatcher.ts": dispatcher });
  expect(findings).toContainEqual(
    expect.objectContaining({
      rule: "loads",
      message: expect.stringContaining(
        "The config of dispatcher mine must be JSON Schema, such as t.Object({ … }): type must be one of: array, boolean",
      ),
      file: "dispatcher.ts",
      line: 3,
    }),
  );
});

test("advice about settings is given only for a setting that was read while the files load", async () => {
  const fixOf = async (code: string) => (await check({ ...GOOD, "tools/b.ts": code })).findings[0]?.fix;
  const reading =
    'import { defineConfig, t } from "heddle/sdk";\nconst s = defineConfig({ A: t.String() });\nconsole.log(s.A);\n';
  expect(await fixOf(reading)).toContain("Read settings in functions");
  expect(await fixOf("throw new Error('no');\n")).toBe("A server would quarantine it until this is fixed.");
});

test("an integration that is checked is not told that it is live", async () => {
  const hooks = 'import { onEnabled } from "heddle/sdk";\nonEnabled(() => { globalThis.wasTold = true; });\n';
  expect((await check({ ...GOOD, "hooks.ts": hooks })).grade).toBe("gold");
  expect("wasTold" in globalThis).toBe(false);
});

describe("checks that run something", () => {
  test("a new integration's tests pass, and its process keeps running", async () => {
    const { folder } = await newIntegration({ name: "tried", parts: PARTS, dir: scratch });
    const integrations = await findIn(folder);
    const executed = [startCheck(1), testCheck];
    const reports = await checkIntegrations({ integrations, executed, scratch });
    expect(reports).toMatchObject([
      {
        grade: "gold",
        findings: [],
        ran: ["bun listener.ts ran for 1 s", "20 tests passed, 0 failed"],
      },
    ]);
    expect(reports.map(reportText).join()).toContain("20 tests passed, 0 failed");
  });

  test("a process that ends is an error, with its last output", async () => {
    const files = {
      ...GOOD,
      "process.ts": 'export const CMD = ["bun", "listener.ts"];\n',
      "listener.ts": 'console.log("hello"); throw new Error("out of luck");\n',
      "setup.ts": MANIFEST(""),
    };
    const { findings } = await check(files, [startCheck(60)]);
    expect(findings).toMatchObject([{ rule: "process-starts", level: "error", file: "process.ts" }]);
    expect(findings[0]?.message).toContain("code 1");
    expect(findings[0]?.message).toContain("out of luck");
  });

  test("failing tests are an error, with their output", async () => {
    const failing =
      'import { test } from "bun:test";\ntest("adds up", () => { console.log("x".repeat(400)); throw new Error("it does not"); });\n';
    const { findings, ran } = await check({ ...GOOD, "tests/a.test.ts": failing }, [testCheck]);
    expect(findings).toMatchObject([{ rule: "tests-pass", level: "error" }]);
    expect(ran).toEqual(["0 tests passed, 1 failed"]);
    expect(findings[0]?.message).toContain("adds up");
    // It may be the last line: what the test prints and what the runner says come through two pipes.
    expect(findings[0]?.message).toMatch(/ x{300}…$/m);
  });

  test("tests in a folder without the SDK fail with how to get it", async () => {
    const importing = `import { register } from "heddle/sdk";\n${TEST}register;\n`;
    const { findings } = await check({ ...GOOD, "tests/a.test.ts": importing }, [testCheck]);
    expect(findings).toMatchObject([{ rule: "tests-pass", fix: expect.stringContaining("heddle types") }]);
  });
});

test("a folder without an integration is refused with the reason", async () => {
  await using folder = await temporaryFolder();
  await folder.write({ "all/Bad Name/router.ts": "", "all/empty/a.txt": "" });
  const message = await findIn(join(folder.path, "all")).catch(({ message }) => message);
  expect(message).toContain("There is no integration in");
  expect(message).toContain('"Bad Name" cannot be an id');
  expect(message).toContain("it has no router");
  await expect(findIn(join(folder.path, "none"))).rejects.toMatchObject({ code: "config" });
});

test("a folder of several integrations is checked completely, even if one fails", async () => {
  await using folder = await temporaryFolder();
  await folder.write({ "good/tools/a.ts": TOOL, "bad/tools/a.ts": "import 'nothing-such';" });
  const reports = await checkIntegrations({ integrations: await findIn(folder.path), scratch });
  expect(reports.map(({ id, findings }) => [id, findings.some(({ rule }) => rule === "loads")])).toEqual([
    ["bad", true],
    ["good", false],
  ]);
});

test("the text output contains everything", async () => {
  const report = await check({ ...GOOD, "README.md": "# Mine\n" });
  const text = reportText(report);
  for (const part of ["mine", "bronze", "warning", "README.md", "[readme]", report.findings[0]?.fix ?? "?"]) {
    expect(text).toContain(part);
  }
  for (const { id, about } of RULES)
    expect(rulesText([testCheck])).toMatch(new RegExp(`${id} +${RegExp.escape(about)}`));
  expect(gradeOf([])).toBe("gold");
});
