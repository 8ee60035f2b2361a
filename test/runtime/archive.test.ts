import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unpackArchive } from "../../src/runtime/archive.ts";

test("an archive that cannot be unpacked reports the folder, the free space and the remedy", async () => {
  const folder = mkdtempSync(join(tmpdir(), "heddle-archive-"));
  const archive = await new Bun.Archive({ "sdk/index.js": "export {};" }).blob();
  await unpackArchive(archive, folder);
  expect(readFileSync(join(folder, "sdk", "index.js"), "utf8")).toBe("export {};");
  rmSync(join(folder, "sdk"), { recursive: true });
  writeFileSync(join(folder, "sdk"), "in the way");
  await expect(unpackArchive(archive, folder)).rejects.toMatchObject({
    code: "config",
    message: expect.stringMatching(
      /heddle-archive-\w+ could not be written \(.+; \d+ MB free\)\. Free some disk space/,
    ),
  });
  rmSync(folder, { recursive: true });
});
