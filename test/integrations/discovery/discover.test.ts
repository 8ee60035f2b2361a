import { expect, test } from "bun:test";
import { rename, symlink, unlink } from "node:fs/promises";
import { join } from "node:path";
import { NO_CONTENT } from "../../../src/content/files.ts";
import { type Discovery, discover, discoverOne } from "../../../src/integrations/discovery/discover.ts";
import { temporaryFolder } from "../harness.ts";

test("folders are found by their contents, in order; others are reported with a reason", async () => {
  await using folder = await temporaryFolder();
  await folder.write({
    "all/b/router.ts": "",
    "all/a/tools/one.ts": "",
    "all/a/tools/_helper.ts": "",
    "all/a/tools/one.test.ts": "",
    "all/a/tools/types.d.ts": "",
    "all/a/config.js": "",
    "all/words/skills/words.md": "",
    "all/nothing/notes.txt": "",
    "all/only-config/config.ts": "",
    "all/Capital/router.ts": "",
    "all/core/router.ts": "",
    "all/_hidden/router.ts": "",
    "all/.git/router.ts": "",
    "all/file.ts": "",
  });
  const dir = join(folder.path, "all");
  const { found, notes } = await discover([{ kind: "external", dir }]);
  expect(found).toEqual([
    {
      id: "a",
      source: "external",
      folder: join(dir, "a"),
      files: { config: "config.js", tools: ["tools/one.ts"] },
      content: NO_CONTENT,
    },
    {
      id: "b",
      source: "external",
      folder: join(dir, "b"),
      files: { router: "router.ts", tools: [] },
      content: NO_CONTENT,
    },
    {
      id: "words",
      source: "external",
      folder: join(dir, "words"),
      files: { tools: [] },
      content: { ...NO_CONTENT, skills: [{ path: "skills/words.md", id: "words" }] },
    },
  ]);
  expect(notes.map(({ folder, level }) => [folder.slice(dir.length + 1), level])).toEqual([
    ["Capital", "warning"],
    ["core", "warning"],
    ["nothing", "info"],
    ["only-config", "info"],
  ]);
});

test("a later source replaces an earlier one with a notice; a missing directory is a warning", async () => {
  await using folder = await temporaryFolder();
  await folder.write({ "one/same/router.ts": "", "two/same/router.ts": "" });
  const dir = (name: string) => join(folder.path, name);
  const { found, notes } = await discover([
    { kind: "builtin", dir: dir("one") },
    { kind: "workspace", dir: dir("gone") },
    { kind: "external", dir: dir("two") },
  ]);
  expect(found.map(({ source, folder }) => [source, folder])).toEqual([["external", dir("two/same")]]);
  expect(notes).toEqual([
    { level: "warning", folder: dir("gone"), reason: "There is no such directory" },
    {
      level: "warning",
      folder: dir("two/same"),
      reason: `Replaces the integration "same" in ${dir("one/same")}`,
    },
  ]);
});

test("a tool directory contains its files directly, and two of the same name are two owners", async () => {
  await using folder = await temporaryFolder();
  await folder.write({ "x/tools/a.ts": "", "x/tools/_b.ts": "", "y/tools/c.ts": "" });
  const { found } = await discover([
    { kind: "tools", dir: join(folder.path, "x/tools") },
    { kind: "tools", dir: join(folder.path, "y/tools") },
  ]);
  expect(found.map(({ id, files }) => [id, files.tools])).toEqual([
    ["tools:tools", ["a.ts"]],
    ["tools:tools-2", ["c.ts"]],
  ]);
});

