import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { standstillRecord, takeStandstill } from "../../src/runtime/standstill-record.ts";
import { sharedMemory, slotsOf } from "../../src/runtime/watchdog-slots.ts";

const home = mkdtempSync(join(tmpdir(), "heddle-watchdog-"));
mkdirSync(join(home, "cache"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

function start(deed: string) {
  const child = Bun.spawn([process.execPath, join(import.meta.dirname, "guarded-program.ts"), home, deed], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { child, errors: new Response(child.stderr).text() };
}

async function untilHere(output: ReadableStream<Uint8Array>): Promise<void> {
  for await (const chunk of output) if (Buffer.from(chunk).includes("here")) return;
  throw new Error("it ended before");
}

const messages = (errors: string) =>
  errors
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => String(JSON.parse(line).message));

test("a loop that stands still is named and then ended", async () => {
  const { child, errors } = start("blocks");
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
  const said = messages(await errors);
  const named = "What began last is the tool that never ends. Also under way: a run that waits.";
  expect(said).toHaveLength(2);
  expect(said[0]).toContain(named);
  expect(said[1]).toContain(named);
  expect(said[1]).toContain("ends itself now (SIGKILL)");
  const record = takeStandstill(standstillRecord(home));
  expect(record).toMatchObject({ subjects: ["that tool"] });
  expect(takeStandstill(standstillRecord(home))).toBeUndefined();
}, 30_000);

test("one that goes on in time is named, and lives", async () => {
  const { child, errors } = start("blocks a while");
  await untilHere(child.stdout);
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  expect(messages(await errors)).toEqual([expect.stringContaining("What began last is a run that waits.")]);
}, 30_000);

test("before it is armed nothing is said or ended", async () => {
  const { child, errors } = start("unarmed");
  await untilHere(child.stdout);
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  expect(await errors).toBe("");
}, 30_000);

test("a process that was stopped for longer lives on", async () => {
  const { child, errors } = start("nothing");
  await untilHere(child.stdout);
  child.kill("SIGSTOP");
  // Time is what is tried here: twice as long as a standstill may last.
  await Bun.sleep(3_000);
  child.kill("SIGCONT");
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  // A busy machine may well give it no turn for a second; the three that it was stopped for do not count.
  expect(await errors).not.toMatch(/stood still for [2-9]/);
}, 30_000);

test("slots are used again, and more than there are do no harm", () => {
  const memory = sharedMemory();
  const [writer, reader] = [slotsOf(memory), slotsOf(memory)];
  const slots = Array.from({ length: 70 }, (_, n) => writer.begin(`activity ${n} ${"ä".repeat(300)}`));
  expect(slots.filter((slot) => slot === -1)).toHaveLength(6);
  for (const slot of slots) writer.end(slot);
  expect(reader.underWay()).toEqual([]);
  writer.begin("first");
  writer.begin("second", "its subject");
  expect(reader.underWay()).toEqual([
    { label: "second", subject: "its subject" },
    { label: "first", subject: "" },
  ]);
});
