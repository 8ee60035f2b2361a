// Carries out approved plans: each step is an ordinary run in the plan's session, one after another. A step is begun in a transaction
// and its message has an idempotency key, so that it runs once, on however many servers, and whatever dies between the two.

import { getOrCreateSession, injectMessage, log, people, type Sql, store, tasks } from "heddle/sdk";
import { getPlan, lockPlan, type Plan, type Step, type StepStatus, tellOf } from "./plans.ts";
import { tables } from "./tables.ts";
import { announce } from "./timeline.ts";

/** Marks plans that run, for `lookAfter`. */
const RUNNING = "running:";
const LONGEST_RESULT = 20_000;

/** Begins the next step, unless one is running; the plan is complete when none is left. */
export async function advance(id: string): Promise<void> {
  // Marked first: if the server dies from here on, another one goes on.
  await store.set(RUNNING + id, true);
  const begun = await tables.transaction(async (sql) => {
    const plan = await lockPlan(sql, id);
    // Checked before each step: only what was approved runs.
    if (plan.status !== "executing" || plan.hash !== plan.approved_hash) return { plan, isOver: true };
    const busy = plan.steps.find(isRunning);
    if (busy) return { plan, step: busy.task_id === null ? busy : undefined };
    const next = plan.steps.find(({ status }) => status === "pending");
    if (!next) return { plan: await complete(sql, plan), isOver: true };
    // Counted by plan, because a step may be replaced by another one with its number.
    const [counted] = await sql.query<{ runs: number }>(
      "UPDATE plans SET runs = runs + 1 WHERE id = $1 RETURNING runs",
      [id],
    );
    const attempt = counted?.runs ?? 1;
    await sql.query(
      `UPDATE plan_steps SET status = 'running', attempt = $3, started_at = now() WHERE plan_id = $1 AND number = $2`,
      [id, next.number, attempt],
    );
    await announce(sql, "plan", { plan_id: id });
    return { plan, step: { ...next, attempt } };
  });
  if (begun.step) await trySend(begun.plan, begun.step);
  // A step that is still running is looked after although its plan goes no further.
  else if (begun.isOver && !begun.plan.steps.some(isRunning)) await forget(id);
}

async function forget(id: string): Promise<void> {
  await store.delete(RUNNING + id);
  // Somebody may have approved it in between.
  if ((await getPlan(id)).status === "executing") await store.set(RUNNING + id, true);
}

const isRunning = ({ started_at, ended_at }: Step): boolean => started_at !== null && ended_at === null;

async function complete(sql: Sql, plan: Plan): Promise<Plan> {
  await sql.query(
    "UPDATE plans SET status = 'complete', ended_at = now(), updated_at = now() WHERE id = $1",
    [plan.id],
  );
  await tellOf(sql, plan, "completed", plan.bot_id);
  return plan;
}

const LASTING = ["unknown_bot", "not_found", "validation"];

/** A step that can never be sent has failed; any other error passes, and `lookAfter` tries again. */
async function trySend(plan: Plan, step: Step): Promise<void> {
  try {
    await send(plan, step);
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    if (code === undefined || !LASTING.includes(code)) {
      log.warning("A step of a plan could not be sent yet", {
        plan_id: plan.id,
        step: step.number,
        error: message,
      });
      return;
    }
    const { number, attempt } = step;
    await endStep({ plan_id: plan.id, step: number, attempt, isError: true, result: message });
  }
}

async function send(plan: Plan, step: Step): Promise<void> {
  const sessionId =
    plan.session_id ??
    (await getOrCreateSession({ clientId: `mission_control:${plan.id}`, botId: plan.bot_id }));
  const { task_id } = await injectMessage({
    sessionId,
    source: "mission_control",
    content: `Step ${step.number} of ${plan.steps.length} of the plan "${plan.title}" (${plan.id}):\n\n${step.content}`,
    runAgent: true,
    whenBusy: "queue",
    idempotencyKey: `${plan.id}:${step.number}:${step.attempt}`,
    dispatchConfig: { type: "mission_control", plan_id: plan.id, step: step.number, attempt: step.attempt },
    author: { id: plan.approved_by_id ?? "", display_name: plan.approved_by ?? "" },
    executionConfig: { system_preamble: preamble(plan, step), tools: ["update_plan_step"] },
  });
  await tables.query(
    "UPDATE plan_steps SET task_id = $4 WHERE plan_id = $1 AND number = $2 AND attempt = $3",
    [plan.id, step.number, step.attempt, task_id],
  );
  await announce(tables, "plan", { plan_id: plan.id });
}

