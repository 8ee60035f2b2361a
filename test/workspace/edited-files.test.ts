// The files of an integration in an editor of the admin UI.

import { expect, test } from "bun:test";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BOT, temporaryWorkspace } from "./fixture.ts";

test("a file is read and written, and nobody's change is overwritten without a word", async () => {
  await using workspace = await temporaryWorkspace();
  const { edited, dir } = workspace;
  await workspace.write(BOT, "integrations/loom/router.ts", "of a bot", { replace: false });
  await workspace.write(BOT, "integrations/loom/tools/spin.ts", "spin", { replace: false });
  const folder = join(dir, "integrations", "loom");
  expect(await edited.list(folder)).toEqual(["router.ts", "tools/spin.ts"]);
  const read = await edited.read(folder, "router.ts");
  expect(read.text).toBe("of a bot");
  const written = await edited.write(folder, "router.ts", { text: "of a person", version: read.version });
  expect(await workspace.text("integrations/loom/router.ts")).toBe("of a person");
  expect(await edited.read(folder, "router.ts")).toEqual(written);
  // A person's file waits for nobody's approval.
  expect(workspace.recorded).toEqual(["integrations/loom/router.ts", "integrations/loom/tools/spin.ts"]);

  const refused = { code: "changed_meanwhile" };
  const late = edited.write(folder, "router.ts", { text: "late", version: read.version });
  await expect(late).rejects.toMatchObject(refused);
  await expect(edited.write(folder, "router.ts", { text: "new", version: null })).rejects.toMatchObject(
    refused,
  );
  const gone = edited.write(folder, "gone.ts", { text: "x", version: read.version });
  await expect(gone).rejects.toMatchObject(refused);
  await edited.write(folder, "new.ts", { text: "new", version: null });
  expect(await workspace.text("integrations/loom/new.ts")).toBe("new");
});

test("nothing outside of an integration's folder can be read or written", async () => {
  await using workspace = await temporaryWorkspace();
  const { edited, dir, outside } = workspace;
  const folder = join(dir, "integrations", "loom");
  await mkdir(folder, { recursive: true });
  await mkdir(outside);
  await writeFile(join(outside, "key"), "secret");
  await symlink(outside, join(folder, "link"));
  await writeFile(join(folder, "picture.png"), "\0\0");
  const file = { text: "x", version: null };
  for (const path of [
    "../other/router.ts",
    "link/key",
    "/etc/passwd",
    ".env",
    "node_modules/a.js",
    "a//b",
    "",
  ]) {
    await expect(edited.read(folder, path)).rejects.toMatchObject({ code: "validation" });
    await expect(edited.write(folder, path, file)).rejects.toMatchObject({ code: "validation" });
  }
  await expect(edited.read(folder, "picture.png")).rejects.toThrow("The file is not a text in UTF-8.");
  await writeFile(join(folder, "latin1.txt"), Buffer.from("Grüße", "latin1"));
  await expect(edited.read(folder, "latin1.txt")).rejects.toThrow("The file is not a text in UTF-8.");
  await rm(join(folder, "latin1.txt"));
  await expect(edited.read(outside, "key")).rejects.toMatchObject({ code: "conflict" });
  await expect(edited.list(dir)).rejects.toMatchObject({ code: "conflict" });
  expect(await edited.list(folder)).toEqual(["picture.png"]);
  const large = { text: "x".repeat(1024 * 1024 + 1), version: null };
  await expect(edited.write(folder, "large.ts", large)).rejects.toMatchObject({ field: "text" });
});