test.skipIf(process.platform === "win32")(
  "a path from which no code can be loaded is named, even behind a link",
  async () => {
    await using folder = await temporaryFolder();
    await folder.write({ "a?b/mine/router.ts": "", "a\\b/mine/tools/x.ts": "", "links/other/router.ts": "" });
    await symlink(join(folder.path, "a?b", "mine"), join(folder.path, "links", "linked"));
    const says = expect.stringMatching(
      /^Skipped: the path must not contain "\?" or "\\", because .+; got .+mine\. Rename/,
    );
    for (const name of ["a?b", "a\\b", "links"]) {
      const { found, notes } = await discover([{ kind: "external", dir: join(folder.path, name) }]);
      expect(found.map(({ id }) => id)).toEqual(name === "links" ? ["other"] : []);
      expect(notes).toEqual([{ level: "warning", folder: expect.any(String), reason: says }]);
    }
    const tools = [{ kind: "tools" as const, dir: join(folder.path, "a\\b", "mine", "tools") }];
    expect((await discover(tools)).found).toEqual([]);
    expect(await discoverOne(join(folder.path, "links", "linked"))).toMatchObject({ reason: says });
  },
);

test("an unreadable directory is distinguished from an absent one", async () => {
  await using folder = await temporaryFolder();
  // Not even root can read a loop of links.
  await symlink("loop", join(folder.path, "loop"));
  await folder.write({ file: "" });
  const reasonOf = async (name: string) =>
    (await discover([{ kind: "external", dir: join(folder.path, name) }])).notes[0]?.reason;
  expect(await reasonOf("loop")).toMatch(/^The directory cannot be read: ELOOP/);
  expect(await reasonOf("absent")).toBe("There is no such directory");
  expect(await reasonOf("file")).toBe("There is no such directory");
});

test.skipIf(process.platform === "win32")(
  "an unreadable folder or tools directory is reported, and the rest is found",
  async () => {
    await using folder = await temporaryFolder();
    await folder.write({ "all/good/router.ts": "", "all/half/router.ts": "" });
    const dir = join(folder.path, "all");
    for (const loop of ["looped", "half/tools"]) await symlink(join(dir, loop), join(dir, loop));
    const { found, notes } = await discover([{ kind: "external", dir }]);
    expect(found.map(({ id }) => id)).toEqual(["good", "half"]);
    const reason = expect.stringContaining("The directory cannot be read: ELOOP");
    expect(notes).toEqual([
      { level: "warning", folder: join(dir, "half/tools"), reason },
      { level: "warning", folder: join(dir, "looped"), reason },
    ]);
  },
);

test.skipIf(process.platform === "win32")(
  "what was found stays while it cannot be read, and is gone when it is absent",
  async () => {
    await using folder = await temporaryFolder();
    const dir = join(folder.path, "all");
    await folder.write({ "all/one/router.ts": "", "all/two/tools/a.ts": "", "other/one/hooks.ts": "" });
    const sources = [dir, join(folder.path, "other")].map((path) => ({
      kind: "external" as const,
      dir: path,
    }));
    const looped = async (path: string) => {
      await rename(path, `${path}.away`);
      // Not even root can read a loop of links.
      await symlink(path, path);
    };
    const back = async (path: string) => {
      await unlink(path);
      await rename(`${path}.away`, path);
    };
    const filesOf = ({ found }: Discovery) =>
      Object.fromEntries(found.map(({ id, files }) => [id, [files.router, files.hooks, ...files.tools]]));
    const before = await discover(sources);
    const all = { two: [undefined, undefined, "tools/a.ts"], one: [undefined, "hooks.ts"] };
    expect(filesOf(before)).toEqual(all);

    await looped(dir);
    const without = await discover(sources, before);
    expect(filesOf(without)).toEqual(all);
    expect(without.notes).toContainEqual(
      expect.objectContaining({ reason: expect.stringContaining("cannot be read: ELOOP") }),
    );
    // Nor is what it replaced taken for it.
    await looped(join(folder.path, "other"));
    expect(filesOf(await discover(sources, without))).toEqual(all);
    for (const source of [dir, join(folder.path, "other")]) await back(source);

    for (const path of ["two", "two/tools"]) {
      await looped(join(dir, path));
      expect(filesOf(await discover(sources, before))).toEqual(all);
      expect(filesOf(await discover(sources))).toEqual({ one: [undefined, "hooks.ts"] });
      await back(join(dir, path));
    }
    await rename(dir, `${dir}.gone`);
    expect(filesOf(await discover(sources, before))).toEqual({ one: [undefined, "hooks.ts"] });
  },
);
