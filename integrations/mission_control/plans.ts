// Plans and their steps. What a person has approved is known by its hash: a plan that was changed since needs another approval.

import { createHash } from "node:crypto";
import type { Sql } from "heddle/sdk";
import { Refused, refuseOverwrite } from "./refused.ts";
import { newId, tables } from "./tables.ts";
import { tell } from "./timeline.ts";

export type PlanStatus = "draft" | "executing" | "paused" | "complete" | "abandoned";
export type StepStatus = "pending" | "running" | "done" | "skipped" | "failed";

export interface Step {
  number: number;
  content: string;
  status: StepStatus;
  /** Which of the runs of the plan, from 1. */
  attempt: number;
  /** The run that carries it out. */
  task_id: string | null;
  result: string | null;
  started_at: string | null;
  /** When its run ended. */
  ended_at: string | null;
}

export interface Plan {
  id: string;
  title: string;
  status: PlanStatus;
  bot_id: string;
  /** The session in which it runs; null until it begins, for a plan that a person wrote. */
  session_id: string | null;
  channel_id: string | null;
  task_id: string | null;
  created_by: string;
  created_at: string;
  updated_at: string;
  /** The `hash` that was approved. */
  approved_hash: string | null;
  approved_by: string | null;
  approved_by_id: string | null;
  approved_at: string | null;
  ended_at: string | null;
  /** What an approval covers: title, bot and steps. */
  hash: string;
  steps: Step[];
}

export interface NewPlan {
  title: string;
  steps: readonly string[];
  bot_id: string;
  session_id?: string | null | undefined;
  channel_id?: string | null | undefined;
  task_id?: string | null | undefined;
  idempotency_key?: string | undefined;
  created_by: string;
}

export const draftPlan = (plan: NewPlan): Promise<Plan> =>
  tables.transaction(async (sql) => {
    const [made] = await sql.query<{ id: string }>(
      `INSERT INTO plans (id, title, bot_id, session_id, channel_id, task_id, idempotency_key, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (idempotency_key) DO NOTHING RETURNING id`,
      [
        ...[newId("plan"), plan.title, plan.bot_id, plan.session_id, plan.channel_id, plan.task_id],
        ...[plan.idempotency_key, plan.created_by],
      ],
    );
    if (!made) {
      const [known] = await sql.query<{ id: string }>("SELECT id FROM plans WHERE idempotency_key = $1", [
        plan.idempotency_key,
      ]);
      return lockPlan(sql, known?.id ?? "");
    }
    await insertSteps(sql, made.id, plan.steps, 1);
    const drafted = await lockPlan(sql, made.id);
    await tellOf(sql, drafted, "drafted", plan.created_by);
    return drafted;
  });

export interface PlanChange {
  title?: string | undefined;
  bot_id?: string | undefined;
  /** All steps that are to be done, in order; they replace those that have not begun or have failed. */
  steps?: readonly string[] | undefined;
}

/**
 * Changes a plan that has not ended. It then waits for another approval; a step that is running ends first. `asRead` is the plan's `hash` as it
 * was read.
 */
export const changePlan = (id: string, change: PlanChange, actor: string, asRead?: string): Promise<Plan> =>
  tables.transaction(async (sql) => {
    const plan = await lockPlan(sql, id);
    refuseOverwrite(plan.hash, asRead);
    refuseEnded(plan);
    await sql.query("UPDATE plans SET title = $2, bot_id = $3, updated_at = now() WHERE id = $1", [
      id,
      change.title ?? plan.title,
      change.bot_id ?? plan.bot_id,
    ]);
    if (change.steps) {
      await sql.query("DELETE FROM plan_steps WHERE plan_id = $1 AND status IN ('pending', 'failed')", [id]);
      const begun = plan.steps.filter(({ status }) => status !== "pending" && status !== "failed");
      await insertSteps(sql, id, change.steps, Math.max(0, ...begun.map(({ number }) => number)) + 1);
    }
    const changed = await lockPlan(sql, id);
    if (changed.hash === plan.hash) return changed;
    await sql.query(
      `UPDATE plans SET status = 'draft', approved_hash = NULL, approved_by = NULL, approved_by_id = NULL, approved_at = NULL
       WHERE id = $1`,
      [id],
    );
    await tellOf(sql, changed, "changed; it waits for an approval", actor);
    return lockPlan(sql, id);
  });

export interface Approver {
  id: string;
  name: string;
}

/** Approves exactly what `hash` stands for. Of two people who decide at once, the second is refused. */
export const approvePlan = (id: string, hash: string, by: Approver): Promise<Plan> =>
  tables.transaction(async (sql) => {
    const plan = await lockPlan(sql, id);
    refuseOther(plan, ["draft"]);
    if (plan.hash !== hash) {
      throw new Refused(409, "The plan was changed since you read it. Read it again before you approve it.");
    }
    await sql.query(
      `UPDATE plans SET status = 'executing', approved_hash = $2, approved_by = $3, approved_by_id = $4, approved_at = now(),
         updated_at = now()
       WHERE id = $1`,
      [id, hash, by.name, by.id],
    );
    await retryFailed(sql, id);
    await tellOf(sql, plan, "approved", by.name);
    return lockPlan(sql, id);
  });

