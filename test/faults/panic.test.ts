// PostgreSQL panics if its log cannot be written. WebAssembly then loops for ever, so the process must be ended; after
// a restart the server has everything it acknowledged.

import { afterAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeHome } from "../databases-of-run.ts";
import { killAll, launch } from "./process.ts";
import { readStored } from "./stored.ts";
import { pullRequests, send, WEBHOOK_SECRET } from "./webhooks.ts";

const base = makeHome();
afterAll(async () => {
  await killAll();
  rmSync(base, { recursive: true, force: true });
});

test("a PANIC ends the process with its reason, and nothing is lost", async () => {
  const home = join(base, "home");
  const marker = join(base, "the disk fails");
  const program = [
    process.execPath,
    "--preload",
    join(import.meta.dirname, "failing-disk-preload.ts"),
    join(import.meta.dirname, "../../src/main.ts"),
  ];
  const environment = { GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET, FAILING_DISK: marker, LOG_FORMAT: "json" };
  const options = { program, arguments: ["--home", home, "--port", "0"], environment };
  const first = launch(options);
  const url = await first.started;
  const acknowledged = pullRequests(20, 4);
  for (const webhook of acknowledged) expect((await send(url, webhook)).ok).toBe(true);

  writeFileSync(marker, "");
  const refused = await send(url, pullRequests(1, 1)[0] ?? (acknowledged[0] as never)).catch(() => undefined);
  expect(refused?.ok).not.toBe(true);
  expect(await first.ended).toBe(70);
  expect(first.errors()).toMatch(/"level":"ERROR","message":"[^\n]*PANIC[^\n]*exits now with code 70/);

  // While the disk fails, a start fails as well, but does not hang.
  const second = launch(options);
  await expect(second.started).rejects.toThrow("cannot be opened");
  expect(await second.ended).toBe(1);

  rmSync(marker);
  const stored = await readStored({ home, databaseUrl: undefined });
  const keys = stored.messages.map(({ dedupe_key }) => dedupe_key?.slice(dedupe_key.indexOf(":") + 1));
  expect(acknowledged.filter(({ id }) => !keys.includes(id))).toEqual([]);
}, 120_000);
