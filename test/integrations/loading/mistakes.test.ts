// What authors are told about mistakes that neither the bundler nor the code itself reports.

import { expect, test } from "bun:test";
import { createLog } from "../../../src/log.ts";
import { type Files, harness, toolNamed } from "../harness.ts";

const tool = toolNamed("ok", "() => 1");
const elysia = 'import { Elysia } from "elysia";\n';
const sdk = 'import { defineConfig, register, registerDispatcher, t } from "heddle/sdk";\n';

async function load(files: Files) {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const log = await createLog({ level: "info", format: "pretty", redact: (text) => text, write });
  await using all = await harness(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`mine/${name}`, text])),
    { log },
  );
  await all.integrations.loadAll();
  return { error: all.integrations.get("mine")?.error, lines };
}

test.each<[string, Files, string]>([
  [
    "an object that cannot be read is thrown",
    { "tools/a.ts": "throw new Proxy({}, { get() { throw 1; } });" },
    "cannot be read",
  ],
  [
    "a class is exported",
    { "router.ts": `${elysia}export const router = Elysia;` },
    "got a class: make one with `new`",
  ],
  [
    "a promise is exported",
    { "router.ts": `${elysia}export const router = Promise.resolve(new Elysia());` },
    "got a promise: await it",
  ],
  [
    "the name is misspelt",
    { "router.ts": `${elysia}export const Router = new Elysia();` },
    "it exports Router: did you mean router?",
  ],
  [
    "it is the default export",
    { "router.ts": `${elysia}export default new Elysia();` },
    "export it by its name, `export const router = …`",
  ],
  [
    "SETUP is misspelt",
    { "setup.ts": "export const setup = {};", "tools/a.ts": tool },
    "it exports setup: did you mean SETUP?",
  ],
  ["CMD is a text", { "process.ts": 'export const CMD = "bun run a.ts";' }, "got a string"],
  ["CMD is missing", { "process.ts": "export const Cmd = [];" }, "it exports Cmd: did you mean CMD?"],
  [
    "it was copied without the code that it shares with others",
    { "tools/a.ts": 'import { x } from "../../_parts/x.ts"; x();' },
    'The folder "_parts", in which integrations share code, is missing: put it beside the integration',
  ],
  [
    "a function of the SDK is misspelt",
    { "tools/a.ts": 'import { registr } from "heddle/sdk"; registr();' },
    '"heddle/sdk" exports no registr; did you mean register?',
  ],
  [
    "the SDK's default is imported",
    { "tools/a.ts": 'import sdk from "heddle/sdk"; sdk.register();' },
    '"heddle/sdk" has no default export',
  ],
  [
    "the SDK for tests is imported",
    { "tools/a.ts": 'import { fakeFetch } from "heddle/sdk/testing"; fakeFetch();' },
    '"heddle/sdk/testing" is for tests',
  ],
])("%s", async (_, files, reason) => {
  expect((await load(files)).error?.reason).toContain(reason);
});

test.each<[string, string, string]>([
  [
    "a tool",
    'register({ name: "a", description: "A", parameters: { type: "object", properties: { x: { type: "strng" } } } }, () => 1);',
    "The parameters of tool a must be JSON Schema, such as t.Object({ … }): properties.x.type must be one of:",
  ],
  [
    "a dispatcher",
    'registerDispatcher("a", { deliver() {}, config: { type: "object", required: "x" } });',
    "The config of dispatcher a must be JSON Schema, such as t.Object({ … }): required must be an array; got a string",
  ],
])("the schema of %s is wrong: the line that registers it is named", async (_, line, reason) => {
  const { error } = await load({ "tools/a.ts": `${sdk}\n${line}` });
  expect(error).toMatchObject({
    reason: expect.stringContaining(reason),
    file: expect.stringMatching(/tools\/a\.ts$/),
    line: 3,
  });
});

test.each<[string, Files, string]>([
  [
    "a tool's file registers none",
    { "tools/a.ts": "export const a = () => 1;", "tools/b.ts": tool },
    "tools/a.ts registers no tool: call register(), or begin the name of a helper with _",
  ],
  [
    "hooks are exported",
    { "hooks.ts": "export const after_response = () => {};" },
    "hooks.ts registers nothing: call registerHook()",
  ],
  [
    "meta has another id",
    { "index.ts": 'export const meta = { id: "other", name: 5 };', "tools/a.ts": tool },
    'meta of index.ts has the id "other"; the id is the name of the folder, "mine"',
  ],
  [
    "a setting is declared twice",
    {
      "config.ts": `${sdk}defineConfig({ A_B: t.String() }); defineConfig({ A_B: t.Number() });`,
      "tools/a.ts": tool,
    },
    "The setting A_B is declared twice",
  ],
])("%s: a warning", async (_, files, warning) => {
  const { error, lines } = await load(files);
  expect(error).toBeNull();
  expect(lines.join("\n")).toContain(warning);
});

test("a file that registers under some condition, or by a helper that has run, is no mistake", async () => {
  const { lines } = await load({
    "tools/_all.ts": tool,
    "tools/a.ts": 'import "./_all.ts";',
    "hooks.ts":
      'import { registerHook } from "heddle/sdk"; if (process.env.NEVER_SET) registerHook("after_response", () => {});',
  });
  expect(lines.filter((line) => line.includes("registers"))).toEqual([]);
});

test.each<[string, Files, string]>([
  ["another case", { "Router.ts": "" }, "does Router.ts mean router.ts?"],
  ["a misspelling", { "dispacher.ts": "" }, "does dispacher.ts mean dispatcher.ts?"],
  ["a single tool", { "tool.ts": tool }, "does tool.ts belong into the folder tools?"],
  ["the sources of a project", { "src/hooks.ts": "" }, "src/hooks.ts must be in the folder itself"],
])("a folder without parts: %s", async (_, files, hint) => {
  expect((await load(files)).lines.join("\n")).toContain(hint);
});
