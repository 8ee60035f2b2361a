import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { link, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { createOverwritten } from "../../src/workspace/overwritten.ts";
import { MAX_FILE_BYTES } from "../../src/workspace/workspace.ts";
import { BOT, temporaryWorkspace } from "./fixture.ts";

const REPLACE = { replace: true };

describe("files of bots", () => {
  test("a written file can be read, listed and searched; folders are created", async () => {
    await using workspace = await temporaryWorkspace();
    expect(await workspace.write(BOT, "common/a/notes.md", "One\nTwo ideas\n", REPLACE)).toEqual({
      path: "common/a/notes.md",
      bytes: 14,
      outcome: "created",
    });
    await workspace.write(BOT, "bots/helper/mine.txt", "My IDEA", REPLACE);
    expect(await workspace.read(BOT, "common/a/notes.md")).toBe("One\nTwo ideas\n");
    expect((await workspace.list(BOT, "", { recursive: false })).items.map(({ path }) => path)).toEqual([
      "bots",
      "common",
      "integrations",
      "users",
    ]);
    expect(await workspace.list(BOT, "common/", { recursive: true })).toEqual({
      items: [
        { path: "common/a", kind: "folder" },
        { path: "common/a/notes.md", kind: "file" },
      ],
      truncated: false,
    });
    expect((await workspace.search(BOT, "idea", "")).items).toEqual([
      { path: "bots/helper/mine.txt", line: 1, text: "My IDEA" },
      { path: "common/a/notes.md", line: 2, text: "Two ideas" },
    ]);
    expect(await workspace.write(BOT, "common/a/notes.md", "New", REPLACE)).toMatchObject({
      outcome: "replaced",
    });
    expect(await workspace.text("common/a/notes.md")).toBe("New");
  });

  test("writing the same content again writes and records nothing", async () => {
    await using workspace = await temporaryWorkspace();
    await workspace.write(BOT, "integrations/mine/a.ts", "1", REPLACE);
    const again = await workspace.write({ ...BOT, botId: "other" }, "integrations/mine/a.ts", "1", REPLACE);
    expect(again.outcome).toBe("unchanged");
    expect(workspace.recorded).toEqual(["integrations/mine/a.ts"]);
  });

  test("a person's file is backed up before a bot overwrites it, a bot's file is not", async () => {
    await using workspace = await temporaryWorkspace();
    const put = (text: string) => writeFile(join(workspace.dir, "common/plan.md"), text);
    const kept = async () => {
      const names = await readdir(join(workspace.kept, "common/plan.md")).catch(() => []);
      const files = names
        .sort()
        .map((name) => readFile(join(workspace.kept, "common/plan.md", name), "utf8"));
      return Promise.all(files);
    };
    await put("the plan");
    await workspace.write(BOT, "common/plan.md", "the plan", REPLACE);
    expect(await kept()).toEqual([]);
    await workspace.write(BOT, "common/plan.md", "a bot's", REPLACE);
    await workspace.write({ ...BOT, botId: "other" }, "common/plan.md", "another bot's", REPLACE);
    expect(await kept()).toEqual(["the plan"]);
    await put("mended");
    await workspace.write(BOT, "common/plan.md", "a bot's", REPLACE);
    expect(await kept()).toEqual(["the plan", "mended"]);
    // A file that cannot be backed up is not overwritten.
    await put("x".repeat(MAX_FILE_BYTES + 1));
    await expect(workspace.write(BOT, "common/plan.md", "a bot's", REPLACE)).rejects.toMatchObject({
      code: "validation",
    });
    expect((await workspace.text("common/plan.md")).length).toBe(MAX_FILE_BYTES + 1);
  });

  test("the newest copies are kept, up to a number and a size", async () => {
    await using workspace = await temporaryWorkspace();
    const names = async () =>
      (await readdir(workspace.kept, { recursive: true })).filter((name) => name.includes(".")).sort();
    const few = createOverwritten({ dir: workspace.kept, maxFiles: 3, maxBytes: 100 });
    for (const n of [1, 2, 3, 4]) {
      await few.keep(`common/${n}`, Buffer.from("abc"));
      // Copies are ordered by their modification time.
      await Bun.sleep(5);
    }
    expect((await names()).map((name) => name.split("/")[1])).toEqual(["2", "3", "4"]);
    await few.keep("common/5", Buffer.alloc(99));
    expect((await names()).map((name) => name.split("/")[1])).toEqual(["5"]);
  });

  test("an existing file is replaced only if requested", async () => {
    await using workspace = await temporaryWorkspace();
    await workspace.write(BOT, "common/a.md", "old", REPLACE);
    await expect(workspace.write(BOT, "common/a.md", "new", { replace: false })).rejects.toMatchObject({
      code: "conflict",
    });
    expect(await workspace.text("common/a.md")).toBe("old");
  });

  test("in bots/ a bot has only its own folder", async () => {
    await using workspace = await temporaryWorkspace();
    await workspace.write({ botId: "other", taskId: null }, "bots/other/secret.txt", "needle", REPLACE);
    expect((await workspace.list(BOT, "", { recursive: true })).items.map(({ path }) => path)).not.toContain(
      "bots/other",
    );
    expect((await workspace.search(BOT, "needle", "")).items).toEqual([]);
    for (const path of ["bots/other/secret.txt", "bots/other"]) {
      await expect(workspace.read(BOT, path)).rejects.toMatchObject({ code: "forbidden" });
      await expect(workspace.list(BOT, path, { recursive: true })).rejects.toMatchObject({
        code: "forbidden",
      });
      await expect(workspace.search(BOT, "needle", path)).rejects.toMatchObject({ code: "forbidden" });
    }
    await expect(workspace.write(BOT, "bots/other/x", "", REPLACE)).rejects.toMatchObject({
      code: "forbidden",
    });
  });

  test("an integration from another folder cannot be overwritten", async () => {
    await using workspace = await temporaryWorkspace({
      whyNotIntegration: (id) => (id === "github" ? "It is built in" : undefined),
    });
    await expect(workspace.write(BOT, "integrations/github/router.ts", "", REPLACE)).rejects.toMatchObject({
      code: "forbidden",
    });
    expect((await workspace.write(BOT, "integrations/mine/router.ts", "", REPLACE)).outcome).toBe("created");
  });

  test("sizes are limited, lists are truncated, and binary files are rejected", async () => {
    await using workspace = await temporaryWorkspace();
    const big = "x".repeat(MAX_FILE_BYTES + 1);
    await expect(workspace.write(BOT, "common/big", big, REPLACE)).rejects.toMatchObject({
      code: "payload_too_large",
    });
    await writeFile(join(workspace.dir, "common/big"), big);
    await expect(workspace.read(BOT, "common/big")).rejects.toMatchObject({ code: "validation" });
    await writeFile(join(workspace.dir, "common/binary"), "a\0b");
    await expect(workspace.read(BOT, "common/binary")).rejects.toMatchObject({ code: "validation" });
    for (let n = 0; n < 501; n++) await writeFile(join(workspace.dir, `common/f${n}`), "match\n".repeat(2));
    const list = await workspace.list(BOT, "common", { recursive: false });
    expect([list.items.length, list.truncated]).toEqual([500, true]);
    const found = await workspace.search(BOT, "match", "");
    expect([found.items.length, found.truncated]).toEqual([100, true]);
  });
});

describe("paths", () => {
  const REFUSED = [
    "/etc/passwd",
    "../outside/secret",
    "common/../../outside/secret",
    "common/..",
    "..",
    "./common/a",
    "common//a",
    "common/./a",
    "workspace-other/a",
    "commonplace/a",
    "secret",
    "C:/a",
    "C:\\a",
    "common\\..\\..\\a",
    "common/a\0.txt",
    "common/a\nb",
    "common/a:stream",
    "common/.env",
    "common/.git/config",
    "common/NUL",
    "common/con.txt",
    "common/COM1",
    "common/a.",
    "common/a ",
    "common/a?",
    "integrations/mine/node_modules/x/index.js",
    "integrations/mine/Node_Modules/x.js",
    `common/${"a".repeat(201)}`,
    `common/${"a/".repeat(20)}a`,
    "common/\ud800",
    "~/a",
    "%2e%2e/a",
  ];
  test.each(REFUSED)("%j is refused everywhere", async (path) => {
    await using workspace = await temporaryWorkspace();
    await mkdir(workspace.outside);
    await writeFile(join(workspace.outside, "secret"), "secret");
    const refused = { code: "validation", field: "path" };
    await expect(workspace.read(BOT, path)).rejects.toMatchObject(refused);
    await expect(workspace.list(BOT, path, { recursive: true })).rejects.toMatchObject(refused);
    await expect(workspace.search(BOT, "secret", path)).rejects.toMatchObject(refused);
    await expect(workspace.write(BOT, path, "x", REPLACE)).rejects.toMatchObject(refused);
    await Promise.resolve();
    expect(await workspace.everything()).toEqual([]);
    expect(workspace.recorded).toEqual([]);
  });

  test.each([
    "common",
    "common/",
    "",
    "integrations/a.ts",
    "integrations/tsconfig.json",
    ...[
      "tsconfig.json",
      "tsconfig.base.json",
      "TSConfig.json",
      "jsconfig.json",
      "package.json",
      "bunfig.toml",
    ].map((name) => `common/lib/${name}`),
    ...["bun.lock", "bun.lockb", "yarn.lock", "deno.json"].map((name) => `bots/helper/${name}`),
    "integrations/Mine/a.ts",
    "integrations/-a/b.ts",
  ])("%j cannot be written", async (path) => {
    await using workspace = await temporaryWorkspace();
    await expect(workspace.write(BOT, path, "x", REPLACE)).rejects.toMatchObject({
      code: "validation",
      field: "path",
    });
  });

  test("whatever a path contains, nothing is created outside the workspace", async () => {
    await using workspace = await temporaryWorkspace();
    const part = fc.constantFrom(
      "common",
      "integrations",
      "..",
      ".",
      "",
      "a",
      "mine",
      "\\",
      "~",
      "C:",
      " ",
      "b.ts",
      "\0",
      "ﬀ",
      "e\u0301",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 6 }), async (parts) => {
        const path = parts.join("/");
        const before = await readdir(join(workspace.dir, ".."));
        const written = await workspace.write(BOT, path, "x", REPLACE).catch(() => undefined);
        expect(await readdir(join(workspace.dir, ".."))).toEqual(before);
        if (written) expect(await workspace.everything()).toContain(written.path);
      }),
      { numRuns: 200 },
    );
  });
});

