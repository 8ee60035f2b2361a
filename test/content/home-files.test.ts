import { describe, expect, test } from "bun:test";
import { lstat, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createCarapaces } from "../../src/content/carapaces/carapaces.ts";
import { openCoreContent } from "../../src/content/core-content.ts";
import { createHomeFiles } from "../../src/content/home-files.ts";
import type { ContentAbout } from "../../src/content/owned-registry.ts";
import { createSkills } from "../../src/content/skills/skills.ts";
import { createTemplates } from "../../src/content/templates/templates.ts";
import { createLog } from "../../src/log.ts";
import { skill } from "../capabilities/fixture.ts";
import { temporaryFolder } from "../integrations/harness.ts";

/** Heddle's own content, a home folder, and the registries as a server has them. */
async function open(own: Record<string, string> = {}, home: Record<string, string> = {}) {
  const folder = await temporaryFolder();
  for (const [path, text] of Object.entries(own)) await folder.write({ [`own/${path}`]: text });
  for (const [path, text] of Object.entries(home)) await folder.write({ [`home/${path}`]: text });
  const items = { skills: createSkills(), carapaces: createCarapaces(), templates: createTemplates() };
  const content = await openCoreContent({
    folders: [
      { dir: join(folder.path, "own"), origin: { kind: "builtin" } },
      { dir: join(folder.path, "home"), origin: { kind: "home" } },
    ],
    sinks: { ...items, bots: { seed: async () => [] } },
    log: await createLog({ level: "error", format: "json", redact: (text) => text, write: () => {} }),
  });
  const dir = join(folder.path, "home");
  const files = createHomeFiles({ home: dir, items, reload: content.reload });
  const versionOf = async (item: ContentAbout | undefined) =>
    (item && (await files.read(item)))?.version ?? "";
  return {
    ...{ items, files, dir, folder, versionOf },
    async [Symbol.asyncDispose]() {
      content.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe("files of the home folder", () => {
  test("a new one is in use when the call returns", async () => {
    await using on = await open();
    await on.files.write("skills", "on-call", {
      text: "---\ndescription: Alarms.\n---\nCall Ada.",
      version: null,
    });
    await on.files.write("carapaces", "night", {
      text: "# Why\nname: Night\nskills: [on-call]\n",
      version: null,
    });
    expect(on.items.skills.get("on-call")).toMatchObject({ description: "Alarms.", text: "Call Ada." });
    expect(on.items.carapaces.get("night")).toMatchObject({ name: "Night", path: "carapaces/night.yaml" });
    expect(await readFile(join(on.dir, "carapaces/night.yaml"), "utf8")).toStartWith("# Why\n");
    expect(await readdir(join(on.dir, "skills"))).toEqual(["on-call.md"]);
  });

  test("a file that changed since it was read is not overwritten", async () => {
    await using on = await open({}, { "skills/a.md": "First" });
    const version = await on.versionOf(on.items.skills.get("a"));
    await on.folder.write({ "home/skills/a.md": "Somebody else's" });
    const write = (seen: string | null) => on.files.write("skills", "a", { text: "Mine", version: seen });
    await expect(write(version)).rejects.toMatchObject({ code: "changed_meanwhile" });
    await expect(write(null)).rejects.toMatchObject({ code: "changed_meanwhile" });
    expect(await readFile(join(on.dir, "skills/a.md"), "utf8")).toBe("Somebody else's");
  });

  test("a file in another encoding is not shown, and not overwritten, with other characters", async () => {
    await using on = await open({}, { "skills/a.md": "First" });
    const item = on.items.skills.get("a");
    const version = await on.versionOf(item);
    const latin1 = Buffer.from("Grüße", "latin1");
    await writeFile(join(on.dir, "skills/a.md"), latin1);
    const refused = { code: "conflict", message: expect.stringContaining("It is not a text in UTF-8") };
    await expect(on.versionOf(item)).rejects.toMatchObject(refused);
    await expect(on.files.write("skills", "a", { text: "Mine", version })).rejects.toMatchObject(refused);
    expect(await readFile(join(on.dir, "skills/a.md"))).toEqual(latin1);
  });

  test("of two who saw the same file, one writes", async () => {
    await using on = await open({}, { "skills/a.md": "First" });
    const version = await on.versionOf(on.items.skills.get("a"));
    const ends = await Promise.allSettled(
      ["One", "Two"].map((text) => on.files.write("skills", "a", { text, version })),
    );
    expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  test("a text that could not be used is refused with its line, and changes nothing", async () => {
    await using on = await open({}, { "carapaces/a.yaml": "name: A\n" });
    const version = await on.versionOf(on.items.carapaces.get("a"));
    const write = (text: string) => on.files.write("carapaces", "a", { text, version });
    await expect(write("name: A\nlocal_tools: 3\n")).rejects.toMatchObject({
      ...{
        code: "validation",
        field: "text",
        message: expect.stringMatching(/^Line 2: local_tools must be/),
      },
    });
    await expect(write("name: [")).rejects.toThrow(/^Line 1: The text is not YAML/);
    await expect(write("id: other\n")).rejects.toThrow("id must be a, or be left out; got other.");
    await expect(write(`name: ${"x".repeat(600_000)}`)).rejects.toThrow(
      "text must be at most 512 KiB; got 586.",
    );
    expect(await readFile(join(on.dir, "carapaces/a.yaml"), "utf8")).toBe("name: A\n");
  });

  test("Heddle's own is replaced by a copy, and comes back when that is deleted", async () => {
    await using on = await open({ "skills/pdf/SKILL.md": "Own" });
    const version = await on.versionOf(on.items.skills.get("pdf"));
    await expect(on.files.remove("skills", "pdf")).rejects.toMatchObject({ code: "conflict" });
    await on.files.write("skills", "pdf", { text: "Ours", version });
    expect(on.items.skills.get("pdf")).toMatchObject({ text: "Ours", origin: { kind: "home" } });
    await on.files.remove("skills", "pdf");
    expect(on.items.skills.get("pdf")).toMatchObject({ text: "Own", origin: { kind: "builtin" } });
  });

  test("a carapace keeps the file that gives it its id, and a link stays a link", async () => {
    await using on = await open({}, { "carapaces/file.yaml": "id: declared\nname: A\n" });
    await on.files.write("carapaces", "declared", {
      ...{ text: "id: declared\nname: B\n", version: await on.versionOf(on.items.carapaces.get("declared")) },
    });
    expect(on.items.carapaces.list().map(({ name, path }) => [name, path])).toEqual([
      ["B", "carapaces/file.yaml"],
    ]);
    await mkdir(join(on.dir, "skills"), { recursive: true });
    await on.folder.write({ "elsewhere.md": "Old" });
    await symlink(join(on.folder.path, "elsewhere.md"), join(on.dir, "skills/linked.md"));
    const { version } = (await on.files.read({
      origin: { kind: "home" },
      file: join(on.dir, "skills/linked.md"),
    })) ?? {
      version: "",
    };
    await on.files.write("skills", "linked", { text: "New", version });
    expect((await lstat(join(on.dir, "skills/linked.md"))).isSymbolicLink()).toBe(true);
    expect(await readFile(join(on.folder.path, "elsewhere.md"), "utf8")).toBe("New");
  });

  test.each(["../a", "a/b", ".hidden", "_draft", "", "x".repeat(101), "a\nb"])(
    "no file is made outside the folder or under a name that is not read: %j",
    async (id) => {
      await using on = await open();
      await expect(on.files.write("skills", id, { text: "A", version: null })).rejects.toMatchObject({
        ...{ code: "validation", field: "id" },
      });
    },
  );

  test("what belongs to an integration is neither read nor changed", async () => {
    await using on = await open();
    const its = skill("integrations/github/github", "Look first.");
    on.items.skills.replaceOwner("github", [{ ...its, origin: { kind: "integration", id: "github" } }]);
    const id = "integrations/github/github";
    await expect(on.files.write("skills", id, { text: "A", version: null })).rejects.toThrow(
      "belongs to the integration github",
    );
    await expect(on.files.remove("skills", id)).rejects.toMatchObject({ code: "conflict" });
    expect(
      await on.files.read({ origin: { kind: "integration", id: "github" }, file: its.file }),
    ).toBeUndefined();
  });
});
