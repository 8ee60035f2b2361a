import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import { PGlite } from "@electric-sql/pglite";
import { deliver, fakeHeddle, toolContext, useTables } from "heddle/sdk/testing";
import { createCard, listBoard, moveCard, updateCard } from "../board.ts";
import "../dispatcher.ts";
import { boardText, plansText } from "../markdown.ts";
import { approvePlan, changePlan, draftPlan, getPlan, listPlans } from "../plans.ts";
import { advance } from "../run-plan.ts";
import { listTimeline } from "../timeline.ts";
import { appendTimelineEvent, createTaskCard, moveTaskCard } from "../tools/board.ts";
import { draftPlanTool, updatePlanStatus, updatePlanStep } from "../tools/plans.ts";

const database = new PGlite();
useTables(database);
const heddle = fakeHeddle();
afterEach(() => heddle.clear());
after(async () => {
  heddle.restore();
  useTables(undefined);
  await database.close();
});

const ANNA = { id: "anna", name: "Anna" };
const ran = (id: string, step: number, attempt: number, text: string, isError = false) =>
  deliver("mission_control", { plan_id: id, step, attempt }, text, { isError });

test("a repeated call makes one card; its moves are told", async () => {
  const call = toolContext({ call_id: "call-7", bot_id: "gardener" });
  const first = (await createTaskCard({ title: "Mow", tags: ["garden"] }, call)) as { card_id: string };
  assert.deepEqual(await createTaskCard({ title: "Mow", tags: ["garden"] }, call), {
    ...first,
    duplicate: true,
  });
  await moveTaskCard({ card_id: first.card_id, to_column: "In Progress" }, call);
  await appendTimelineEvent({ text: "The mower is sharp now.", journal: true }, call);
  assert.deepEqual(await moveTaskCard({ card_id: "mc-none", to_column: "Done" }, call), {
    error: 'There is no task "mc-none".',
  });
  assert.deepEqual(
    heddle.published.map(({ name }) => name),
    ["card.changed", "card.changed", "journal.changed"],
  );
  const events = await listTimeline({ days: 1, limit: 10 });
  assert.deepEqual(
    events.map(({ content, actor }) => `${actor}: ${content}`),
    [
      "gardener: The mower is sharp now.",
      "gardener: Task moved from Backlog to In Progress: Mow",
      "gardener: Task created: Mow",
    ],
  );
  assert.match(boardText(await listBoard()), /## In Progress\n\n### Mow\n\n- \*\*id\*\*: mc-/);
});

test("of what is done, the latest can be asked for alone", async () => {
  const ids: string[] = [];
  for (const title of ["First", "Second", "Third"]) {
    const { card } = await createCard({ title, channel_id: title === "Second" ? "c1" : null }, "gardener");
    ids.push(card.id);
  }
  // Not in the order in which they were made.
  for (const at of [2, 0, 1]) await moveCard({ card_id: ids[at] ?? "", to_column: "Done" }, "gardener");
  const done = async (...asked: Parameters<typeof listBoard>) => {
    const column = (await listBoard(...asked)).find(({ name }) => name === "Done");
    return [column?.cards.map(({ title }) => title), column?.left_out];
  };
  assert.deepEqual(await done(), [["Third", "First", "Second"], 0]);
  assert.deepEqual(await done(undefined, undefined, 2), [["First", "Second"], 1]);
  assert.deepEqual(await done("c1", undefined, 1), [["Second"], 0]);
  assert.deepEqual(await done(undefined, [], 1), [[], 0]);
});

test("a plan runs one step after another, and a failed one stops it", async () => {
  const context = toolContext({ call_id: "call-8", session_id: "session-9" });
  const { plan_id } = (await draftPlanTool(
    { title: "Move", steps: ["Pack", "Drive", "Unpack"] },
    context,
  )) as {
    plan_id: string;
  };
  assert.equal(heddle.messages.length, 0);
  await approvePlan(plan_id, (await getPlan(plan_id)).hash, ANNA);
  await advance(plan_id);
  await advance(plan_id);
  assert.deepEqual(
    heddle.messages.map(({ sessionId, idempotencyKey, author }) => [sessionId, idempotencyKey, author?.id]),
    [["session-9", `${plan_id}:1:1`, "anna"]],
  );
  await ran(plan_id, 1, 1, "Packed.");
  await ran(plan_id, 1, 1, "Packed.");
  await updatePlanStep({ plan_id, step: 3, status: "skipped" }, context);
  await ran(plan_id, 2, 2, "No car.", true);
  const stopped = await getPlan(plan_id);
  assert.equal(stopped.status, "paused");
  assert.deepEqual(
    stopped.steps.map(({ status, result }) => [status, result]),
    [
      ["done", "Packed."],
      ["failed", "No car."],
      ["skipped", null],
    ],
  );
  assert.match(plansText(await listPlans({})), /1\. \[x\] Pack\n2\. \[!\] Drive\n3\. \[-\] Unpack/);
  assert.equal(heddle.messages.length, 2);
});

test("what was changed after the approval is not carried out", async () => {
  const context = toolContext({ call_id: "call-10", session_id: "session-9" });
  const { plan_id } = (await draftPlanTool({ title: "Paint", steps: ["Grind", "Paint"] }, context)) as {
    plan_id: string;
  };
  const { hash } = await getPlan(plan_id);
  await approvePlan(plan_id, hash, ANNA);
  await assert.rejects(approvePlan(plan_id, hash, ANNA), /Anna has approved it/);
  await advance(plan_id);
  await changePlan(plan_id, { steps: ["Paint it red"] }, "painter");
  await ran(plan_id, 1, 1, "Ground.");
  const changed = await getPlan(plan_id);
  assert.deepEqual([changed.status, changed.steps[0]?.status, heddle.messages.length], ["draft", "done", 1]);
  await assert.rejects(approvePlan(plan_id, hash, ANNA), /Read it again/);
  assert.deepEqual(await updatePlanStatus({ plan_id, status: "abandoned" }, context), {
    ...{ plan_id, status: "abandoned" },
  });
});

test("of two people who change one thing, the second is told and overwrites nothing", async () => {
  const { card } = await createCard({ title: "Prune" }, "Anna");
  const changed = await updateCard(card.id, { priority: "high" }, "Anna", card.updated_at);
  const late = { status: 412, code: "changed_meanwhile" };
  await assert.rejects(updateCard(card.id, { title: "Mine" }, "Ben", card.updated_at), late);
  const both = await updateCard(card.id, { title: "Mine" }, "Ben", changed.updated_at);
  assert.equal(`${both.title} ${both.priority}`, "Mine high");
  assert.equal((await updateCard(card.id, { title: "Ours" }, "Ben")).title, "Ours");

  const plan = await draftPlan({ title: "Harvest", steps: ["Look"], bot_id: "gardener", created_by: "Anna" });
  const next = await changePlan(plan.id, { steps: ["Look", "Pick"] }, "Anna", plan.hash);
  await assert.rejects(changePlan(plan.id, { title: "Mine" }, "Ben", plan.hash), late);
  assert.equal((await changePlan(plan.id, { title: "Mine" }, "Ben", next.hash)).steps.length, 2);
});