describe("links", () => {
  test("a link is never followed: not to a file, not through a folder, not inside the workspace, not dangling", async () => {
    await using workspace = await temporaryWorkspace();
    await mkdir(workspace.outside);
    await writeFile(join(workspace.outside, "secret"), "secret");
    const common = join(workspace.dir, "common");
    await mkdir(join(common, "real"));
    await writeFile(join(common, "real", "file"), "inside");
    await symlink(join(workspace.outside, "secret"), join(common, "to-file"));
    await symlink(workspace.outside, join(common, "to-folder"));
    await symlink("real", join(common, "to-inside"));
    await symlink("/nowhere/at/all", join(common, "dangling"));
    const paths = [
      "common/to-file",
      "common/to-folder/secret",
      "common/to-inside/file",
      "common/dangling",
      "common/to-folder/new",
    ];
    for (const path of paths) {
      await expect(workspace.read(BOT, path)).rejects.toMatchObject({ name: "HeddleError" });
      const overwriting = workspace.write(BOT, path, "overwritten", REPLACE);
      await expect(overwriting).rejects.toMatchObject({ name: "HeddleError" });
    }
    await expect(workspace.list(BOT, "common/to-folder", { recursive: true })).rejects.toMatchObject({
      code: "validation",
    });
    expect((await workspace.list(BOT, "common", { recursive: true })).items.map(({ path }) => path)).toEqual([
      "common/real",
      "common/real/file",
    ]);
    expect((await workspace.search(BOT, "secret", "")).items).toEqual([]);
    expect(await readFile(join(workspace.outside, "secret"), "utf8")).toBe("secret");
    expect(await readdir(workspace.outside)).toEqual(["secret"]);
  });

  test("overwriting one hard link of a file leaves the other unchanged", async () => {
    await using workspace = await temporaryWorkspace();
    await mkdir(workspace.outside);
    await writeFile(join(workspace.outside, "secret"), "secret");
    await link(join(workspace.outside, "secret"), join(workspace.dir, "common/other-name"));
    await workspace.write(BOT, "common/other-name", "new", REPLACE);
    expect(await readFile(join(workspace.outside, "secret"), "utf8")).toBe("secret");
  });

  test("reading a named pipe does not block", async () => {
    await using workspace = await temporaryWorkspace();
    execFileSync("sh", ["-c", `mkfifo "$0"`, join(workspace.dir, "common/pipe")]);
    await expect(workspace.read(BOT, "common/pipe")).rejects.toMatchObject({ code: "validation" });
    await expect(workspace.write(BOT, "common/pipe", "x", REPLACE)).rejects.toMatchObject({
      code: "validation",
    });
  });

  test("swapping a folder for a link to the outside lets nothing be read or written there", async () => {
    await using workspace = await temporaryWorkspace();
    const common = join(workspace.dir, "common");
    await mkdir(workspace.outside);
    await writeFile(join(workspace.outside, "file"), "secret");
    const [swapped, aside] = [join(common, "swapped"), join(common, "aside")];
    await mkdir(swapped);
    await writeFile(join(swapped, "file"), "inside");
    let done = false;
    const swapping = (async () => {
      while (!done) {
        await rename(swapped, aside);
        // A write may have created the folder again by now.
        await symlink(workspace.outside, swapped).catch(() => {});
        await rm(swapped, { recursive: true, force: true });
        while (
          !(await rename(aside, swapped).then(
            () => true,
            () => false,
          ))
        )
          await rm(swapped, { recursive: true, force: true });
      }
    })();
    const read: string[] = [];
    for (let n = 0; n < 300; n++) {
      await workspace.read(BOT, "common/swapped/file").then(
        (text) => read.push(text),
        () => {},
      );
      await workspace.write(BOT, "common/swapped/written", `${n}`, REPLACE).catch(() => {});
    }
    done = true;
    await swapping;
    expect(read).not.toContain("secret");
    expect(await readdir(workspace.outside)).toEqual(["file"]);
    expect(await readFile(join(workspace.outside, "file"), "utf8")).toBe("secret");
  });
});

