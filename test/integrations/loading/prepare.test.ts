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
    return (await readdir(join(cache.path, "mine"))).sort();
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
  const [name = ""] = await readdir(shelf);
  await tear(join(shelf, name));
  await start();
  // It is complete again, and nothing of the damaged one is left.
  expect(await readdir(shelf)).toEqual([name]);
  await start();
  expect((await readFile(join(shelf, name, "tools", "a.js"), "utf8")).length).toBeGreaterThan(20);
});
