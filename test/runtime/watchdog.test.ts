import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stallRecordFile, takeStallRecord } from "../../src/runtime/stall-record.ts";
import { sharedMemory, slotsOf } from "../../src/runtime/watchdog-slots.ts";

const home = mkdtempSync(join(tmpdir(), "heddle-watchdog-"));
mkdirSync(join(home, "cache"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

function start(behaviour: string) {
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dirname, "guarded-program.ts"), home, behaviour],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  return { child, errors: new Response(child.stderr).text() };
}

async function untilHere(output: ReadableStream<Uint8Array>): Promise<void> {
  for await (const chunk of output) if (Buffer.from(chunk).includes("here")) return;
  throw new Error("the program ended too early");
}

const messages = (errors: string) =>
  errors
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => String(JSON.parse(line).message));

test("a blocked event loop is reported with its activity, and the process is killed", async () => {
  const { child, errors } = start("blocks");
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
  const logged = messages(await errors);
  const named = "The latest activity is the tool that never ends. Also running: a run that waits.";
  expect(logged).toHaveLength(2);
  expect(logged[0]).toContain(named);
  expect(logged[1]).toContain(named);
  expect(logged[1]).toContain("kills itself now (SIGKILL)");
  const record = takeStallRecord(stallRecordFile(home));
  expect(record).toMatchObject({ subjects: ["that tool"] });
  expect(takeStallRecord(stallRecordFile(home))).toBeUndefined();
}, 30_000);

test("an event loop that recovers in time is reported and not killed", async () => {
  const { child, errors } = start("blocks a while");
  await untilHere(child.stdout);
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  expect(messages(await errors)).toEqual([
    expect.stringContaining("The latest activity is a run that waits."),
  ]);
}, 30_000);

test("an unarmed watchdog neither reports nor kills", async () => {
  const { child, errors } = start("unarmed");
  await untilHere(child.stdout);
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  expect(await errors).toBe("");
}, 30_000);

test("a process that was stopped (SIGSTOP) for longer is not killed", async () => {
  const { child, errors } = start("nothing");
  await untilHere(child.stdout);
  child.kill("SIGSTOP");
  // This test needs real time: twice the limit for a blocked event loop.
  await Bun.sleep(3_000);
  child.kill("SIGCONT");
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  // A busy machine may starve it for a second, but the three seconds it was stopped must not count.
  expect(await errors).not.toMatch(/blocked for [2-9]/);
}, 30_000);

test("slots are reused, and running out of them is harmless", () => {
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
