// That these sync is held by test/power-cut; here is what they leave.

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
import { makeFolderDurably, renameDurably, syncTree, writeDurably } from "../../src/runtime/durable-file.ts";

const base = mkdtempSync(join(tmpdir(), "heddle-durable-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

test("a file is there whole, with its mode, and nothing else is", () => {
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

test("a tree with links and empty folders is synced and renamed", async () => {
  const tree = join(base, "tree");
  mkdirSync(join(tree, "empty"), { recursive: true });
  writeFileSync(join(tree, "file"), "text");
  symlinkSync("nowhere", join(tree, "link"));
  // Through these it would never come to an end.
  for (const name of ["loop", "again"]) symlinkSync(".", join(tree, name));
  await syncTree(tree);
  renameDurably(tree, join(base, "there"));
  expect(readdirSync(join(base, "there")).sort()).toEqual(["again", "empty", "file", "link", "loop"]);
});

test("what cannot be written is an error", () => {
  expect(() => writeDurably(join(base, "missing", "key"), "x", { mode: 0o600 })).toThrow("ENOENT");
});
