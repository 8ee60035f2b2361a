import { afterAll, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { makeHome } from "../databases-of-run.ts";
import { pullRequests, send, WEBHOOK_SECRET } from "../faults/webhooks.ts";

const home = makeHome();
afterAll(() => rmSync(home, { recursive: true, force: true }));

test("each webhook is on disk before its response", async () => {
  const server = spawn(
    process.execPath,
    [
      "--preload",
      join(import.meta.dirname, "sync-order.ts"),
      join(import.meta.dirname, "../../src/main.ts"),
      ...["serve", "--home", home, "--port", "0"],
    ],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: { GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET, API_KEY: "key-of-the-sync-test", LOG_FORMAT: "json" },
    },
  );
  const ended = once(server, "exit");
  const said = new Map<string, string>();
  const url = Promise.withResolvers<string>();
  createInterface(server.stdout).on("line", (line) => {
    const listening = /listening on (\S+)/.exec(line)?.[1];
    if (listening) url.resolve(listening);
    const verdict = /^(on the disk|only said) (\S+)$/.exec(line);
    if (verdict) said.set(verdict[2] ?? "", verdict[1] ?? "");
  });
  try {
    const webhooks = pullRequests(60, 5);
    const address = await Promise.race([url.promise, ended.then(() => Promise.reject(new Error("ended")))]);
    // First sequential webhooks, each with its own commit, then many that share one.
    for (const webhook of webhooks.slice(0, 20)) expect((await send(address, webhook)).ok).toBe(true);
    const answers = await Promise.all(webhooks.slice(20).map((webhook) => send(address, webhook)));
    expect(answers.map(({ status }) => status).filter((status) => status !== 202 && status !== 200)).toEqual(
      [],
    );
    server.kill("SIGTERM");
    await ended;
    expect(webhooks.map(({ id }) => said.get(id))).toEqual(webhooks.map(() => "on the disk"));
  } finally {
    server.kill("SIGKILL");
  }
}, 60_000);
