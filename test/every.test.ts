import { expect, test } from "bun:test";
import { every } from "../src/every.ts";
import { createLog } from "../src/log.ts";
import { until } from "./until.ts";

async function fixture() {
  const lines: string[] = [];
  const log = await createLog({
    level: "debug",
    format: "json",
    redact: (text) => text,
    write: (line) => lines.push(line),
  });
  return { log, lines };
}

test("no second run starts while one takes longer than the period", async () => {
  const { log } = await fixture();
  const release = Promise.withResolvers<void>();
  let running = 0;
  let most = 0;
  let runs = 0;
  const periodic = every({
    name: "The test",
    ms: 1,
    log,
    async run() {
      running += 1;
      most = Math.max(most, running);
      runs += 1;
      if (runs === 1) await release.promise;
      running -= 1;
    },
  });
  await until(() => runs === 1);
  // Several periods pass during the first run.
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(runs).toBe(1);
  release.resolve();
  await until(() => runs > 2);
  await periodic.close();
  expect(most).toBe(1);
});

test("an error is logged with the name, and the next run takes place nevertheless", async () => {
  const { log, lines } = await fixture();
  let runs = 0;
  const periodic = every({
    name: "The sweep",
    ms: 1,
    log,
    async run() {
      runs += 1;
      throw new Error("no connection");
    },
  });
  await until(() => runs > 1);
  await periodic.close();
  expect(lines.some((line) => line.includes("The sweep") && line.includes("no connection"))).toBe(true);
});

test("closing waits for the current run, and none starts afterwards", async () => {
  const { log } = await fixture();
  const release = Promise.withResolvers<void>();
  let runs = 0;
  let isOver = false;
  const periodic = every({
    name: "The test",
    ms: 1,
    atOnce: true,
    log,
    async run() {
      runs += 1;
      await release.promise;
      isOver = true;
    },
  });
  expect(runs).toBe(1);
  const closed = periodic.close().then(() => isOver);
  release.resolve();
  expect(await closed).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(runs).toBe(1);
});

test("a run starts only if `leads` allows it", async () => {
  const { log } = await fixture();
  let mayRun = false;
  let asked = 0;
  let runs = 0;
  const periodic = every({
    name: "The test",
    ms: 1,
    log,
    led: async (work) => {
      asked += 1;
      return mayRun ? work() : undefined;
    },
    async run() {
      runs += 1;
    },
  });
  await until(() => asked > 2);
  expect(runs).toBe(0);
  mayRun = true;
  await until(() => runs > 0);
  await periodic.close();
});