const MARKS: Record<StepStatus, string> = {
  pending: "[ ]",
  running: "[~]",
  done: "[x]",
  skipped: "[-]",
  failed: "[!]",
};

const preamble = ({ steps }: Plan, { number }: Step): string =>
  [
    `You carry out a plan step by step. This run is for step ${number} alone; the next one begins by itself when it has ended.`,
    "Do what the step says and nothing beyond, and end with what came of it.",
    `If it cannot be done, call update_plan_step with the status "failed" and the reason: a person then decides.`,
    "",
    "All steps:",
    ...steps.map(
      (step) => `${step.number === number ? "[~]" : MARKS[step.status]} ${step.number}. ${step.content}`,
    ),
  ].join("\n");

export interface Outcome {
  plan_id: string;
  step: number;
  attempt: number;
  isError: boolean;
  result: string;
}

/** Writes down how the run of a step ended, and goes on. Doing it twice changes nothing. */
export async function endStep({ plan_id, step, attempt, isError, result }: Outcome): Promise<void> {
  await tables.transaction(async (sql) => {
    const plan = await lockPlan(sql, plan_id);
    const [ended] = await sql.query<{ status: StepStatus }>(
      `UPDATE plan_steps SET ended_at = now(), result = coalesce(result, $4),
         status = CASE WHEN status = 'running' THEN $5 ELSE status END
       WHERE plan_id = $1 AND number = $2 AND attempt = $3 AND started_at IS NOT NULL AND ended_at IS NULL
       RETURNING status`,
      [plan_id, step, attempt, result.slice(0, LONGEST_RESULT), isError ? "failed" : "done"],
    );
    if (ended) await announce(sql, "plan", { plan_id });
    if (ended?.status !== "failed" || plan.status !== "executing") return;
    await sql.query("UPDATE plans SET status = 'paused', updated_at = now() WHERE id = $1", [plan_id]);
    await tellOf(sql, plan, `stopped at step ${step}, which failed`, plan.bot_id);
  });
  await advance(plan_id);
}

/** Finds steps whose message was never sent, or whose run ended without an outcome, such as a cancelled one. */
export async function lookAfter(): Promise<void> {
  const failures: unknown[] = [];
  for (const { key } of await store.list({ prefix: RUNNING, limit: 1000 })) {
    // A plan that cannot be looked after holds up no other.
    await lookAfterPlan(key.slice(RUNNING.length)).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

async function lookAfterPlan(id: string): Promise<void> {
  const steps = await tables.query<Step>(
    "SELECT * FROM plan_steps WHERE plan_id = $1 AND started_at IS NOT NULL AND ended_at IS NULL AND task_id IS NOT NULL",
    [id],
  );
  for (const { number, attempt, task_id } of steps) {
    const result = await endWithoutOutcome(task_id as string);
    if (result !== undefined) await endStep({ plan_id: id, step: number, attempt, isError: true, result });
  }
  if (steps.length === 0) await advance(id);
}

/** Why a run will deliver nothing; undefined for one that may. */
async function endWithoutOutcome(taskId: string): Promise<string | undefined> {
  try {
    const { status } = await tasks.get(taskId);
    return status === "cancelled" ? "The run was cancelled." : undefined;
  } catch (error) {
    if ((error as { code?: unknown }).code !== "not_found") throw error;
    return "The run was deleted with its conversation.";
  }
}

/** The operator may allow the people who approve, so that the steps count as their own words. */
export const know = async ({ id, name }: { id: string; name: string }): Promise<void> =>
  void (await people.check({ id, name, place: "mission_control" }));
