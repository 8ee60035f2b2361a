// Tools for plans. None of them approves: that is a person's.

import { register, t } from "heddle/sdk";
import { abandonPlan, changePlan, draftPlan, lockPlan } from "../plans.ts";
import { Refused } from "../refused.ts";
import { tables } from "../tables.ts";
import { announce } from "../timeline.ts";
import { orError } from "./_or-error.ts";

const steps = t.Array(t.String({ minLength: 1, maxLength: 4_000 }), {
  minItems: 1,
  maxItems: 50,
  description: "Each is a task of its own, described so that it can be done without asking questions",
});
const plan_id = t.String({ maxLength: 50, description: "Such as plan-0123456789" });

export const draftPlanTool = register(
  {
    name: "draft_plan",
    description:
      "Write a plan for work in several steps, or change one by its plan_id. Nothing is done until a person has approved it in Mission Control; then each step is a run of its own, in this conversation.",
    annotations: { idempotent: true },
    parameters: t.Object({
      title: t.String({ minLength: 1, maxLength: 300 }),
      steps,
      plan_id: t.Optional(plan_id),
    }),
  },
  ({ title, steps, plan_id }, { bot_id, session_id, channel_id, task_id, call_id }) =>
    orError(async () => {
      const by = bot_id ?? "bot";
      const plan = plan_id
        ? await changePlan(plan_id, { title, steps }, by)
        : await draftPlan({
            ...{ title, steps, bot_id: by, session_id, channel_id, task_id },
            ...{ idempotency_key: call_id, created_by: by },
          });
      return { plan_id: plan.id, status: plan.status, note: "It waits for a person's approval." };
    }),
);

export const updatePlanStep = register(
  {
    name: "update_plan_step",
    description:
      "Say that a step of a plan that is being carried out is done, skipped or failed, and what came of it.",
    annotations: { idempotent: true },
    parameters: t.Object({
      plan_id,
      step: t.Integer({ minimum: 1 }),
      status: t.Union([t.Literal("done"), t.Literal("skipped"), t.Literal("failed")]),
      result: t.Optional(t.String({ maxLength: 20_000 })),
    }),
  },
  ({ plan_id, step, status, result }, { session_id }) =>
    orError(() =>
      tables.transaction(async (sql) => {
        const plan = await lockPlan(sql, plan_id);
        const found = plan.steps.find(({ number }) => number === step);
        if (!found) throw new Refused(404, `The plan has no step ${step}.`);
        // The run of a step says what became of it; of later steps it can only say that they are not needed.
        const isOwn = found.started_at !== null && found.ended_at === null;
        const isNext = status === "skipped" && found.status === "pending" && plan.status === "executing";
        if (!(isOwn || isNext))
          throw new Refused(409, `Step ${step} is ${found.status} and not being carried out.`);
        if (plan.session_id !== null && plan.session_id !== session_id) {
          throw new Refused(409, "The plan is carried out in another conversation.");
        }
        await sql.query(
          "UPDATE plan_steps SET status = $3, result = coalesce($4, result) WHERE plan_id = $1 AND number = $2",
          [plan_id, step, status, result],
        );
        await announce(sql, "plan", { plan_id });
        return { plan_id, step, status };
      }),
    ),
);

export const updatePlanStatus = register(
  {
    name: "update_plan_status",
    description:
      "Abandon a plan that is not needed any more. Approving is up to people, and a plan completes by itself after its last step.",
    annotations: { idempotent: true, destructive: true },
    parameters: t.Object({ plan_id, status: t.Literal("abandoned") }),
  },
  ({ plan_id }, { bot_id }) =>
    orError(async () => {
      const { status } = await abandonPlan(plan_id, bot_id ?? "bot");
      return { plan_id, status };
    }),
);
