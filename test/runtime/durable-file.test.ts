// test/power-cut checks that these functions sync; this checks the resulting files.

import { afterAll, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeFolderDurably, renameSynced, writeDurably } from "../../src/runtime/durable-file.ts";
import { syncTree } from "../../src/runtime/sync-tree.ts";

const base = mkdtempSync(join(tmpdir(), "heddle-durable-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

test("writes the complete file with its mode, and leaves nothing else behind", () => {
  const folder = join(base, "a", "b");
  makeFolderDurably(folder, { mode: 0o700 });
  makeFolderDurably(folder, { mode: 0o700 });
  writeDurably(join(folder, "key"), "one", { mode: 0o600 });
  writeDurably(join(folder, "key"), "two", { mode: 0o600 });
  expect(readdirSync(folder)).toEqual(["key"]);
  expect(readFileSync(join(folder, "key"), "utf8")).toBe("two");
  expect(statSync(join(folder, "key")).mode & 0o777).toBe(0o600);
  expect(statSync(join(base, "a")).mode & 0o777).toBe(0o700);
});

test("syncs and renames a tree with links and empty folders", async () => {
  const tree = join(base, "tree");
  mkdirSync(join(tree, "empty"), { recursive: true });
  writeFileSync(join(tree, "file"), "text");
  symlinkSync("nowhere", join(tree, "link"));
  // Following these links would never end.
  for (const name of ["loop", "again"]) symlinkSync(".", join(tree, name));
  await syncTree(tree);
  await renameSynced(tree, join(base, "there"));
  expect(readdirSync(join(base, "there")).sort()).toEqual(["again", "empty", "file", "link", "loop"]);
});

test("throws if the file cannot be written", () => {
  expect(() => writeDurably(join(base, "missing", "key"), "x", { mode: 0o600 })).toThrow("ENOENT");
});
