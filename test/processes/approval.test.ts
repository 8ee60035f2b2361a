import { expect, test } from "bun:test";
import type { PendingApproval, Review } from "../../src/integrations/review.ts";
import { embeddedDatabase } from "../database.ts";
import { processFile, processFixture } from "./fixture.ts";

const open = embeddedDatabase();

const WAITING: PendingApproval = {
  hash: "0".repeat(64),
  files: [
    { path: "integrations/mine/run.sh", sha256: "0".repeat(64), botId: "helper", writtenAt: new Date(0) },
  ],
};

/** `pending` is what a bot has written by now. */
function bot() {
  const state: { pending: PendingApproval | null } = { pending: null };
  const review: Review = {
    approve: async () => {
      state.pending = null;
    },
    open: async () => undefined,
    look: async () => ({
      pending: state.pending,
      below: "/nowhere",
      admit: async () => {},
      settle: async () => "holds",
    }),
  };
  return { state, review };
}

test("what runs goes on while a bot's files wait; it is not started from them, and is when they are approved", async () => {
  const { state, review } = bot();
  await using fixture = await processFixture(
    await open(),
    { "mine/process.ts": processFile("sleep 1000") },
    { review },
  );
  const { processes, integrations, running, settings, until } = fixture;
  processes.supervise();
  const { pid } = await running("mine");
  state.pending = WAITING;
  await integrations.reload("mine");
  // A change of its settings calls for a restart, which the files do not allow.
  await settings.set("mine", [{ key: "ANY", value: "1", secret: false }]);
  const waits = { code: "conflict", message: expect.stringContaining("wait for approval") };
  await expect(processes.restart("mine")).rejects.toMatchObject(waits);
  expect(await processes.status("mine")).toMatchObject({ state: "running", pid });

  process.kill(pid ?? 0, "SIGKILL");
  const stopped = await until("mine", ({ state }) => state === "stopped");
  expect(stopped).toMatchObject({ pid: null, lastError: expect.stringContaining("wait for approval") });
  await expect(processes.start("mine")).rejects.toMatchObject(waits);
  expect((await processes.status("mine")).state).toBe("stopped");

  await integrations.approve("mine", WAITING.hash);
  expect((await running("mine")).pid).not.toBe(pid);
}, 60_000);
