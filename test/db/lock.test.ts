import { afterAll, expect, onTestFinished, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockFolder } from "../../src/db/lock.ts";

const base = mkdtempSync(join(tmpdir(), "heddle-lock-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const folder = () => join(base, crypto.randomUUID(), "db");

test("a second lock is refused with the holder's process id, even in the same process", () => {
  const path = folder();
  const lock = lockFolder(path);
  expect(() => lockFolder(path)).toThrow(`in use by another Heddle (process ${process.pid})`);
  lock.release();
  lockFolder(path).release();
});

test("a killed holder leaves nothing to clean up, even if its process id is reused", async () => {
  const path = folder();
  const holder = spawn(process.execPath, [join(import.meta.dirname, "lock-holder.ts"), path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void holder.kill("SIGKILL"));
  await once(holder.stdout, "data");
  expect(() => lockFolder(path)).toThrow(`(process ${holder.pid})`);
  holder.kill("SIGKILL");
  await once(holder, "exit");
  // The recorded id now belongs to a living process, as after its reuse.
  writeFileSync(`${path}.pid`, `${process.pid}\n`);
  lockFolder(path).release();
});
