// What became of the steps of plans, in this process.

import { afterAll, expect, test } from "bun:test";
import { PGlite } from "@electric-sql/pglite";
import { fakeHeddle, useTables } from "heddle/sdk/testing";
import { approvePlan, draftPlan, getPlan } from "../../integrations/mission_control/plans.ts";
import { advance, lookAfter } from "../../integrations/mission_control/run-plan.ts";
import { HeddleError } from "../../src/errors.ts";

const statusOf = new Map<string, string>();
const heddle = fakeHeddle({
  controls: {
    async getTask(id: string) {
      const status = statusOf.get(id);
      if (status === "away") throw new HeddleError("unavailable", "The database is away.");
      if (status === undefined) throw new HeddleError("not_found", `There is no task "${id}".`);
      return { id, status };
    },
  } as never,
});
const database = new PGlite();
useTables(database);
afterAll(async () => {
  useTables(undefined);
  heddle.restore();
  await database.close();
});

async function running(title: string, status: string): Promise<string> {
  const { id, hash } = await draftPlan({ title, steps: ["go"], bot_id: "default", created_by: "Ada" });
  await approvePlan(id, hash, { id: "ada", name: "Ada" });
  await advance(id);
  const [step] = (await getPlan(id)).steps;
  statusOf.set(String(step?.task_id), status);
  return id;
}

test("a step whose run was deleted has failed, and a plan that cannot be looked after holds up no other", async () => {
  const away = await running("Away", "away");
  const gone = await running("Gone", "");
  const cancelled = await running("Cancelled", "cancelled");
  const [step] = (await getPlan(gone)).steps;
  statusOf.delete(String(step?.task_id));
  await expect(lookAfter()).rejects.toThrow("The database is away.");
  const outcomes = await Promise.all([away, gone, cancelled].map(getPlan));
  expect(outcomes.map(({ status, steps }) => [status, steps[0]?.result])).toEqual([
    ["executing", null],
    ["paused", "The run was deleted with its conversation."],
    ["paused", "The run was cancelled."],
  ]);
});
