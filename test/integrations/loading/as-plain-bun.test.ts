// A bundle behaves as if Bun ran its files directly.

import { expect, test } from "bun:test";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { discover } from "../../../src/integrations/discovery/discover.ts";
import { harness, routerSaying, temporaryFolder, toolNamed } from "../harness.ts";

const importing = (lines: string, name: string, value: string) =>
  `${lines}\n${toolNamed(name, `() => ${value}`)}`;

test("an import of a file that is not a module returns its path, or its content if the import names a type", async () => {
  await using all = await harness({
    "mine/logo.svg": "<svg/>",
    "mine/assets/logo.svg": "<svg/>",
    "mine/assets/no-ending": "1",
    "mine/notes.txt": "notes",
    "mine/more.txt": "more",
    "mine/query.graphql": "{ a }",
    "mine/node_modules/drawn/package.json": '{ "name": "drawn", "main": "main.js" }',
    "mine/node_modules/drawn/main.js": `exports.logo = require("./logo.png");`,
    "mine/node_modules/drawn/logo.png": "png",
    "mine/tools/paths.ts": importing(
      `import logo from "../logo.svg";
      import other from "../assets/logo.svg";
      import notes from "../notes.txt" with { type: "file" };
      import drawn from "drawn";
      import { readFileSync } from "node:fs";`,
      "paths",
      `[logo, other, notes, drawn.logo.default ?? drawn.logo, readFileSync(logo, "utf8")]`,
    ),
    "mine/tools/texts.ts": importing(
      `import more from "../more.txt";
      import query from "../query.graphql" with { type: "text" };
      const lazy = () => import("../assets/no-ending");`,
      "texts",
      "lazy().then((found) => [more, query, found.default])",
    ),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  expect(all.call("paths")).toEqual([
    all.path("mine/logo.svg"),
    all.path("mine/assets/logo.svg"),
    all.path("mine/notes.txt"),
    all.path("mine/node_modules/drawn/logo.png"),
    "<svg/>",
  ]);
  expect(await all.call("texts")).toEqual(["more", "{ a }", all.path("mine/assets/no-ending")]);
});

test("one file has a value for each type that it is imported as, also in another file", async () => {
  await using all = await harness({
    "_shared/place.json": '{"b":2}',
    "mine/a.json": '{"a":1}',
    "mine/b.toml": "a = 1",
    "mine/c.txt": '{"c":3}',
    "mine/d.ts": "export const d = 4;",
    "mine/node_modules/held/package.json": '{"name":"held"}',
    "mine/node_modules/held/data.json": '{"h":5}',
    "mine/other.ts": "import text from './a.json' with { type: 'text' }; export { text };",
    "mine/tools/a.ts": importing(
      `import a from "../a.json"; import aText from "../a.json" with { type: "text" };
      import b from "../b.toml"; import * as bText from '../b.toml' with
        { type: "text" };
      import c from "../c.txt"; import cParsed from "../c.txt" with { type: "json" };
      import { d } from "../d.ts"; import dText from "../d.ts" with { type: "text" };
      import held from "held/data.json"; import heldText from "held/data.json" with { type: "text" };
      import place from "../../_shared/place.json"; import placeFile from "../../_shared/place.json" with { type: "file" };
      import { text } from "../other.ts";
      const lazy = async () => [
        (await import("../a.json", { with: { type: "text" } })).default,
        (await import("../a.json")).default,
      ];
      const code = 'import aText from "../a.json" with { type: "text" }';`,
      "typed",
      "lazy().then((l) => [a, aText, b, bText.default, c, cParsed, d, dText, held, heldText, place, placeFile, text, l, code])",
    ),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  expect(await all.call("typed")).toEqual([
    { a: 1 },
    '{"a":1}',
    { a: 1 },
    "a = 1",
    '{"c":3}',
    { c: 3 },
    4,
    "export const d = 4;",
    { h: 5 },
    '{"h":5}',
    { b: 2 },
    all.path("_shared/place.json"),
    '{"a":1}',
    ['{"a":1}', { a: 1 }],
    'import aText from "../a.json" with { type: "text" }',
  ]);
});

test("import.meta.resolve and import.meta.require resolve from the source file, for files and for packages", async () => {
  await using all = await harness({
    "mine/deep/beside.ts": "export const text = 'beside';",
    "mine/deep/data.json": '{ "a": 1 }',
    "mine/node_modules/led/package.json": '{ "name": "led", "exports": { ".": "./deep/main.js" } }',
    "mine/node_modules/led/deep/main.js": "export default 1;",
    "mine/deep/resolving.ts": `
      export const text = "import.meta.resolve('x') in a text stays";
      export const found = (): unknown[] => [
        import.meta.resolve("./beside.ts"),
        import.meta.resolve("led"),
        import.meta.resolveSync("led"),
        ["./beside.ts"].map((name) => import.meta.resolve(name))[0],
        import.meta.require("./data.json"),
      ];
      export const lazy = async () => (await import(import.meta.resolve("./beside.ts"))).text;`,
    "mine/tools/a.ts": importing(
      `import { found, lazy, text } from "../deep/resolving.ts";`,
      "resolved",
      "lazy().then((beside) => [...found(), beside, text])",
    ),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  const url = (path: string) => pathToFileURL(all.path(path)).href;
  expect(await all.call("resolved")).toEqual([
    url("mine/deep/beside.ts"),
    url("mine/node_modules/led/deep/main.js"),
    all.path("mine/node_modules/led/deep/main.js"),
    url("mine/deep/beside.ts"),
    { a: 1 },
    "beside",
    "import.meta.resolve('x') in a text stays",
  ]);
});

test("import.meta names the source file however it is read", async () => {
  await using all = await harness({
    "mine/deep/reading.ts": `
      const { dir, file, main } = import.meta;
      const whole = import.meta;
      export const text = "import.meta in a text stays";
      export const read = (): unknown[] => [
        dir, file, main, text, typeof whole.env,
        (import.meta as unknown as Record<string, string>).path,
        import.meta["dirname"], import.meta!.filename, import.meta?.url,
        (import.meta as { resolve(name: string): string }).resolve("./reading.ts"),
      ];`,
    "mine/tools/a.ts": importing(`import { read } from "../deep/reading.ts";`, "read", "read()"),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  const path = all.path("mine/deep/reading.ts");
  const dir = all.path("mine/deep");
  const { href } = pathToFileURL(path);
  expect(await all.call("read")).toEqual([
    ...[dir, "reading.ts", false, "import.meta in a text stays", "object"],
    ...[path, dir, path, href, href],
  ]);
});

test("packages load files of their own by computed names", async () => {
  const packageOf = (name: string, text: string, more = "") => ({
    [`mine/node_modules/${name}/package.json`]: `{ "name": "${name}", "main": "lib/main.js"${more} }`,
    [`mine/node_modules/${name}/lib/main.js`]: text,
  });
  await using all = await harness({
    ...packageOf(
      "common",
      `const name = "de";
      exports.text = "require(name) in a text stays";
      exports.locale = require("./locale/" + name);
      exports.again = require(\`./locale/\${name}.js\`);
      exports.builtin = typeof require(["node", "path"].join(":")).join;
      exports.nested = require(["nes", "ted"].join(""));
      try { require("./locale/" + "fr".trim()); } catch (error) { exports.missing = error.code; }
      // A bundle within the package has a require of its own.
      exports.inner = (function (require) { return require("./lo" + "cal"); })((id) => "inner " + id);
      exports.method = { require(id) { return "method " + id; } }.require("a" + "b");`,
    ),
    "mine/node_modules/common/lib/locale/de.js": 'module.exports = "Hallo";',
    "mine/node_modules/common/node_modules/nested/package.json": '{ "name": "nested", "main": "main.js" }',
    "mine/node_modules/common/node_modules/nested/main.js": 'module.exports = "of the package";',
    ...packageOf(
      "modern",
      'export const load = async (name) => (await import("./locale/" + name + ".js")).default;',
      ', "type": "module"',
    ),
    "mine/node_modules/modern/lib/locale/de.js": 'export default "Guten Tag";',
    "mine/tools/a.ts": importing(
      `import common from "common"; import { load } from "modern";`,
      "loaded",
      `load("de").then((modern) => [modern, ...Object.values(common)])`,
    ),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  expect(await all.call("loaded")).toEqual([
    "Guten Tag",
    "require(name) in a text stays",
    ...["Hallo", "Hallo", "function", "of the package", "MODULE_NOT_FOUND", "inner ./local", "method ab"],
  ]);
});

test("of a package with both, main is loaded and not module, as without a bundle", async () => {
  const both = '"main": "main.js", "module": "module.mjs"';
  await using all = await harness({
    "mine/node_modules/dual/package.json": `{ "name": "dual", ${both} }`,
    "mine/node_modules/dual/main.js": `exports.kind = "main"; exports.other = require("old/sub").kind;`,
    "mine/node_modules/dual/module.mjs": `export const kind = "module", other = "module";`,
    "mine/node_modules/old/package.json": '{ "name": "old" }',
    "mine/node_modules/old/sub/package.json": `{ ${both} }`,
    "mine/node_modules/old/sub/main.js": `exports.kind = "main of sub";`,
    "mine/node_modules/old/sub/module.mjs": `export const kind = "module of sub";`,
    "mine/node_modules/exporting/package.json": `{ "name": "exporting", ${both}, "exports": "./exported.js" }`,
    "mine/node_modules/exporting/exported.js": `exports.kind = "exports";`,
    "mine/node_modules/new/package.json": '{ "name": "new", "module": "module.mjs" }',
    "mine/node_modules/new/module.mjs": `export const kind = "module alone";`,
    "mine/tools/dual.ts": importing(
      `import * as dual from "dual";
      import { kind as sub } from "old/sub";
      import { kind as exporting } from "exporting";
      import { kind as modern } from "new";`,
      "dual",
      `[dual.kind, dual.other, sub, exporting, modern]`,
    ),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  expect(all.call("dual")).toEqual(["main", "main of sub", "main of sub", "exports", "module alone"]);
});

test("in a folder of ES modules, the default export of a CommonJS package is the one that it names", async () => {
  await using all = await harness({
    "mine/package.json": '{ "type": "module" }',
    "mine/node_modules/old/package.json": '{ "name": "old", "main": "main.js" }',
    "mine/node_modules/old/main.js": "exports.__esModule = true; exports.default = 'named'; exports.a = 1;",
    "mine/node_modules/older/package.json": '{ "name": "older", "main": "main.js" }',
    "mine/node_modules/older/main.js": "module.exports = { default: 'of no module' };",
    "mine/tools/a.ts": importing(
      `import old, { a } from "old"; import * as all from "old"; import older from "older";`,
      "taken",
      `import("old").then((lazy) => [old, a, all.default, lazy.default, older])`,
    ),
  });
  await all.integrations.loadAll();
  expect(await all.call("taken")).toEqual(["named", 1, "named", "named", { default: "of no module" }]);
});

test("a package that may be absent fails with its code, and what follows keeps its place in the source", async () => {
  await using all = await harness({
    "mine/tools/a.ts": importing(
      `const code = (() => { try { require("may-be-absent"); } catch (error: any) { return [error.code, error.message]; } })();
      const here = new Error("here").stack ?? "";`,
      "codes",
      "[...code, /a\\.ts:\\d+:\\d+/.exec(here)?.[0]]",
    ),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  expect(all.call("codes")).toEqual(["MODULE_NOT_FOUND", "Cannot find module 'may-be-absent'", "a.ts:2:24"]);
});

test("files that computed names can mean are part of the bundle", async () => {
  await using all = await harness({
    // As in moment: by another name for require, and the files need the one instance of the package.
    "mine/node_modules/moments/package.json": '{ "name": "moments", "main": "moments.js" }',
    "mine/node_modules/moments/moments.js": `var aliased = require;
      exports.locales = {};
      exports.use = (name) => { aliased("./locale/" + name); return exports.locales[name]; };`,
    "mine/node_modules/moments/locale/de.js": `require("../moments").locales.de = "Hallo";`,
    "mine/node_modules/moments/locale/broken.d.ts": "export const x: number;",
    "mine/texts/de.ts": `import { t } from "heddle/sdk"; export const text = "eins " + typeof t.String;`,
    "mine/texts/deep/index.ts": `export const text = "tief";`,
    "mine/texts/data.json": `{ "text": "data" }`,
    "mine/tools/a.ts": importing(
      `import moments from "moments";
      const load = async (name: string) => (await import(\`../texts/\${name}\`)).text;
      const required = (name: string) => require("../texts/" + name + ".ts").text;`,
      "loaded",
      `Promise.all([moments.use("de"), load("de"), load("de.js"), load("deep"), load("data.json"), required("de"),
        load("fr").catch((error) => error.code)])`,
    ),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  const text = "eins function";
  expect(await all.call("loaded")).toEqual([
    "Hallo",
    text,
    text,
    "tief",
    "data",
    text,
    "ERR_MODULE_NOT_FOUND",
  ]);
});

test("data that computed names can mean is imported as its attribute says, or else by its ending", async () => {
  await using all = await harness({
    "mine/texts/de.md": "# Hallo",
    "mine/texts/de.json": '{ "say": "Hallo" }',
    "mine/texts/de.yaml": "say: Hallo",
    "mine/texts/de.toml": 'say = "Hallo"',
    "mine/texts/de.txt": "Hallo",
    "mine/tools/a.ts": importing(
      `const name: string = "de";
      const options = { with: { type: "text" } } as const;
      const all = async () => [
        (await import(\`../texts/\${name}.md\`, { with: { type: "text" } })).default,
        (await import("../texts/" + name + ".json", { with: { type: "text" } })).default,
        (await import(\`../texts/\${name}.json\`)).default.say,
        (await import(\`../texts/\${name}.json\`, { with: { "type": "json" } })).default.say,
        (await import(\`../texts/\${name}.yaml\`)).default.say,
        (await import(\`../texts/\${name}.toml\`)).default.say,
        (await import(\`../texts/\${name}.txt\`)).default,
        (await import(\`../texts/\${name}.md\`, options)).default,
        require("../texts/" + name + ".yaml").say,
        await import(\`../texts/\${name}.md\`, { with: { type: "text" } }).then(Object.keys),
      ];`,
      "imported",
      "all()",
    ),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  const say = "Hallo";
  const json = '{ "say": "Hallo" }';
  expect(await all.call("imported")).toEqual([
    "# Hallo",
    json,
    say,
    say,
    say,
    say,
    say,
    "# Hallo",
    say,
    ["default"],
  ]);
});

test("a file that cannot be bundled is left to run time, and so is what a package does not find", async () => {
  await using all = await harness({
    "mine/node_modules/drivers/package.json": '{ "name": "drivers", "main": "main.js" }',
    "mine/node_modules/drivers/main.js": `exports.use = (name) => require("./driver/" + name).open();`,
    "mine/node_modules/drivers/driver/broken.js": "this is { not code",
    "mine/node_modules/drivers/driver/absent.js": `exports.open = () => require("not-installed");`,
    "mine/node_modules/drivers/driver/good.js": `exports.open = () => "open";`,
    "mine/node_modules/orm/package.json": '{ "name": "orm", "main": "main.js" }',
    "mine/node_modules/orm/main.js": `exports.use = () => require("not-installed");`,
    "mine/tools/a.ts": importing(
      `import drivers from "drivers"; import orm from "orm";
      const of = (work: () => unknown) => { try { return work(); } catch (error) { return error.code; } };`,
      "used",
      `[of(() => drivers.use("good")), of(() => drivers.use("absent")), of(() => orm.use())]`,
    ),
    "eager/node_modules/orm/package.json": '{ "name": "orm", "main": "main.js" }',
    "eager/node_modules/orm/main.js": `require("not-installed");`,
    "eager/tools/a.ts": importing(`import "orm";`, "eager", "1"),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  expect(all.call("used")).toEqual(["open", "MODULE_NOT_FOUND", "MODULE_NOT_FOUND"]);
  expect(all.integrations.get("eager")?.error?.reason).toContain(
    "run `heddle install eager --add not-installed`",
  );
});

test("CommonJS modules and a single default export register the same as named exports", async () => {
  await using all = await harness({
    "common/index.js": `module.exports = { meta: { id: "common", name: "In common", version: "7" } };`,
    "common/router.cjs": `const { Elysia } = require("heddle/sdk");
      module.exports = { router: new Elysia().get("/say", () => "common " + __dirname) };`,
    "common/setup.js": `exports.SETUP = { version: "1", public_paths: ["/say"] };`,
    "common/process.js": `module.exports = { CMD: ["bun", "x.js"] };`,
    "compiled/router.js": `"use strict";
      Object.defineProperty(exports, "__esModule", { value: true });
      exports.router = void 0;
      const sdk_1 = require("heddle/sdk");
      exports.router = new sdk_1.Elysia().get("/say", () => "compiled");`,
    "whole/router.ts": `import { Elysia } from "heddle/sdk";
      export default { router: new Elysia().get("/say", () => "whole") };`,
  });
  await all.integrations.loadAll();
  expect(all.integrations.list().map(({ id, error }) => [id, error])).toEqual([
    ["common", null],
    ["compiled", null],
    ["whole", null],
  ]);
  expect(all.integrations.get("common")).toMatchObject({
    name: "In common",
    version: "7",
    process: { cmd: ["bun", "x.js"] },
  });
  expect(await all.get("common", "/say")).toBe(`common ${all.path("common")}`);
  expect(await all.get("compiled", "/say")).toBe("compiled");
  expect(await all.get("whole", "/say")).toBe("whole");
});

test("NODE_ENV is that at run time, and JSX works with each value", async () => {
  const jsx = (name: string) => `exports.${name} = (type) => "${name} " + type; exports.Fragment = "f";`;
  await using all = await harness({
    "mine/tsconfig.json": '{ "compilerOptions": { "jsx": "react-jsx", "jsxImportSource": "tags" } }',
    "mine/node_modules/tags/package.json": '{ "name": "tags" }',
    "mine/node_modules/tags/jsx-runtime.js": jsx("jsx"),
    "mine/node_modules/tags/jsx-dev-runtime.js": "exports.jsxDEV = undefined;",
    "mine/node_modules/framework/package.json": '{ "name": "framework", "main": "main.js" }',
    "mine/node_modules/framework/main.js": `exports.isProduction = () => process.env.NODE_ENV === "production";`,
    "mine/tools/a.tsx": importing(
      `import { isProduction } from "framework";`,
      "asked",
      "[process.env.NODE_ENV, isProduction(), <b />]",
    ),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  const before = process.env.NODE_ENV;
  try {
    for (const mode of ["production", "staging"]) {
      process.env.NODE_ENV = mode;
      expect(all.call("asked")).toEqual([mode, mode === "production", "jsx b"]);
    }
  } finally {
    process.env.NODE_ENV = before;
  }
});

test("imports for side effects are run, whatever a package.json says about side effects", async () => {
  await using all = await harness({
    "mine/package.json": '{ "sideEffects": false }',
    "mine/more.ts": toolNamed("more"),
    "mine/node_modules/effect/package.json": '{ "name": "effect", "main": "main.js", "sideEffects": false }',
    "mine/node_modules/effect/main.js": "globalThis.effectOfMine = 1;",
    "mine/tools/a.ts": importing(
      `import "../more.ts";\nimport "effect";`,
      "effect",
      "globalThis.effectOfMine",
    ),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.tools.toSorted()).toEqual(["effect", "more"]);
  expect(all.call("effect")).toBe(1);
});

test("of a source and its compiled file, the source is loaded and the other is reported", async () => {
  await using folder = await temporaryFolder();
  await folder.write({
    "all/mine/router.js": `throw new Error("old");`,
    "all/mine/router.ts": routerSaying("new"),
    "all/mine/tools/a.mjs": toolNamed("a", "() => 'old'"),
    "all/mine/tools/a.ts": toolNamed("a", "() => 'new'"),
    "all/mine/tools/b.js": toolNamed("b", "() => 'only'"),
  });
  await using all = await harness({}, { sources: [{ kind: "external", dir: join(folder.path, "all") }] });
  const { notes } = await discover([{ kind: "external", dir: join(folder.path, "all") }]);
  expect(notes.map(({ reason }) => reason)).toEqual([
    "router.js is not used, because router.ts exists as well; remove one of the two",
    "tools/a.mjs is not used, because tools/a.ts exists as well; remove one of the two",
  ]);
  await all.integrations.loadAll();
  expect(await all.get("mine", "/say")).toBe("new");
  expect([all.call("a"), all.call("b")]).toEqual(["new", "only"]);
});

test("a package's conditions development and production do not count, however it is imported", async () => {
  const modes = { development: "./dev.js", production: "./prod.js", default: "./plain.js" };
  const files = (folder: string) => ({
    [`${folder}/dev.js`]: "export default 'development';",
    [`${folder}/prod.js`]: "export default 'production';",
    [`${folder}/plain.js`]: "export default 'plain';",
    [`${folder}/required.cjs`]: "module.exports = 'required';",
  });
  await using all = await harness({
    "mine/package.json": JSON.stringify({
      name: "mine",
      imports: { "#own": modes },
      exports: { "./self": modes },
    }),
    ...files("mine"),
    "mine/node_modules/@acme/led/package.json": JSON.stringify({
      name: "@acme/led",
      type: "module",
      exports: { ".": { import: modes, require: { development: "./dev.js", default: "./required.cjs" } } },
      imports: { "#inner": modes },
    }),
    ...files("mine/node_modules/@acme/led"),
    "mine/tools/a.ts": importing(
      `import led from "@acme/led"; import own from "#own"; import self from "mine/self";
      const lazy = async () => [led, own, self, require("@acme/led"), (await import("#own")).default, typeof process.env.BUN_ENV];`,
      "modes",
      "lazy()",
    ),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  expect(await all.call("modes")).toEqual(["plain", "plain", "plain", "required", "plain", "undefined"]);
});

test("CommonJS modules know their file and whether a package required them", async () => {
  await using all = await harness({
    "mine/node_modules/old/package.json": '{ "name": "old", "main": "lib/main.js" }',
    "mine/node_modules/old/lib/main.js": `
      const path = require("node:path");
      // module.filename in a comment stays
      exports.known = [module.filename, module.path, module.id === module.filename, module.paths[0], module.parent,
        "module.filename", path.dirname(module.filename), module.require("./" + "other.js"), require("./program.js")];
      module.id = "own";`,
    "mine/node_modules/old/lib/other.js":
      "module.exports = ((module) => module.filename)({ filename: 'local' });",
    "mine/node_modules/old/lib/program.js":
      "if (!module.parent) throw new Error('runs as a program'); module.exports = module.parent.filename;",
    "mine/tools/a.ts": importing(`import old from "old";`, "known", "old.known"),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  const lib = all.path("mine/node_modules/old/lib");
  expect(all.call("known")).toEqual([
    `${lib}/main.js`,
    lib,
    true,
    `${lib}/node_modules`,
    null,
    "module.filename",
    lib,
    "local",
    `${lib}/main.js`,
  ]);
});

test("a query loads a file once more, and a name that is computed entirely is looked for from its file", async () => {
  await using all = await harness({
    "mine/deep/rules.ts": "export const id = {}; export const url = import.meta\n  .url.split('/').at(-1);",
    "mine/deep/table.json": '{ "a": 1 }',
    "mine/deep/own.ts": `
      import { id } from "./rules.ts";
      import { id as other, url } from "./rules.ts?other";
      import table from "./table.json?raw";
      const [name, odd] = ["rules", "ts"];
      const path = ["./" + name, odd].join(".");
      export const read = async () => [
        id === other, url, table, (await import(path)).url,
        (await import("./rules.ts?" + name)).url, (await import(path + "?odd")).url,
      ];`,
    "mine/tools/a.ts": importing(`import { read } from "../deep/own.ts";`, "queries", "read()"),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  expect(await all.call("queries")).toEqual([
    false,
    "rules.ts?other",
    { a: 1 },
    "rules.ts",
    "rules.ts?rules",
    "rules.ts?odd",
  ]);
});

test("an import of a database opens the file beside the source", async () => {
  await using all = await harness({
    "mine/data.db": "",
    "mine/tools/a.ts": importing(
      `import db, { db as named } from "../data.db" with { type: "sqlite" };`,
      "database",
      `[db === named, db.filename, db.query("select 1 as one").get()]`,
    ),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  expect(all.call("database")).toEqual([true, all.path("mine/data.db"), { one: 1 }]);
});

test("JavaScript with JSX knows its file, and finds files by computed names", async () => {
  await using all = await harness({
    "mine/tsconfig.json": '{ "compilerOptions": { "jsx": "react", "jsxFactory": "h" } }',
    "mine/deep/view.js": `const h = (type, _, ...inside) => [type, ...inside];
      const name = "de";
      export const view = async () => <b>{import.meta.file} {(await import("./texts/" + name + ".ts")).text}</b>;`,
    "mine/deep/texts/de.ts": `import { t } from "heddle/sdk"; export const text = "eins " + typeof t.String;`,
    "mine/tools/a.ts": importing(`import { view } from "../deep/view.js";`, "viewed", "view()"),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  expect(await all.call("viewed")).toEqual(["b", "view.js", " ", "eins function"]);
});

test("a tsconfig.json says how JSX is meant, also in files that are imported by an alias or from above", async () => {
  const view = (name: string) => `export const ${name} = () => <b>{import.meta.file}</b>;`;
  await using all = await harness({
    "mine/base.json":
      '{ "compilerOptions": { "jsx": "react-jsx", "jsxImportSource": "tags", /* by alias */ "paths": { "@/*": ["./*"] } } }',
    "mine/tsconfig.json": '{ "extends": "./base.json" }',
    "mine/node_modules/tags/package.json": '{ "name": "tags" }',
    "mine/node_modules/tags/jsx-runtime.js": "exports.jsx = (type, { children }) => [type, children];",
    "mine/deep/above.tsx": view("above"),
    "mine/deep/alias.tsx": view("alias"),
    "mine/tools/a.ts": importing(
      `import { above } from "../deep/above.tsx"; import { alias } from "@/deep/alias.tsx";`,
      "views",
      "[above(), alias()]",
    ),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  expect(all.call("views")).toEqual([
    ["b", "above.tsx"],
    ["b", "alias.tsx"],
  ]);
});

test("imports of a package.json may lead to modules of the runtime", async () => {
  await using all = await harness({
    "mine/package.json": JSON.stringify({
      name: "mine",
      imports: { "#files": { bun: "node:fs", default: "./none.js" }, "#db": "bun:sqlite", "#led": "led" },
    }),
    "mine/node_modules/led/package.json": '{ "name": "led", "main": "main.js" }',
    "mine/node_modules/led/main.js": "module.exports = 'led';",
    "mine/tools/a.ts": importing(
      `import { readFileSync } from "#files"; import { Database } from "#db"; import led from "#led";`,
      "runtime",
      "[typeof readFileSync, typeof Database, led]",
    ),
    "absent/package.json": '{ "imports": { "#files": "node:fs" } }',
    "absent/tools/a.ts": importing(`import x from "#fils";`, "absent", "x"),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  expect(all.call("runtime")).toEqual(["function", "function", "led"]);
  // It is no package, so nothing can be installed.
  expect(all.integrations.get("absent")?.error?.reason).toStartWith('Could not resolve: "#fils"');
});

test("a require of a file's own is called, unless it is the usual one", async () => {
  await using all = await harness({
    "mine/own.ts": `const require = (name: string) => "own " + name;
      const name = "x";
      export const own = [require("a" + name), require("./texts/" + name)];`,
    "mine/usual.ts": `import { createRequire } from "node:module"; const name = "de";
const require = createRequire(import.meta.url);
export const usual = require("./texts/" + name + ".ts").text;`,
    "mine/elsewhere.ts": `import { createRequire } from "node:module"; const name = "de";
const require = createRequire(import.meta.dir + "/deep/any.js");
export const elsewhere = require("./texts/" + name + ".json").text;`,
    "mine/texts/de.ts": `export const text = "eins";`,
    "mine/deep/texts/de.json": '{ "text": "deep" }',
    "mine/tools/a.ts": importing(
      `import { own } from "../own.ts"; import { usual } from "../usual.ts"; import { elsewhere } from "../elsewhere.ts";`,
      "required",
      "[...own, usual, elsewhere]",
    ),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  expect(all.call("required")).toEqual(["own ax", "own ./texts/x", "eins", "deep"]);
});

test("module.exports is a whole, however the exports are set", async () => {
  const ways = {
    assign: "exports.a = 1; Object.assign(module.exports, { b: 2 });",
    getter:
      'module.exports.a = 1; Object.defineProperty(module.exports, "b", { get: () => 2, enumerable: true });',
    alias: "exports.a = 1; var all = module.exports; all.b = 2;",
    loop: 'exports.a = 1; for (const name of ["b"]) module.exports[name] = 2;',
    bracket: 'exports.a = 1; Object.assign(module["exports"], { b: 2 });',
    late: 'exports.a = 1; fill(); function fill() { Object.assign(module.exports, require("./more.js")); }',
    replaced: "exports.lost = 1; module.exports = { a: 1, b: 2 };",
    // Neither is CommonJS, and a text is no use.
    text: "exports.a = 1; exports.b = 'module.exports'.length / 7;",
  };
  await using all = await harness({
    ...Object.fromEntries(Object.entries(ways).map(([name, text]) => [`mine/ways/${name}.cjs`, text])),
    "mine/ways/more.js": "exports.b = 2;",
    "mine/ways/modern.ts": "export const a = 1, b = typeof module === 'object' ? 2 : 'module.exports';",
    "mine/tools/a.ts": importing(
      [
        ...Object.keys(ways).map((name) => `import * as ${name} from "../ways/${name}.cjs";`),
        'import * as modern from "../ways/modern.ts";',
      ].join("\n"),
      "whole",
      `[${[...Object.keys(ways), "modern"].map((name) => `[${name}.a, ${name}.b]`).join(", ")}]`,
    ),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  const answer = all.call("whole") as unknown[][];
  expect(answer.slice(0, -1)).toEqual(Object.keys(ways).map(() => [1, 2]));
  expect(answer.at(-1)?.[0]).toBe(1);
});

test("a CommonJS module that throws does so each time it is required", async () => {
  await using all = await harness({
    "mine/native.cjs": `exports.half = 1; if (!globalThis.nativeOfMine) throw new Error("not yet"); exports.whole = 2;`,
    "mine/tools/a.ts": importing(
      `const said: unknown[] = [];
      for (const round of [1, 2, 3]) {
        if (round === 3) globalThis.nativeOfMine = true;
        try { said.push(require("../native.cjs")); } catch (error) { said.push(error.message); }
      }
      said.push(require("../native.cjs") === said[2], /a\\.ts:\\d+/.exec(new Error("here").stack ?? "")?.[0]);`,
      "thrown",
      "said",
    ),
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  expect(all.call("thrown")).toEqual(["not yet", "not yet", { half: 1, whole: 2 }, true, "a.ts:6"]);
});
