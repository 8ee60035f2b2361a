import { Elysia, t } from "heddle/sdk";
import { settings } from "../config.ts";
import { abandonPlan, approvePlan, changePlan, draftPlan, getPlan, listPlans, resumePlan } from "../plans.ts";
import { versionIn } from "../refused.ts";
import { advance, know } from "../run-plan.ts";
import { channelsIn, scopeQuery } from "./scope.ts";
import { who } from "./who.ts";

const title = t.String({ minLength: 1, maxLength: 300, pattern: "\\S" });
const steps = t.Array(t.String({ minLength: 1, maxLength: 4_000 }), { minItems: 1, maxItems: 50 });
const bot_id = t.Optional(t.String({ minLength: 1, maxLength: 100 }));
/** Of the plan as it was read, so that nobody approves another one. */
const hash = {
  body: t.Object({ hash: t.String({ pattern: "^[0-9a-f]{64}$", examples: ["9f86d081".repeat(8)] }) }),
};

async function approve(id: string, hash: string, request: Request) {
  const by = who(request);
  await approvePlan(id, hash, by);
  await know(by);
  await advance(id);
  return { plan: await getPlan(id) };
}

async function reject(id: string, request: Request) {
  return { plan: await abandonPlan(id, who(request).name, "rejected") };
}

async function resume(id: string, request: Request) {
  await resumePlan(id, who(request));
  await advance(id);
  return { plan: await getPlan(id) };
}

export const planRoutes = new Elysia()
  .get(
    "/plans",
    async ({ query, request }) => ({
      plans: await listPlans({ ...query, channels: await channelsIn(query, request) }),
    }),
    {
      query: t.Object({
        ...scopeQuery,
        status: t.Optional(
          t.Union(
            (["draft", "executing", "paused", "complete", "abandoned"] as const).map((one) => t.Literal(one)),
          ),
        ),
        channel_id: t.Optional(t.String({ maxLength: 100 })),
      }),
    },
  )
  .get("/plans/:id", async ({ params }) => ({ plan: await getPlan(params.id) }))
  .post(
    "/plans",
    async ({ body, request }) => ({
      plan: await draftPlan({
        ...body,
        bot_id: body.bot_id ?? settings.MISSION_CONTROL_BOT_ID,
        created_by: who(request).name,
      }),
    }),
    {
      body: t.Object({
        ...{ title, steps, bot_id },
        channel_id: t.Optional(t.Nullable(t.String({ maxLength: 100 }))),
        idempotency_key: t.Optional(t.String({ minLength: 1, maxLength: 255 })),
      }),
    },
  )
  .patch(
    "/plans/:id",
    async ({ params, body, request }) => ({
      plan: await changePlan(params.id, body, who(request).name, versionIn(request.headers)),
    }),
    { body: t.Object({ title: t.Optional(title), steps: t.Optional(steps), bot_id }) },
  )
  .post("/plans/:id/approve", ({ params, body, request }) => approve(params.id, body.hash, request), hash)
  .post("/plans/:id/reject", ({ params, request }) => reject(params.id, request))
  .post("/plans/:id/resume", ({ params, request }) => resume(params.id, request))
  // The same under the channel, as older clients ask.
  .post(
    "/channels/:channel/plans/:id/approve",
    ({ params, body, request }) => approve(params.id, body.hash, request),
    hash,
  )
  .post("/channels/:channel/plans/:id/reject", ({ params, request }) => reject(params.id, request))
  .post("/channels/:channel/plans/:id/resume", ({ params, request }) => resume(params.id, request));
