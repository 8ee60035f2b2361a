// Every file in a bundle goes live when it changes, even outside the integration's folder.

import { expect, test } from "bun:test";
import { rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../../until.ts";
import { harness, temporaryFolder, toolNamed } from "../harness.ts";

/** Waits until the tool returns this; otherwise the test's time limit ends the wait. */
async function untilSays(all: Awaited<ReturnType<typeof harness>>, tool: string, text: string) {
  await until(() => all.call(tool) === text);
}

const says = (name: string, from: string) =>
  `import { text } from "${from}";\n${toolNamed(name, "() => text")}`;
const text = (value: string) => `export const text = ${JSON.stringify(value)};\n`;

test("an edit of a file shared by two integrations reloads both, and no other", async () => {
  await using all = await harness(
    {
      "_lib/text.ts": text("one"),
      "a/tools/t.ts": says("a", "../../_lib/text.ts"),
      "b/tools/t.ts": says("b", "../../a/tools/_own.ts"),
      "a/tools/_own.ts": `export * from "../../_lib/text.ts";`,
      "c/tools/t.ts": toolNamed("c", "(() => { const at = performance.now(); return () => at; })()"),
    },
    { watch: true },
  );
  await all.integrations.loadAll();
  const loaded = all.call("c");
  for (const round of ["two", "three"]) {
    await all.write({ "_lib/text.ts": text(round) });
    await untilSays(all, "a", round);
    await untilSays(all, "b", round);
  }
  // A broken one keeps the last good version live until it is fixed.
  await all.write({ "_lib/text.ts": "export const text = ;\n" });
  await until(() => all.integrations.get("a")?.error !== null);
  expect(all.integrations.get("a")?.error).toMatchObject({ file: all.path("_lib/text.ts"), line: 1 });
  expect(all.call("a")).toBe("three");
  await all.write({ "_lib/text.ts": text("four") });
  await untilSays(all, "a", "four");
  await untilSays(all, "b", "four");
  expect(all.call("c")).toBe(loaded);
});

test("a file that a package loads by a computed name goes live when it changes, and when it is new", async () => {
  const of = (text: string) => `module.exports = ${JSON.stringify(text)};`;
  await using all = await harness(
    {
      "a/node_modules/local/package.json": '{ "name": "local", "main": "main.js" }',
      "a/node_modules/local/main.js": `exports.text = ["de", "fr"].map((name) => {
        try { return require("./texts/" + name); } catch (error) { return error.code; }
      }).join(" ");`,
      "a/node_modules/local/texts/de.js": of("eins"),
      "a/tools/t.ts": `import { text } from "local";\n${toolNamed("a", "() => text")}`,
    },
    { watch: true },
  );
  await all.integrations.loadAll();
  expect(all.call("a")).toBe("eins MODULE_NOT_FOUND");
  await all.write({ "a/node_modules/local/texts/de.js": of("zwei") });
  await untilSays(all, "a", "zwei MODULE_NOT_FOUND");
  await all.write({ "a/node_modules/local/texts/fr.js": of("un") });
  await untilSays(all, "a", "zwei un");
});

test("a shared folder that appears later, is removed, and comes back", async () => {
  await using all = await harness(
    { "a/tools/t.ts": says("a", "../../../shared/deep/text.ts") },
    { watch: true },
  );
  await all.integrations.loadAll();
  expect(all.integrations.get("a")?.status).toBe("quarantined");
  await all.write({ "../shared/deep/text.ts": text("there") });
  await untilSays(all, "a", "there");
  await rename(all.path("../shared"), all.path("../away"));
  await until(() => all.integrations.get("a")?.error !== null);
  await all.write({ "../shared/deep/text.ts": text("back") });
  await untilSays(all, "a", "back");
});

test("edited or linked packages, and linked folders", async () => {
  await using all = await harness(
    {
      "../linked/package.json": '{ "name": "linked", "main": "main.js" }',
      "../linked/main.js": text("linked 1"),
      "../inner/text.ts": text("inner 1"),
      "a/node_modules/patched/package.json": '{ "name": "patched", "main": "lib/main.js" }',
      "a/node_modules/patched/lib/main.js": `export * from "./text.js";`,
      "a/node_modules/patched/lib/text.js": text("patched 1"),
      "a/tools/linked.ts": says("linked", "linked"),
      "a/tools/patched.ts": says("patched", "patched"),
    },
    { watch: true },
  );
  await symlink(all.path("../linked"), all.path("a/node_modules/linked"));
  await symlink(all.path("../inner"), all.path("a/inner"));
  await all.write({ "a/tools/inner.ts": says("inner", "../inner/text.ts") });
  await all.integrations.loadAll();
  expect(["linked", "inner", "patched"].map(all.call)).toEqual(["linked 1", "inner 1", "patched 1"]);
  await all.write({ "../linked/main.js": text("linked 2") });
  await untilSays(all, "linked", "linked 2");
  await all.write({ "../inner/text.ts": text("inner 2") });
  await untilSays(all, "inner", "inner 2");
  // A link that leads elsewhere, as of a deployment's "current".
  await all.write({ "../inner-next/text.ts": text("inner 3") });
  await symlink(all.path("../inner-next"), all.path("../next"));
  await rename(all.path("../next"), all.path("a/inner"));
  await untilSays(all, "inner", "inner 3");
  await all.write({ "a/node_modules/patched/lib/text.js": text("patched 2") });
  await untilSays(all, "patched", "patched 2");
  await all.write({
    "a/node_modules/patched/package.json": '{ "name": "patched", "main": "lib/other.js" }',
    "a/node_modules/patched/lib/other.js": text("patched 3"),
  });
  await untilSays(all, "patched", "patched 3");
  // The folder's own resolver settings.
  await all.write({
    "a/tsconfig.json": '{ "compilerOptions": { "paths": { "named": ["./one.ts"] } } }',
    "a/one.ts": text("one"),
    "a/two.ts": text("two"),
    "a/tools/named.ts": says("named", "named"),
  });
  await untilSays(all, "named", "one");
  await all.write({ "a/tsconfig.json": '{ "compilerOptions": { "paths": { "named": ["./two.ts"] } } }' });
  await untilSays(all, "named", "two");
});

test.each(["linked", "@acme/linked"])("the link of the package %s leads elsewhere", async (name) => {
  await using all = await harness(
    {
      "../one/package.json": '{ "main": "main.js" }',
      "../one/main.js": text("one"),
      "../two/package.json": '{ "main": "main.js" }',
      "../two/main.js": text("two"),
      "a/node_modules/@acme/other/package.json": "{}",
      "a/tools/linked.ts": says("linked", name),
    },
    { watch: true },
  );
  await symlink(all.path("../one"), all.path(`a/node_modules/${name}`));
  await all.integrations.loadAll();
  expect(all.call("linked")).toBe("one");
  await symlink(all.path("../two"), all.path("../next"));
  await rename(all.path("../next"), all.path(`a/node_modules/${name}`));
  await untilSays(all, "linked", "two");
});

test("a stored bundle is not used for files that changed while no server ran, nor by a reload", async () => {
  await using folder = await temporaryFolder();
  const sources = [{ kind: "external" as const, dir: join(folder.path, "all") }];
  const cacheDir = join(folder.path, "cache");
  await folder.write({
    "all/_lib/text.ts": text("lib 1"),
    "all/a/query.graphql": "query 1",
    "all/a/node_modules/patched/package.json": '{ "name": "patched", "main": "main.js" }',
    "all/a/node_modules/patched/main.js": text("patched 1"),
    "all/a/tools/lib.ts": says("lib", "../../_lib/text.ts"),
    "all/a/tools/patched.ts": says("patched", "patched"),
    "all/a/tools/query.ts": `import query from "../query.graphql" with { type: "text" };\n${toolNamed("query", "() => query")}`,
  });
  const answers = (all: Awaited<ReturnType<typeof harness>>) => ["lib", "patched", "query"].map(all.call);
  const change = (round: number) =>
    folder.write({
      "all/_lib/text.ts": text(`lib ${round}`),
      "all/a/query.graphql": `query ${round}`,
      "all/a/node_modules/patched/main.js": text(`patched ${round}`),
    });
  for (const round of [1, 2]) {
    await change(round);
    await using all = await harness({}, { sources, cacheDir });
    await all.integrations.loadAll();
    expect(answers(all)).toEqual([`lib ${round}`, `patched ${round}`, `query ${round}`]);
    await change(round + 10);
    await all.integrations.reload("a");
    expect(answers(all)).toEqual([`lib ${round + 10}`, `patched ${round + 10}`, `query ${round + 10}`]);
  }
});

test("data that is imported by a name which shows no path", async () => {
  const data = (name: string, lines: string) => `${lines}\n${toolNamed(name, "() => text")}`;
  await using all = await harness(
    {
      "a/tsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["./texts/*"] } } }',
      "a/package.json":
        '{ "name": "a", "imports": { "#t/*": "./texts/*" }, "exports": { "./*": "./texts/*" } }',
      "a/texts/paths.graphql": "one",
      "a/texts/imports.txt": "one",
      "a/texts/exports.txt": "one",
      "a/texts/query.txt": "one",
      "a/texts/computed.json": '{ "text": "one" }',
      "a/texts/attribute.prompt": "one",
      "a/texts/yaml.yaml": "text: one",
      "a/tools/paths.ts": data("paths", `import text from "@/paths.graphql" with { type: "text" };`),
      "a/tools/imports.ts": data("imports", `import text from "#t/imports.txt";`),
      "a/tools/exports.ts": data("exports", `import text from "a/exports.txt";`),
      "a/tools/query.ts": data("query", `import text from "../texts/query.txt?raw";`),
      "a/tools/computed.ts": data(
        "computed",
        `const name = "computed"; const { text } = require("../texts/" + name + ".json");`,
      ),
      "a/tools/attribute.ts": data(
        "attribute",
        `const name = "attribute"; const { default: text } = await import(\`../texts/\${name}.prompt\`, { with: { type: "text" } });`,
      ),
      "a/tools/yaml.ts": data(
        "yaml",
        `const name = "yaml"; const { default: { text } } = await import("../texts/" + name + ".yaml");`,
      ),
    },
    { watch: true },
  );
  await all.integrations.loadAll();
  expect(all.integrations.get("a")?.error).toBeNull();
  const changed = {
    "paths.graphql": "two",
    "imports.txt": "two",
    "exports.txt": "two",
    "query.txt": "two",
    "computed.json": '{ "text": "two" }',
    "attribute.prompt": "two",
    "yaml.yaml": "text: two",
  };
  for (const [file, contents] of Object.entries(changed)) {
    const name = file.slice(0, file.indexOf("."));
    expect(all.call(name)).toBe("one");
    await all.write({ [`a/texts/${file}`]: contents });
    await untilSays(all, name, "two");
  }
});

test("what is loaded by a path that only the code knows goes live with the integration", async () => {
  const written = (word: string) => ({
    "a/late/module.ts": `export const word = ${JSON.stringify(word)};`,
    "a/late/common.cjs": `exports.word = ${JSON.stringify(word)};`,
    "a/late/data.json": `{ "word": ${JSON.stringify(word)} }`,
    "a/late/text.prompt": word,
  });
  await using all = await harness(
    {
      ...written("one"),
      "a/tools/t.ts": `import { createRequire } from "node:module";
        const load = createRequire(import.meta.url);
        const at = (name: string) => [import.meta.dir, "..", "late", name].join("/");
        const read = async () => [
          (await import(at("module.ts"))).word,
          (await import(at("text.prompt"), { with: { type: "text" } })).default,
          load("../late/common.cjs").word,
          load("../late/data.json").word,
          import.meta.require(at("common.cjs")).word,
        ].join(" ");
        const text = await read();
        ${toolNamed("a", "() => text")}`,
    },
    { watch: true },
  );
  await all.integrations.loadAll();
  expect(all.integrations.get("a")?.error).toBeNull();
  expect(all.call("a")).toBe("one one one one one");
  await all.write(written("two"));
  await untilSays(all, "a", "two two two two two");
});

test("a file that a macro reads while the code is bundled", async () => {
  await using all = await harness(
    {
      "a/read.ts": `import { readFileSync } from "node:fs";
        export const read = () => readFileSync(import.meta.dir + "/deep/text.txt", "utf8");`,
      "a/deep/text.txt": "one",
      "a/tools/t.ts": `import { read } from "../read.ts" with { type: "macro" };\n${toolNamed("a", "() => read()")}`,
    },
    { watch: true },
  );
  await all.integrations.loadAll();
  expect(all.call("a")).toBe("one");
  await all.write({ "a/deep/text.txt": "two" });
  await untilSays(all, "a", "two");
});

test("a shared file that a new one comes before, and a shared folder whose link leads elsewhere", async () => {
  await using all = await harness(
    {
      "_lib/x.js": text("one"),
      "first/y.ts": text("one"),
      "second/y.ts": text("two"),
      "a/tools/x.ts": says("x", "../../_lib/x"),
      "b/tools/y.ts": says("y", "../../_linked/y.ts"),
    },
    { watch: true },
  );
  await symlink("first", all.path("_linked"));
  await all.integrations.loadAll();
  expect([all.call("x"), all.call("y")]).toEqual(["one", "one"]);
  await all.write({ "_lib/x.ts": text("two") });
  await untilSays(all, "x", "two");
  await symlink("second", all.path("_newer"));
  await rename(all.path("_newer"), all.path("_linked"));
  await untilSays(all, "y", "two");
  await all.write({ "second/y.ts": text("three") });
  await untilSays(all, "y", "three");
});
