import { expect, test } from "bun:test";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../../until.ts";
import { harness, routerSaying, temporaryFolder, toolNamed } from "../harness.ts";

const helped = (text: string) => ({
  "mine/tools/_helper.ts": `export const text: string = ${JSON.stringify(text)};\n`,
});
const tool = `import { text } from "./_helper.ts";\n${toolNamed("says", "() => text")}`;

test("a changed helper goes live; if it is broken, the last good version stays; once fixed, it goes live", async () => {
  await using all = await harness(
    { ...helped("one"), "mine/tools/says.ts": tool, "mine/router.ts": routerSaying("routed") },
    { watch: true },
  );
  await all.integrations.loadAll();
  expect(all.call("says")).toBe("one");

  await all.write(helped("two"));
  await until(() => all.call("says") === "two");

  await all.write({ "mine/tools/_helper.ts": "export const text = ;\n" });
  await until(() => all.integrations.get("mine")?.status === "quarantined");
  expect(all.integrations.get("mine")).toMatchObject({
    isLive: true,
    error: { file: all.path("mine/tools/_helper.ts"), line: 1 },
  });
  expect(all.integrations.statusOf("mine")).toBe("live");
  expect(all.call("says")).toBe("two");
  expect(await all.get("mine", "/say")).toBe("routed");

  // The same text as before; its modules must run again.
  await all.write(helped("two"));
  await until(() => all.integrations.get("mine")?.status === "ready");
  await all.write(helped("one"));
  await until(() => all.call("says") === "one");
});

