import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findServer } from "../../src/config/local-server.ts";

const base = mkdtempSync(join(tmpdir(), "heddle-local-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** A home with a folder for the running server's files. */
function homeOf(name: string): { home: string; file: string } {
  const home = join(base, name);
  mkdirSync(join(home, "run"), { recursive: true });
  return { home, file: join(home, "run", "server.json") };
}

test("without a running server, none is found", () => {
  expect(findServer(homeOf("empty").home)).toBeUndefined();
  expect(findServer(join(base, "missing"))).toBeUndefined();
  writeFileSync(join(base, "file"), "");
  expect(findServer(join(base, "file"))).toBeUndefined();
});

test("an inaccessible folder is not mistaken for an absent server", () => {
  const { home, file } = homeOf("loop");
  // Simulates the folder of another user, which root could read.
  symlinkSync(file, file);
  expect(() => findServer(home)).toThrow(`${file} cannot be read: ELOOP`);
});