describe("failing writes", () => {
  test("a write that cannot be recorded leaves nothing behind, not even its folders", async () => {
    await using workspace = await temporaryWorkspace({
      writes: {
        record: async () => {
          throw new Error("the database is away");
        },
        isOfBot: async () => false,
      },
    });
    await expect(workspace.write(BOT, "common/new/deep/a.md", "x", REPLACE)).rejects.toThrow("away");
    await writeFile(join(workspace.dir, "common/old"), "old");
    await workspace.write(BOT, "common/old", "new", REPLACE).catch(() => {});
    expect(await workspace.everything()).toEqual(["common/old"]);
    expect(await workspace.text("common/old")).toBe("old");
    expect(await readdir(join(workspace.dir, "common"))).toEqual(["old"]);
  });

  test("a folder with the file's name, or a file in place of a folder, is left unchanged", async () => {
    await using workspace = await temporaryWorkspace();
    await mkdir(join(workspace.dir, "common/folder"));
    await writeFile(join(workspace.dir, "common/file"), "file");
    const paths = ["common/folder", "common/file/below"];
    for (const path of paths)
      await expect(workspace.write(BOT, path, "x", REPLACE)).rejects.toMatchObject({ code: "validation" });
    await Promise.allSettled(paths.map((path) => workspace.write(BOT, path, "x", REPLACE)));
    expect(await workspace.everything()).toEqual(["common/file"]);
  });

  test("an unfinished write of a killed process is removed at the next start, and never visible", async () => {
    await using first = await temporaryWorkspace();
    const left = join(first.dir, `common/.heddle-${crypto.randomUUID()}.tmp`);
    await writeFile(left, "half");
    expect((await first.list(BOT, "common", { recursive: true })).items).toEqual([]);
    const { createWorkspace } = await import("../../src/workspace/workspace.ts");
    await createWorkspace({
      dir: first.dir,
      writes: { record: async () => {}, isOfBot: async () => false },
      overwritten: createOverwritten({ dir: first.kept }),
      whyNotIntegration: () => undefined,
    });
    expect(await first.everything()).toEqual([]);
  });

  test("of many concurrent writes one ends up complete", async () => {
    await using workspace = await temporaryWorkspace();
    const contents = Array.from({ length: 20 }, (_, n) => `${n}`.repeat(10_000));
    await Promise.all(contents.map((content) => workspace.write(BOT, "common/a", content, REPLACE)));
    expect(contents).toContain(await workspace.text("common/a"));
    expect(await workspace.everything()).toEqual(["common/a"]);
  });
});
