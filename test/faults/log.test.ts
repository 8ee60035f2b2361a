// With a standard error that cannot be written, requests are still answered and SIGTERM still works.

import { afterAll, expect, test } from "bun:test";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { quickDatabase } from "../database.ts";
import { WITHOUT_OPTIMISERS } from "../optimisers.ts";
import { PROGRAM } from "../program.ts";
import { until } from "../until.ts";
import { ADMIN_KEY } from "./process.ts";
import { pullRequests, send, WEBHOOK_SECRET } from "./webhooks.ts";

const base = mkdtempSync(join(tmpdir(), "heddle-log-"));
const quick = quickDatabase();
const full = join(base, "full");
const mounted =
  process.platform === "linux" &&
  spawnSync("sh", ["-c", `mkdir ${full} && mount -t tmpfs -o size=1m tmpfs ${full}`]).status === 0;
afterAll(() => {
  if (mounted) spawnSync("sh", ["-c", `umount -l ${full}`]);
  rmSync(base, { recursive: true, force: true });
});

async function start(stderr: number | "pipe"): Promise<{ url: string; child: ChildProcess }> {
  const [program = "", ...first] = PROGRAM;
  const child = spawn(
    program,
    [...first, "serve", "--home", join(base, crypto.randomUUID()), "--port", "0"],
    {
      stdio: ["ignore", "pipe", stderr],
      env: {
        ...WITHOUT_OPTIMISERS,
        ...(await quick()),
        LOG_LEVEL: "debug",
        API_KEY: ADMIN_KEY,
        GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET,
      },
    },
  );
  if (!child.stdout) throw new Error("no output");
  for await (const line of createInterface(child.stdout)) {
    const url = /listening on (\S+)/.exec(line)?.[1];
    if (url) return { url, child };
  }
  throw new Error("it ended before it listened");
}

async function expectToWork({ url, child }: { url: string; child: ChildProcess }): Promise<void> {
  for (const webhook of pullRequests(10, 10)) expect((await send(url, webhook)).ok).toBe(true);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
}

test("a device that is always full", async () => {
  const descriptor = openSync("/dev/full", "w");
  await expectToWork(await start(descriptor));
  closeSync(descriptor);
}, 60_000);

test("a pipe without a reader, and a closed pipe", async () => {
  const blocked = await start("pipe");
  // Node buffers 64 kB of an unread stream, and the system as much again.
  await expectToWork(blocked);
  const closed = await start("pipe");
  closed.child.stderr?.destroy();
  await expectToWork(closed);
}, 60_000);

test.skipIf(!mounted)(
  "a full disk; once there is room again, the log says how much is missing",
  async () => {
    const path = join(full, "heddle.log");
    const filler = join(full, "filler");
    const descriptor = openSync(path, "a");
    const server = await start(descriptor);
    fill(filler);
    for (const webhook of pullRequests(30, 30)) expect((await send(server.url, webhook)).ok).toBe(true);
    rmSync(filler);
    await until(
      async () => {
        await fetch(`${server.url}/integrations/github/webhook`, { method: "POST" });
        return readFileSync(path, "utf8");
      },
      (text) => /\d+ log lines could not be written and are lost/.test(text),
    );
    await expectToWork(server);
    closeSync(descriptor);
  },
  60_000,
);

function fill(path: string): void {
  const descriptor = openSync(path, "w");
  try {
    for (;;) writeSync(descriptor, Buffer.alloc(4096));
  } catch {
    closeSync(descriptor);
  }
}
