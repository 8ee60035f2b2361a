import { Elysia, t } from "elysia";
import type { Budget, Budgets, GivenBudget } from "../../../budgets/budgets.ts";
import { BUDGET_METRICS, BUDGET_PERIODS, BUDGET_SCOPES } from "../../../db/schema.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { asRead, IF_MATCH } from "../if-match.ts";
import { listRoute, pageOfRows, ROWS } from "../list.ts";
import type { NeedIntegration } from "../missing-names.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { Id, IdParams, InstantOf, instant, instantOrNull, limitOf, nullable, oneOf } from "../schemas.ts";

const tag = "Budgets";

const Amount = t.Number({
  description: "How much may be used in a period: US dollars, tokens, model calls, seconds or runs.",
});
const Enabled = t.Boolean({ description: "false: it stops nothing." });
const Scope = oneOf(
  BUDGET_SCOPES,
  "Whose runs are counted. Every budget that applies to a run must have room.",
);
const Metric = oneOf(
  BUDGET_METRICS,
  "What is counted. `cost_usd` leaves out calls whose price is not known; `seconds` is the time that runs take, without what they wait for people.",
);
const Period = oneOf(
  BUDGET_PERIODS,
  "When it starts anew: with each run, or with the hour, the day or the month in UTC. `runs` are not counted by run.",
);
const SUBJECT = "The id of the bot, integration or schedule; null for the server.";

const BudgetAnswer = named(
  "Budget",
  t.Object({
    id: Id,
    scope: Scope,
    subject: nullable(t.String(), SUBJECT),
    metric: Metric,
    period: Period,
    amount: Amount,
    enabled: Enabled,
    current: nullable(
      t.Object({
        start: InstantOf("When the period began."),
        end: InstantOf("When the next one begins."),
        used: t.Number({ description: "What has been used so far." }),
        extended: t.Number({ description: "What somebody has added for this period." }),
        cap: t.Number({ description: "`amount` with what was added." }),
        share: t.Number({ description: "The part of the cap that is used: 1 is all of it." }),
        forecast: nullable(
          t.Number(),
          "What will be used by the end of the period at the pace so far. Null: it has only just begun.",
        ),
        reaches_cap_at: nullable(
          InstantOf("When the cap is reached at that pace."),
          "Null: not in this period, or it is reached already.",
        ),
      }),
      "The current period. Null for a budget of each run.",
    ),
    created_at: InstantOf("When it was created."),
    updated_at: InstantOf("When it was last changed."),
  }),
);

const EXAMPLE = { scope: "bot", subject: "default", metric: "cost_usd", period: "day", amount: 5 };

export interface BudgetRoutes {
  budgets: Pick<Budgets, "list" | "get" | "create" | "change" | "extend" | "remove">;
  needIntegration: NeedIntegration;
  route: RouteOptions;
}

export function budgetRoutes({ budgets, needIntegration, route }: BudgetRoutes) {
  const create = async (given: GivenBudget): Promise<Budget> => {
    const { scope, subject } = given;
    if (scope === "integration" && subject) await needIntegration(subject, "subject");
    return budgets.create(given);
  };
  return new Elysia({ prefix: "/api/v1/budgets", normalize: false })
    .get(
      "",
      async ({ query }) =>
        pageOfRows("budgets", query, (page) => budgets.list({ ...query, ...page }), present),
      listRoute(route, {
        scope: "budgets:read",
        tag,
        summary: "List budgets",
        description: "With what is used of each in its current period. Newest first.",
        key: "budgets",
        Item: BudgetAnswer,
        query: {
          scope: t.Optional(oneOf(BUDGET_SCOPES, "Only budgets of this scope.")),
          subject: t.Optional(
            t.String({ description: "Only budgets of this bot, integration or schedule." }),
          ),
          metric: t.Optional(oneOf(BUDGET_METRICS, "Only budgets of this metric.")),
          period: t.Optional(oneOf(BUDGET_PERIODS, "Only budgets of this period.")),
          ...ROWS,
          limit: limitOf(500),
        },
      }),
    )
    .post("", async ({ body, status }) => status(201, present(await create(body))), {
      ...route.json({
        scope: "budgets:write",
        tag,
        summary: "Create a budget",
        description:
          "Runs that would go beyond it fail with `usage_limit_exceeded`. What was used earlier in the current period counts.",
        example: EXAMPLE,
      }),
      body: t.Object(
        {
          scope: Scope,
          subject: t.Optional(nullable(t.String({ maxLength: 200 }), SUBJECT)),
          metric: Metric,
          period: Period,
          amount: Amount,
          enabled: t.Optional(Enabled),
        },
        { additionalProperties: false },
      ),
      response: { 201: BudgetAnswer, ...failures(...bodyFailures, 404, 409) },
    })
    .get("/:id", async ({ params }) => present(await budgets.get(params.id)), {
      ...route.plain({ scope: "budgets:read", tag, summary: "Fetch a budget" }),
      params: IdParams,
      response: { 200: BudgetAnswer, ...failures(403, 404, 422) },
    })
    .patch(
      "/:id",
      async ({ params, body, headers }) => present(await budgets.change(params.id, body, asRead(headers))),
      {
        ...route.json({
          scope: "budgets:write",
          tag,
          summary: "Change or switch off a budget",
          description: "Fields that are left out are not changed.",
          example: { amount: 10 },
        }),
        ...IF_MATCH,
        params: IdParams,
        body: t.Partial(t.Object({ amount: Amount, enabled: Enabled }), { additionalProperties: false }),
        response: { 200: BudgetAnswer, ...failures(...bodyFailures, 404, 412) },
      },
    )
    .post("/:id/extend", async ({ params, body }) => present(await budgets.extend(params.id, body.amount)), {
      ...route.json({
        scope: "budgets:write",
        tag,
        summary: "Extend a budget in its current period",
        description: "Once in a period; 409 if it has been extended. The next period has the usual amount.",
        example: {},
      }),
      params: IdParams,
      body: t.Object(
        { amount: t.Optional(t.Number({ description: "How much to add. Default: half of the budget." })) },
        { additionalProperties: false },
      ),
      response: { 200: BudgetAnswer, ...failures(...bodyFailures, 404, 409) },
    })
    .delete(
      "/:id",
      async ({ params, status }) => {
        await budgets.remove(params.id);
        return status(204, undefined);
      },
      {
        ...route.plain({
          scope: "budgets:write",
          tag,
          summary: "Delete a budget",
          description: "With what was counted for it.",
        }),
        params: IdParams,
        response: { 204: t.Void({ description: "Deleted." }), ...failures(403, 404, 422) },
      },
    );
}

const present = ({ current, ...row }: Budget) => ({
  ...row,
  current: current && {
    ...current,
    start: instant(current.start),
    end: instant(current.end),
    reaches_cap_at: instantOrNull(current.reaches_cap_at),
  },
  created_at: instant(row.created_at),
  updated_at: instant(row.updated_at),
});