test("requests during reloads are all answered, and those on the old router finish there", async () => {
  const router = (version: number) => `import { Elysia } from "heddle/sdk";
    export const router = new Elysia()
      .get("/say", () => "v${version}")
      .get("/slow", async ({ request }) => { await new Promise((resolve) => setTimeout(resolve, 100)); return "slow v${version}"; });`;
  await using all = await harness({ "mine/router.ts": router(1) }, { watch: true });
  await all.integrations.loadAll();
  const slow = all.get("mine", "/slow");
  await all.write({ "mine/router.ts": router(2) });
  const said: string[] = [];
  while (said.at(-1) !== "v2") {
    said.push(await all.get("mine", "/say"));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect([...new Set(said)]).toEqual(["v1", "v2"]);
  expect(await slow).toBe("slow v1");
});

test("a hanging version does not block the one that fixes it", async () => {
  await using all = await harness({ "mine/tools/t.ts": "await new Promise(() => {});\n" }, { watch: true });
  const loading = all.integrations.loadAll();
  await until(() => all.integrations.get("mine")?.status === "loading");
  await all.write({ "mine/tools/t.ts": toolNamed("mended", "() => 'yes'") });
  await until(() => all.call("mended") === "yes");
  expect(all.integrations.get("mine")?.error).toBeNull();
  await all.integrations.close();
  // Its time limit is 15 s, for which nothing here waits.
  void loading;
});

test("new folders are loaded, removed ones are unregistered completely, others are not affected", async () => {
  const counting = `globalThis.loads = (globalThis.loads ?? 0) + 1;\n${toolNamed("counted", "() => globalThis.loads")}`;
  await using all = await harness({ "still/tools/t.ts": counting }, { watch: true });
  await all.integrations.loadAll();
  const before = all.call("counted");
  await all.write({ "fresh/tools/t.ts": toolNamed("fresh"), "fresh/router.ts": routerSaying("new") });
  await until(() => all.integrations.routerOf("fresh") && all.tools.get("fresh"));
  await all.remove("fresh");
  await until(() => !all.integrations.get("fresh"));
  expect(all.tools.get("fresh")).toBeUndefined();
  expect(all.integrations.routerOf("fresh")).toBeUndefined();
  expect(all.integrations.statusOf("fresh")).toBeUndefined();
  expect(all.call("counted")).toBe(before);
});

test("a name that becomes free goes to the integration that waited for it", async () => {
  await using all = await harness(
    { "a/tools/t.ts": toolNamed("wanted", "() => 'a'"), "b/tools/t.ts": toolNamed("wanted", "() => 'b'") },
    { watch: true },
  );
  await all.integrations.loadAll();
  expect(all.call("wanted")).toBe("a");
  await all.remove("a");
  await until(() => all.call("wanted") === "b");
  expect(all.integrations.get("b")?.status).toBe("ready");
});

test("a later source replaces an integration, and the earlier one comes back when that is removed", async () => {
  await using folder = await temporaryFolder();
  const [first, second] = [join(folder.path, "first"), join(folder.path, "second")];
  await folder.write({ "first/mine/router.ts": routerSaying("first") });
  await using all = await harness(
    {},
    {
      watch: true,
      sources: [
        { kind: "builtin", dir: first },
        { kind: "external", dir: second },
      ],
    },
  );
  await all.integrations.loadAll();
  expect(await all.get("mine", "/say")).toBe("first");
  // The second source did not exist until now.
  await folder.write({ "second/mine/router.ts": routerSaying("second") });
  await until(async () => (await all.get("mine", "/say")) === "second");
  expect(all.integrations.get("mine")).toMatchObject({ source: "external", folder: join(second, "mine") });
  await rm(join(second, "mine"), { recursive: true });
  await until(async () => (await all.get("mine", "/say")) === "first");
});

test("the target of a symbolic link is watched, and files that editors move into place are noticed", async () => {
  await using folder = await temporaryFolder();
  await folder.write({ "real/router.ts": routerSaying("one") });
  await mkdir(join(folder.path, "all"));
  await symlink(join(folder.path, "real"), join(folder.path, "all", "linked"));
  await using all = await harness(
    {},
    { watch: true, sources: [{ kind: "external", dir: join(folder.path, "all") }] },
  );
  await all.integrations.loadAll();
  await writeFile(join(folder.path, "real", ".router.ts.swp"), routerSaying("two"));
  await rename(join(folder.path, "real", ".router.ts.swp"), join(folder.path, "real", "router.ts"));
  await until(async () => (await all.get("linked", "/say")) === "two");
});

test("reload runs the files again even if nothing changed, and many reloads leave no modules behind", async () => {
  await using all = await harness({
    "mine/tools/t.ts": toolNamed("stamp", `(() => { const at = performance.now(); return () => at; })()`),
  });
  await all.integrations.loadAll();
  const first = all.call("stamp");
  await all.integrations.reload("mine");
  expect(all.call("stamp")).not.toBe(first);
  const cached = () => Object.keys(require.cache).filter((path) => path.includes("/cache/mine/")).length;
  for (let round = 0; round < 10; round++) await all.integrations.reload("mine");
  const after10 = cached();
  for (let round = 0; round < 40; round++) await all.integrations.reload("mine");
  expect(cached()).toBe(after10);
  await expect(all.integrations.reload("nobody")).rejects.toMatchObject({ code: "not_found" });
});

test("a folder that is replaced as a whole is watched again", async () => {
  await using all = await harness({ "mine/tools/t.ts": toolNamed("said", "() => 0") }, { watch: true });
  await all.integrations.loadAll();
  for (const round of [1, 2, 3]) {
    await all.remove("mine");
    await all.write({ "mine/tools/t.ts": toolNamed("said", `() => ${round}`) });
    await until(() => all.call("said") === round);
    await all.write({ "mine/tools/t.ts": toolNamed("said", `() => ${-round}`) });
    await until(() => all.call("said") === -round);
  }
});

test("data that an integration writes beside its code causes no reload", async () => {
  const stamp = toolNamed("stamp", "(() => { const at = performance.now(); return () => at; })()");
  await using all = await harness(
    { "mine/tools/t.ts": stamp, "other/tools/t.ts": toolNamed("other", "() => 1") },
    { watch: true },
  );
  await all.integrations.loadAll();
  const first = all.call("stamp");
  const data = [
    "state.db",
    "notes.log",
    "state.json",
    "notes.md",
    "rows.sql",
    "list.yaml",
    "page.html",
    "a.txt",
  ];
  await all.write(Object.fromEntries(data.map((name) => [`mine/${name}`, "1"])));
  // Once a later change of another integration is live, the earlier one has been processed.
  await all.write({ "other/tools/t.ts": toolNamed("other", "() => 2") });
  await until(() => all.call("other") === 2);
  expect(all.call("stamp")).toBe(first);
});

test("data imported by its code reloads it; if it writes such data itself, it is reloaded only for a while", async () => {
  const counting = `import { n } from "./n.json";
    import { writeFileSync } from "node:fs";
    globalThis.loadsOfMine = (globalThis.loadsOfMine ?? 0) + 1;
    if (n > 0) writeFileSync(import.meta.dir + "/n.json", JSON.stringify({ n: n + 1 }));
    ${toolNamed("counted", "() => n")}`;
  const loads = () => (globalThis as { loadsOfMine?: number }).loadsOfMine;
  await using all = await harness(
    {
      "mine/tools/t.ts": counting,
      "mine/tools/n.json": '{ "n": 0 }',
      "other/tools/t.ts": toolNamed("other", "() => 1"),
    },
    { watch: true, pace: { most: 3, pauseMs: 3_600_000 } },
  );
  await all.integrations.loadAll();
  expect(loads()).toBe(1);
  await all.write({ "mine/tools/n.json": '{ "n": 1 }' });
  await until(() => loads() === 4);
  await all.write({ "other/tools/t.ts": toolNamed("other", "() => 2") });
  await until(() => all.call("other") === 2);
  expect(loads()).toBe(4);
  // An explicit reload takes effect at once.
  await all.integrations.reload("mine");
  expect(loads()).toBe(5);
});

test("packages installed at run time are found", async () => {
  const uses = (name: string) => ({
    "mine/tools/t.ts": `import { text } from "${name}";\n${toolNamed("said", "() => text")}`,
  });
  const installed = (name: string, text: string) => ({
    [`mine/node_modules/${name}/package.json`]: JSON.stringify({ name, type: "module", main: "index.js" }),
    [`mine/node_modules/${name}/index.js`]: `export const text = ${JSON.stringify(text)};`,
  });
  await using all = await harness(uses("first-package"), { watch: true });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error?.reason).toContain("first-package");
  await all.write(installed("first-package", "one"));
  await until(() => all.call("said") === "one");
  await all.write(uses("@scope/second"));
  await until(() => all.integrations.get("mine")?.status === "quarantined");
  await all.write(installed("@scope/second", "two"));
  await until(() => all.call("said") === "two");
});

