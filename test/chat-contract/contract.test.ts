// One suite for all chat integrations: what each does for people, and what it survives, at one server for all.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { type OpenTestDatabase, oneDatabase } from "../database.ts";
import { killAll } from "../faults/process.ts";
import { hasDovecot } from "../mail/dovecot.ts";
import { answeredOnce, leave, reconnect, type Scene, TOGETHER } from "./cases.ts";
import type { Case, ChatDriver } from "./driver.ts";
import { discordDriver } from "./drivers/discord.ts";
import { mailDriver } from "./drivers/mail.ts";
import { ntfyDriver } from "./drivers/ntfy.ts";
import { slackDrivers } from "./drivers/slack.ts";
import { telegramDriver } from "./drivers/telegram.ts";
import { startWorld, type World } from "./world.ts";

setDefaultTimeout(240_000);

const NAMES = [
  ...["Slack by Socket Mode", "Slack by HTTP", "Telegram", "Discord", "ntfy"],
  ...(hasDovecot ? ["mail"] : []),
];

const ALL = Object.keys(TOGETHER) as Case[];

oneDatabase("the contract of chat integrations", contract);

function contract(open: OpenTestDatabase): void {
  let drivers: ChatDriver[] = [];
  let world: World;
  /** What has become of cases that run at the same time: undefined, or why it failed. */
  const outcomes = new Map<string, Promise<unknown>>();
  const driverOf = (name: string): ChatDriver => {
    const found = drivers.find((one) => one.name === name);
    if (!found) throw new Error(`There is no driver for ${name}.`);
    return found;
  };
  const scene = (driver: ChatDriver, name: Case): Scene => ({
    ...{ world, driver, room: driver.roomFor?.[name]?.() ?? driver.room() },
  });
  const settled = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => error ?? new Error("It failed."),
    );
  async function ofCase(name: string, work: Promise<unknown> | undefined): Promise<void> {
    const error = await (work && settled(work));
    if (error !== undefined) throw new Error(`${name}: ${error}`, { cause: error });
  }

  beforeAll(async () => {
    drivers = [
      ...(await slackDrivers()),
      ...(await Promise.all([telegramDriver(), discordDriver(), ntfyDriver()])),
      ...(hasDovecot ? [await mailDriver()] : []),
    ];
    const { databaseUrl } = await open.place();
    world = await startWorld(drivers, databaseUrl);
    for (const driver of drivers) await driver.prepare?.(world);
    await world.send("/bots/default", { tools: ["create_schedule"] }, "PATCH");
    await world.send("/policies", {
      ...{ name: "Schedules need a person", effect: "require_approval", tools: ["create_schedule"] },
      approval: { approvers: [...new Set(drivers.map(({ approver }) => approver))] },
    });
    for (const driver of drivers) {
      for (const name of ALL) {
        const run = driver.lacks[name] === undefined ? TOGETHER[name] : undefined;
        if (run) outcomes.set(`${driver.name}: ${name}`, settled(run(scene(driver, name))));
      }
      for (const { name, run } of driver.own ?? [])
        outcomes.set(`${driver.name}, own: ${name}`, settled(run(world)));
    }
  });
  afterAll(async () => {
    await killAll();
    await world?.stop();
    for (const driver of drivers) await driver.stop();
  });

  async function ofAll(work: (driver: ChatDriver) => Promise<void>): Promise<void> {
    const found = await Promise.all(
      drivers.map(async (driver) => {
        const error = await settled(work(driver));
        return error === undefined ? [] : [new Error(`${driver.name}: ${error}`, { cause: error })];
      }),
    );
    const errors = found.flat();
    if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join("\n"));
  }

  for (const name of NAMES) {
    for (const one of ALL) {
      test(`${name}: ${one}`, async () => {
        const outcome = outcomes.get(`${name}: ${one}`);
        if (outcome === undefined) {
          expect(driverOf(name).lacks[one]).toBeString();
          return;
        }
        const error = await outcome;
        if (error !== undefined) throw error;
      });
    }
  }

  test("each integration's own", () =>
    ofAll(async (driver) => {
      for (const { name } of driver.own ?? []) {
        const error = await outcomes.get(`${driver.name}, own: ${name}`);
        if (error !== undefined) throw new Error(`${name}: ${error}`, { cause: error });
      }
    }));

  test("reconnect: what is said while the network is gone is answered", () =>
    ofAll((driver) =>
      driver.lacks.reconnect === undefined ? reconnect(scene(driver, "reconnect")) : Promise.resolve(),
    ));

  // That many are caught up is shown in test/catch-up.test.ts, as is Telegram that is asked: here, it brings what is said.
  test("catch-up: what was said before a kill and while the server was away is answered once", async () => {
    await ofAll(async ({ overKill }) => overKill && ofCase(overKill.name, overKill.before?.(world)));
    const leaveAll = (howMany: number) =>
      Promise.all(
        drivers.map(async (driver) => {
          const at = scene(driver, "catch-up");
          return { at, left: await leave(at, howMany) };
        }),
      );
    const before = await leaveAll(2);
    await world.kill();
    const away = await leaveAll(2);
    for (const { overKill } of drivers) overKill?.away?.(world);
    await world.start();
    for (const driver of drivers) await driver.back?.();
    await ofAll(async (driver) => {
      for (const { at, left } of [...before, ...away]) if (at.driver === driver) await answeredOnce(at, left);
      if (driver.overKill) await ofCase(driver.overKill.name, driver.overKill.after(world));
    });
  });

  test("each integration's own, at the end", () =>
    ofAll(async (driver) => {
      for (const { name, run } of driver.ownLast ?? []) await ofCase(name, run(world));
    }));
}
