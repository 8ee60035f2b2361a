// Deployments that put folders and files in place by links, and switch a link for a new version.

import { expect, test } from "bun:test";
import { mkdir, rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../../until.ts";
import { harness, routerSaying, temporaryFolder, toolNamed } from "../harness.ts";

/** Replaces a link in one step, as deployments do. */
async function lead(link: string, to: string): Promise<void> {
  await symlink(to, `${link}.next`);
  await rename(`${link}.next`, link);
}

const external = (dir: string) => [{ kind: "external" as const, dir }];

test("the link on the way to a folder of integrations leads to another release", async () => {
  await using folder = await temporaryFolder();
  await folder.write({
    "releases/1/ext/mine/router.ts": routerSaying("one"),
    "releases/2/ext/mine/router.ts": routerSaying("two"),
    "releases/2/ext/more/router.ts": routerSaying("more"),
  });
  await lead(join(folder.path, "current"), "releases/1");
  const sources = external(join(folder.path, "current/ext"));
  await using all = await harness({}, { watch: true, sources });
  await all.integrations.loadAll();
  expect(await all.get("mine", "/say")).toBe("one");
  await lead(join(folder.path, "current"), "releases/2");
  await until(async () => (await all.get("mine", "/say")) === "two");
  await until(() => all.integrations.routerOf("more"));
  expect(await all.get("more", "/say")).toBe("more");
  await folder.write({ "releases/2/ext/mine/router.ts": routerSaying("three") });
  await until(async () => (await all.get("mine", "/say")) === "three");
  await lead(join(folder.path, "current"), "releases/1");
  await until(async () => (await all.get("mine", "/say")) === "one");
  expect(all.integrations.ids()).toEqual(["mine"]);
});

test("an integration, and a file of one, are links by way of a link that leads elsewhere", async () => {
  await using folder = await temporaryFolder();
  const release = (text: string) => ({
    "whole/router.ts": routerSaying(text),
    "file.ts": toolNamed("file", `() => "${text}"`),
  });
  for (const [number, text] of ["one", "two"].entries())
    for (const [name, content] of Object.entries(release(text)))
      await folder.write({ [`releases/${number + 1}/${name}`]: content });
  await lead(join(folder.path, "current"), "releases/1");
  await mkdir(join(folder.path, "ext/single/tools"), { recursive: true });
  await symlink("../current/whole", join(folder.path, "ext/whole"));
  await symlink("../../../current/file.ts", join(folder.path, "ext/single/tools/file.ts"));
  await using all = await harness({}, { watch: true, sources: external(join(folder.path, "ext")) });
  await all.integrations.loadAll();
  expect([await all.get("whole", "/say"), all.call("file")]).toEqual(["one", "one"]);
  await lead(join(folder.path, "current"), "releases/2");
  await until(async () => (await all.get("whole", "/say")) === "two" && all.call("file") === "two");
});

test("a folder of integrations appears although not even its parent existed, also by a link that led nowhere", async () => {
  await using folder = await temporaryFolder();
  await symlink("not/yet", join(folder.path, "linked"));
  const sources = [
    ...external(join(folder.path, "deep/er/ext")),
    ...external(join(folder.path, "linked/ext")),
  ];
  await using all = await harness({}, { watch: true, sources });
  await all.integrations.loadAll();
  await folder.write({ "deep/er/ext/mine/router.ts": routerSaying("deep") });
  await until(() => all.integrations.routerOf("mine"));
  await folder.write({ "not/yet/ext/other/router.ts": routerSaying("linked") });
  await until(() => all.integrations.routerOf("other"));
});

test("what Kubernetes mounts goes live when it changes, and is not taken from an earlier start", async () => {
  await using folder = await temporaryFolder();
  const mount = (version: string) => ({
    [`ext/mine/..${version}/router.ts`]: `import { text } from "./lib/text.ts";
      import { Elysia } from "heddle/sdk";
      export const router = new Elysia().get("/say", () => text);`,
    [`ext/mine/..${version}/lib/text.ts`]: `export const text = "${version}";`,
    [`ext/mine/..${version}/tools/said.ts`]: toolNamed("said", `() => "${version}"`),
  });
  const link = join(folder.path, "ext/mine/..data");
  await folder.write({ ...mount("1"), ...mount("2"), ...mount("3") });
  await lead(link, "..1");
  for (const name of ["router.ts", "lib", "tools"])
    await symlink(`..data/${name}`, join(folder.path, "ext/mine", name));
  const options = {
    watch: true,
    sources: external(join(folder.path, "ext")),
    cacheDir: join(folder.path, "cache"),
  };
  {
    await using all = await harness({}, options);
    await all.integrations.loadAll();
    expect(all.integrations.get("mine")?.error).toBeNull();
    expect([await all.get("mine", "/say"), all.call("said")]).toEqual(["1", "1"]);
    await lead(link, "..2");
    await until(async () => (await all.get("mine", "/say")) === "2" && all.call("said") === "2");
  }
  await lead(link, "..3");
  await using all = await harness({}, options);
  await all.integrations.loadAll();
  expect([await all.get("mine", "/say"), all.call("said")]).toEqual(["3", "3"]);
});