test("a package whose files appear long after its folder is found, although the integration does not change", async () => {
  await using all = await harness(
    { "mine/tools/t.ts": `import { text } from "slow";\n${toolNamed("said", "() => text")}` },
    { watch: true },
  );
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error?.reason).toContain("slow");
  const inPackage = (files: Record<string, string>) =>
    all.write(
      Object.fromEntries(
        Object.entries(files).map(([name, text]) => [`mine/node_modules/slow/${name}`, text]),
      ),
    );
  // Each step is tested before the next, because the bundler caches what was missing: the folder, its package.json, a
  // file, that file's imports.
  const tried = () => all.integrations.reload("mine");
  await mkdir(all.path("mine/node_modules/slow"), { recursive: true });
  await tried();
  await inPackage({
    "package.json": JSON.stringify({ name: "slow", type: "module", main: "dist/index.js" }),
  });
  await tried();
  await inPackage({ "dist/index.js": `export * from "./inner.js";` });
  await tried();
  await inPackage({ "dist/inner.js": `export const text = "at last";` });
  await until(() => all.call("said") === "at last");
  expect(all.integrations.get("mine")?.status).toBe("ready");
});

test("a broken folder of the same id in a later source does not end what is live", async () => {
  await using folder = await temporaryFolder();
  await folder.write({ "first/mine/router.ts": routerSaying("first") });
  await using all = await harness(
    {},
    {
      watch: true,
      sources: ["first", "second"].map((name) => ({ kind: "external", dir: join(folder.path, name) })),
    },
  );
  await all.integrations.loadAll();
  await folder.write({ "second/mine/router.ts": `throw new Error("on purpose");\n` });
  await until(() => all.integrations.get("mine")?.status === "quarantined");
  expect(all.integrations.get("mine")).toMatchObject({
    isLive: true,
    folder: join(folder.path, "second/mine"),
    error: { reason: "on purpose", file: join(folder.path, "second/mine/router.ts"), line: 1 },
  });
  expect(await all.get("mine", "/say")).toBe("first");
  await folder.write({ "second/mine/router.ts": routerSaying("second") });
  await until(async () => (await all.get("mine", "/say")) === "second");
});

test("if a folder is removed while its routes and tools run, these finish normally, and the integration is removed", async () => {
  await using all = await harness(
    {
      "mine/router.ts": `import { Elysia } from "heddle/sdk";
        export const router = new Elysia().get("/slow", async () => { await globalThis.removal.promise; return "done"; });`,
      "mine/tools/t.ts": toolNamed(
        "slow_tool",
        "async () => { await globalThis.removal.promise; return 'done'; }",
      ),
    },
    { watch: true },
  );
  const removal = Promise.withResolvers<void>();
  Object.assign(globalThis, { removal });
  await all.integrations.loadAll();
  const running = [all.get("mine", "/slow"), all.call("slow_tool")];
  await all.remove("mine");
  await until(() => !all.integrations.get("mine"));
  expect(all.tools.get("slow_tool")).toBeUndefined();
  removal.resolve();
  expect(await Promise.all(running)).toEqual(["done", "done"]);
});