/** Goes on with a plan that stopped at a failed step, which is tried again. What was approved still holds. */
export const resumePlan = (id: string, by: Approver): Promise<Plan> =>
  tables.transaction(async (sql) => {
    const plan = await lockPlan(sql, id);
    refuseOther(plan, ["paused"]);
    await sql.query("UPDATE plans SET status = 'executing', updated_at = now() WHERE id = $1", [id]);
    await retryFailed(sql, id);
    await tellOf(sql, plan, "resumed", by.name);
    return lockPlan(sql, id);
  });

const retryFailed = (sql: Sql, id: string) =>
  sql.query(
    `UPDATE plan_steps SET status = 'pending', task_id = NULL, result = NULL, started_at = NULL, ended_at = NULL
     WHERE plan_id = $1 AND status = 'failed'`,
    [id],
  );

/** Rejects a draft; stops a running plan after its current step. */
export const abandonPlan = (id: string, actor: string, word = "abandoned"): Promise<Plan> =>
  tables.transaction(async (sql) => {
    const plan = await lockPlan(sql, id);
    refuseEnded(plan);
    await sql.query(
      "UPDATE plans SET status = 'abandoned', ended_at = now(), updated_at = now() WHERE id = $1",
      [id],
    );
    await tellOf(sql, plan, word, actor);
    return lockPlan(sql, id);
  });

export async function getPlan(id: string): Promise<Plan> {
  const [plan] = await readPlans(tables, "plans.id = $1", [id], 1);
  if (!plan) throw new Refused(404, `There is no plan "${id}".`);
  return plan;
}

export const listPlans = (
  wanted: {
    status?: string | undefined;
    channel_id?: string | undefined;
    channels?: readonly string[] | undefined;
  },
  limit = 200,
): Promise<Plan[]> =>
  readPlans(
    tables,
    `($1::text IS NULL OR plans.status = $1) AND ($2::text IS NULL OR plans.channel_id = $2)
     AND ($3::jsonb IS NULL OR $3::jsonb ? plans.channel_id)`,
    [wanted.status, wanted.channel_id, wanted.channels],
    limit,
  );

/** Reads the plan and lets nobody else change it until the transaction ends. */
export async function lockPlan(sql: Sql, id: string): Promise<Plan> {
  await sql.query("SELECT id FROM plans WHERE id = $1 FOR UPDATE", [id]);
  const [plan] = await readPlans(sql, "plans.id = $1", [id], 1);
  if (!plan) throw new Refused(404, `There is no plan "${id}".`);
  return plan;
}

async function readPlans(sql: Sql, where: string, values: unknown[], limit: number): Promise<Plan[]> {
  const found = await sql.query<Omit<Plan, "hash" | "steps">>(
    `SELECT id, title, status, bot_id, session_id, channel_id, task_id, created_by, created_at, updated_at, approved_hash, approved_by,
       approved_by_id, approved_at, ended_at
     FROM plans WHERE ${where} ORDER BY created_at DESC, id LIMIT ${limit}`,
    values,
  );
  const steps = await sql.query<Step & { plan_id: string }>(
    `SELECT * FROM plan_steps WHERE plan_id IN (SELECT jsonb_array_elements_text($1::jsonb)) ORDER BY plan_id, number`,
    [found.map(({ id }) => id)],
  );
  const stepsOf = Map.groupBy(steps, ({ plan_id }) => plan_id);
  return found.map((plan) => {
    const own = (stepsOf.get(plan.id) ?? []).map(({ plan_id: _, ...step }) => step);
    return { ...plan, steps: own, hash: hashOf({ ...plan, steps: own }) };
  });
}

function hashOf({ title, bot_id, session_id, steps }: Omit<Plan, "hash">): string {
  const approved = [title, bot_id, session_id, steps.map(({ content }) => content)];
  return createHash("sha256").update(JSON.stringify(approved)).digest("hex");
}

const insertSteps = (sql: Sql, id: string, steps: readonly string[], from: number) =>
  sql.query(
    `INSERT INTO plan_steps (plan_id, number, content)
     SELECT $1, $2::int - 1 + step.at, step.content
     FROM jsonb_array_elements_text($3::jsonb) WITH ORDINALITY AS step (content, at)`,
    [id, from, steps],
  );

export const tellOf = (sql: Sql, plan: Plan, word: string, actor: string) =>
  tell(sql, {
    ...{ kind: "plan", plan_id: plan.id, channel_id: plan.channel_id, actor },
    content: `Plan ${word}: ${plan.title}`,
  });

function refuseEnded(plan: Plan): void {
  refuseOther(plan, ["draft", "executing", "paused"]);
}

function refuseOther({ status, approved_by }: Plan, wanted: PlanStatus[]): void {
  if (wanted.includes(status)) return;
  const who = approved_by === null ? "" : `; ${approved_by} has approved it`;
  throw new Refused(409, `The plan must be ${wanted.join(", ")}; it is ${status}${who}.`);
}
