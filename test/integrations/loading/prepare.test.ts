import { expect, test } from "bun:test";
import { cp, readdir, readFile, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { discover } from "../../../src/integrations/discovery/discover.ts";
import { prebuild } from "../../../src/integrations/loading/prepare.ts";
import { harness, temporaryFolder, toolNamed } from "../harness.ts";

const SOURCES = {
  "home/mine/tools/_b.ts": `export const fail = () => {\n  throw new Error("inside " + import.meta.dir);\n};\n`,
  "home/mine/tools/a.ts": `import { fail } from "./_b.ts";\n${toolNamed("fails", "() => { fail(); }")}`,
};

test("a prebuilt bundle is used for identical sources, and names their current folder", async () => {
  await using folder = await temporaryFolder();
  await folder.write(SOURCES);
  const [home, moved, prebuilt] = ["home", "moved", "prebuilt"].map((name) => join(folder.path, name));
  if (!home || !moved || !prebuilt) throw new Error("unreachable");
  const [mine] = (await discover([{ kind: "builtin", dir: home }])).found;
  if (!mine) throw new Error("not found");
  expect(await prebuild(mine, prebuilt, "1.0.0")).toMatchObject({ ok: true });
  const names = (await readdir(prebuilt, { recursive: true })).filter((name) =>
    /\.(js|map|json)$/.test(name),
  );
  for (const name of names) expect(await readFile(join(prebuilt, name), "utf8")).not.toContain(folder.path);
  await cp(home, moved, { recursive: true });
  // A bundle made now would not contain this.
  const chunk = join(prebuilt, "mine", "tools", "a.js");
  await Bun.write(chunk, (await readFile(chunk, "utf8")).replace("inside ", "prebuilt "));

  await using all = await harness({}, { sources: [{ kind: "builtin", dir: moved, prebuilt }] });
  await all.integrations.loadAll();
  let error = new Error();
  try {
    all.call("fails");
  } catch (thrown) {
    error = thrown as Error;
  }
  expect(error.message).toBe(`prebuilt ${moved}/mine/tools`);
  expect(error.stack).toContain(`${moved}/mine/tools/_b.ts:2:`);

  await folder.write({
    "moved/mine/tools/_b.ts": `export const fail = () => { throw new Error("edited"); };\n`,
  });
  await all.integrations.reload("mine");
  expect(() => all.call("fails")).toThrow("edited");
});

test("a bundle is made once for the same sources, even across restarts", async () => {
  await using folder = await temporaryFolder();
  await folder.write(SOURCES);
  const sources = [{ kind: "builtin" as const, dir: join(folder.path, "home") }];
  const cache = await temporaryFolder();
  const start = async () => {
    const all = await harness({}, { sources, cacheDir: cache.path });
    await all.integrations.loadAll();
    expect(all.integrations.get("mine")?.status).toBe("ready");
    await all[Symbol.asyncDispose]();
    return (await readdir(join(cache.path, "mine"))).filter((name) => !name.includes("."));
  };
  const first = await start();
  expect(first).toHaveLength(1);
  expect(await start()).toEqual(first);
  await cache[Symbol.asyncDispose]();
});

test.each([
  ["tools/a.js, empty", (kept: string) => truncate(join(kept, "tools", "a.js"))],
  ["tools/a.js, cut short", (kept: string) => truncate(join(kept, "tools", "a.js"), 20)],
  ["a file that is missing", (kept: string) => rm(join(kept, "tools", "a.js.map"))],
  ["an empty list of them", (kept: string) => truncate(join(kept, "bundle.json"))],
])("a bundle damaged by a power cut is made again: %s", async (_what, tear) => {
  await using folder = await temporaryFolder();
  await folder.write({ "home/mine/tools/a.ts": toolNamed("works", '() => "whole"') });
  const sources = [{ kind: "builtin" as const, dir: join(folder.path, "home") }];
  await using cache = await temporaryFolder();
  const shelf = join(cache.path, "mine");
  const start = async () => {
    await using all = await harness({}, { sources, cacheDir: cache.path });
    await all.integrations.loadAll();
    expect(all.integrations.get("mine")).toMatchObject({ status: "ready", error: null });
    expect(all.call("works")).toBe("whole");
  };
  await start();
  const kept = async () => (await readdir(shelf)).filter((one) => !one.includes("."));
  const [name = ""] = await kept();
  await tear(join(shelf, name));
  await start();
  // It is complete again, and nothing of the damaged one is left; of those that were released there are source maps.
  expect(await kept()).toEqual([name]);
  await start();
  expect((await readFile(join(shelf, name, "tools", "a.js"), "utf8")).length).toBeGreaterThan(20);
});

test("an error of a version that was released long ago still names the source, and nothing is written to stderr", async () => {
  await using folder = await temporaryFolder();
  const program = `
    import { getLogger } from "@logtape/logtape";
    import { join } from "node:path";
    const { harness } = await import(process.env.HARNESS);
    const source = (version) => \`
      (globalThis.late ??= []).push(() => new Error("late \${version}"));
      \${process.env.TOOL}\`;
    await using all = await harness({ "mine/tools/a.ts": source(0) }, { cacheDir: process.env.CACHE });
    await all.integrations.loadAll();
    for (let version = 1; version < 6; version++) {
      await all.write({ "mine/tools/a.ts": source(version) });
      await all.integrations.reload("mine");
    }
    console.log(JSON.stringify(globalThis.late.map((make) => make().stack.split("\\n")[1])));
    console.log(all.path("mine/tools/a.ts"));
    process.exit(0);
  `;
  await folder.write({ "program.ts": program });
  const child = Bun.spawn([process.execPath, join(folder.path, "program.ts")], {
    cwd: join(import.meta.dir, "../../.."),
    env: {
      ...process.env,
      HARNESS: join(import.meta.dir, "../harness.ts"),
      TOOL: toolNamed("works", "() => 1"),
      CACHE: join(folder.path, "cache"),
    },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [said, warned] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  const [stacks = "[]", file = "?"] = said.trim().split("\n");
  expect(warned).toBe("");
  expect(JSON.parse(stacks)).toEqual(Array(6).fill(expect.stringContaining(`${file}:2:`)));
  // Of the released versions only the maps are left.
  const left = await readdir(join(folder.path, "cache", "mine"), { recursive: true });
  expect(left.filter((name) => name.includes("/tools/a.js.map")).length).toBeGreaterThan(6);
});
