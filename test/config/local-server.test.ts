import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findServer } from "../../src/config/local-server.ts";

const base = mkdtempSync(join(tmpdir(), "heddle-local-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** A home with a folder for what runs. */
function homeOf(name: string): { home: string; file: string } {
  const home = join(base, name);
  mkdirSync(join(home, "run"), { recursive: true });
  return { home, file: join(home, "run", "server.json") };
}

test("where no server runs there is none", () => {
  expect(findServer(homeOf("empty").home)).toBeUndefined();
  expect(findServer(join(base, "missing"))).toBeUndefined();
  writeFileSync(join(base, "file"), "");
  expect(findServer(join(base, "file"))).toBeUndefined();
});

test("what cannot be looked at is not taken for nothing", () => {
  const { home, file } = homeOf("loop");
  // As with the folder of another user, which root's tests cannot have.
  symlinkSync(file, file);
  expect(() => findServer(home)).toThrow(`${file} cannot be read: ELOOP`);
});
