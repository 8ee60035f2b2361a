// How a start handles the records left by the watchdog, which has its own tests in test/runtime/watchdog.test.ts.

import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStalls } from "../../../src/integrations/loading/stalls.ts";
import { type Activity, followActivities } from "../../../src/runtime/activity.ts";
import { writeStallRecord } from "../../../src/runtime/stall-record.ts";
import { harness } from "../harness.ts";

const dir = mkdtempSync(join(tmpdir(), "heddle-stalls-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const files = { record: join(dir, "standstill.json"), file: join(dir, "standstills.json") };
beforeEach(() => {
  rmSync(files.record, { force: true });
  rmSync(files.file, { force: true });
});

const at = "2026-03-31T14:30:00.000Z";
const router = `import { Elysia } from "heddle/sdk"; export const router = new Elysia().get("/", () => "here");`;
const three = { "one/router.ts": router, "two/router.ts": router, "three/router.ts": router };

/** Starts with the given records, and returns what was loaded, in order. */
async function start(integrations = three) {
  const begun: { id: string; subject: string }[] = [];
  const unfollow = followActivities(({ subject }: Activity) => {
    if (subject) begun.push({ id: JSON.parse(subject).id, subject });
  });
  const all = await harness(integrations, { stalls: createStalls(files) });
  await all.integrations.loadAll();
  unfollow();
  const own = begun.filter(({ subject }) => JSON.parse(subject).file.startsWith(all.path("")));
  const subjects = new Map(own.map(({ id, subject }) => [id, subject]));
  return { all, subjects, order: [...subjects.keys()] };
}

const leave = (subjects: (string | undefined)[]) =>
  writeStallRecord(files.record, { at, seconds: 60, subjects: subjects.map((one) => one ?? "") });

test("the integration that was loading when the process stalled is quarantined, and the others are live", async () => {
  const first = await start();
  leave([first.subjects.get("two")]);
  await first.all[Symbol.asyncDispose]();
  for (let round = 0; round < 2; round++) {
    await using second = (await start()).all;
    expect(["one", "two", "three"].map((id) => second.integrations.statusOf(id))).toEqual([
      "live",
      "quarantined",
      "live",
    ]);
    const { error } = second.integrations.get("two") ?? {};
    expect(error).toMatchObject({
      reason: expect.stringMatching(/blocked the event loop for 60 seconds.*two\/reload/),
    });
    // A changed setting does not load it again; an explicit reload does.
    second.integrations.retry("two");
    await Bun.sleep(0);
    expect(second.integrations.statusOf("two")).toBe("quarantined");
  }
  await using third = (await start()).all;
  expect(await third.integrations.reload("two")).toMatchObject({ status: "ready", error: null });
  await using fourth = (await start()).all;
  expect(fourth.integrations.statusOf("two")).toBe("live");
});

test("a change of its files loads it again", async () => {
  const first = await start();
  leave([first.subjects.get("one")]);
  await first.all[Symbol.asyncDispose]();
  await using changed = (await start({ ...three, "one/router.ts": `${router} // mended` })).all;
  expect(changed.integrations.statusOf("one")).toBe("live");
});

test("of several candidates, the culprit is found by loading them last, one at a time", async () => {
  const first = await start();
  const [one, two] = ["one", "two"].map((id) => first.subjects.get(id));
  leave([one, two]);
  await first.all[Symbol.asyncDispose]();
  const second = await start();
  expect(second.order).toEqual(["three", "one", "two"]);
  await second.all[Symbol.asyncDispose]();
  // They loaded, so their records are cleared; if "two" had ended the process, "one" would already be cleared.
  leave([one, two]);
  createStalls(files);
  createStalls(files).forget("one");
  leave([two]);
  const third = await start();
  expect(["one", "two"].map((id) => third.all.integrations.statusOf(id))).toEqual(["live", "quarantined"]);
  await third.all[Symbol.asyncDispose]();
});

test.each(["{}", "null", '"x"'])("files that contain %s are ignored", async (text) => {
  writeFileSync(files.record, text);
  writeFileSync(files.file, text);
  await using all = (await start()).all;
  expect(all.integrations.list().every(({ status }) => status === "ready")).toBe(true);
});

test("a broken record, or one of no integration, has no effect", async () => {
  leave(["", "no JSON", "{}", '{"id":"one"}']);
  await using all = (await start()).all;
  expect(all.integrations.list().every(({ status }) => status === "ready")).toBe(true);
});
