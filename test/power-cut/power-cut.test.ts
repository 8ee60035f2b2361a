// The power fails at random moments under real load, and the disk keeps only what was synced plus a random part of the
// rest. Nothing acknowledged is lost, and every start finds a usable home.

import { afterAll, expect, test } from "bun:test";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { getLogger } from "@logtape/logtape";
import { openDatabase } from "../../src/db/open.ts";
import { messages, tasks } from "../../src/db/schema.ts";
import { makeHome } from "../databases-of-run.ts";
import { killAll, launch } from "../faults/process.ts";
import { createRandom } from "../faults/random.ts";
import { pullRequests, send, WEBHOOK_SECRET } from "../faults/webhooks.ts";
import { until } from "../until.ts";

const CONNECTIONS = 8;
/**
 * Number of writes and syncs before the power fails; the first failure is during the first start, which unpacks the
 * database.
 */
const CUTS = [
  [1, 1_200],
  [200, 3_500],
  [2_500, 6_000],
] as const;

const base = makeHome();
afterAll(async () => {
  await killAll();
  rmSync(base, { recursive: true, force: true });
});

test("after power cuts everything acknowledged is still there", async () => {
  const random = createRandom("power-cut.test.ts");
  const webhooks = pullRequests(20_000, 12).values();
  const acknowledged: { delivery: string; task: string }[] = [];
  let home = join(base, "home-0");
  mkdirSync(home, { mode: 0o700 });

  for (const [round, [min, max]] of CUTS.entries()) {
    const copy = join(base, `copy-${round}`);
    const next = join(base, `home-${round + 1}`);
    cpSync(home, copy, { recursive: true });
    const heddle = launch({
      program: [
        process.execPath,
        "--preload",
        join(import.meta.dirname, "preload.ts"),
        join(import.meta.dirname, "../../src/main.ts"),
      ],
      arguments: ["--home", home, "--port", "0"],
      environment: {
        GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET,
        POWER_CUT_ROOT: home,
        POWER_CUT_COPY: copy,
        POWER_CUT_TARGET: next,
        POWER_CUT_AFTER: String(random.between(min, max)),
        FAULTS_SEED: String(random.between(1, 2 ** 31)),
      },
    });
    let isOn = true;
    const ended = heddle.ended.then((end) => {
      isOn = false;
      return end;
    });
    const url = await Promise.race([heddle.started.catch(() => undefined), ended.then(() => undefined)]);
    const work = async () => {
      while (isOn && url !== undefined) {
        const webhook = webhooks.next().value;
        if (!webhook) throw new Error("there are too few webhooks");
        const answer = await send(url, webhook).catch(() => undefined);
        // Between the cut and the end of the process, requests fail at once.
        if (!answer) await Bun.sleep(5);
        if (!answer?.ok) continue;
        // An incomplete response does not count as an acknowledgement.
        const body = (await answer.json().catch(() => undefined)) as { task_id: string } | undefined;
        if (body) acknowledged.push({ delivery: webhook.id, task: body.task_id });
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, work));
    const end = await ended;
    if (end !== "SIGKILL") throw new Error(`round ${round} ended with ${end}: ${heddle.errors()}`);
    rmSync(home, { recursive: true });
    rmSync(copy, { recursive: true });
    home = next;
  }

  // A server starts with this home, including its key.
  const after = launch({
    arguments: ["--home", home, "--port", "0"],
    environment: { GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET },
  });
  const url = await after.started;
  await until(
    () => fetch(`${url}/ready`),
    ({ ok }) => ok,
  );
  after.kill("SIGTERM");
  expect(await after.ended).toBe(0);

  const database = await openDatabase({ home, log: getLogger("heddle") });
  const keys = (await database.query.select({ key: messages.dedupe_key }).from(messages)).map(
    ({ key }) => key,
  );
  const found = new Set(keys.map((key) => key?.slice(key.indexOf(":") + 1)));
  const runs = new Set((await database.query.select({ id: tasks.id }).from(tasks)).map(({ id }) => id));
  await database.close();
  expect(acknowledged.length).toBeGreaterThan(20);
  expect(acknowledged.filter(({ delivery, task }) => !found.has(delivery) || !runs.has(task))).toEqual([]);
}, 300_000);
