import { Elysia, t } from "elysia";
import type { EvalResult } from "../../../db/schema.ts";
import type { ComparedResult, EvalRunRow, Evals } from "../../../evals/evals.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { listRoute, pageOfRows, ROWS } from "../list.ts";
import type { Ownership } from "../ownership.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { Id, IdParams, InstantOf, instant, nullable } from "../schemas.ts";

const tag = "Evals";
const MOST_RESULTS = 1_000;

const RESULT = {
  name: t.String({ minLength: 1, maxLength: 200, description: "The fixture." }),
  bot_id: t.String({ minLength: 1, maxLength: 64, description: "The bot." }),
  problems: t.Array(t.String({ maxLength: 4_000 }), {
    maxItems: 100,
    description: "A sentence for each expectation that was not met; none: it passed.",
  }),
  answer: nullable(t.String({ maxLength: 20_000 }), "What the bot answered; null if it could not be run."),
  tools: t.Array(t.String({ maxLength: 200 }), {
    maxItems: 500,
    description: "The tools that were called, in order.",
  }),
  model_calls: t.Integer({ minimum: 0, description: "How often the model was asked." }),
  tokens: t.Integer({ minimum: 0, description: "Tokens read and written." }),
  cost_usd: nullable(t.Number({ minimum: 0 }), "US dollars; null if a price is not known."),
  seconds: t.Number({ minimum: 0, description: "How long it took." }),
};

const RUN = {
  id: Id,
  name: t.String({ description: "The folder of the fixtures; runs of one name are compared." }),
  model: nullable(t.String(), "The model that answered; null: a script did."),
  passed: t.Integer({ description: "Fixtures that passed." }),
  failed: t.Integer({ description: "Fixtures that did not." }),
  tokens: t.Integer({ description: "Tokens of all of them." }),
  cost_usd: nullable(t.Number(), "US dollars of all of them; null if a price is not known."),
  seconds: t.Number({ description: "How long they took." }),
  created_at: InstantOf("When the results were stored."),
};

const EvalRunAnswer = named("EvalRun", t.Object(RUN));
const EvalRunDetail = named(
  "EvalRunDetail",
  t.Object({
    ...RUN,
    previous_id: nullable(Id, "The run of the same name before it."),
    results: t.Array(
      t.Object({
        ...RESULT,
        before: nullable(
          t.Object({
            passed: t.Boolean({ description: "Whether it passed." }),
            tokens: t.Integer({ description: "Its tokens." }),
            cost_usd: nullable(t.Number(), "Its cost."),
            same_answer: t.Boolean({ description: "Whether the answer was the same." }),
            answer: nullable(t.String(), "What the bot answered then."),
          }),
          "The same fixture in the run before; null: it was not in it.",
        ),
      }),
      { description: "Those that failed come first." },
    ),
  }),
);

const NewEvalRun = named(
  "NewEvalRun",
  t.Object(
    {
      name: t.String({ minLength: 1, maxLength: 200, description: "The folder of the fixtures." }),
      model: t.Optional(nullable(t.String({ maxLength: 200 }), "The model; null: a script answered.")),
      results: t.Array(t.Object(RESULT, { additionalProperties: false }), {
        minItems: 1,
        maxItems: MOST_RESULTS,
        description: "What came of each fixture.",
      }),
    },
    { additionalProperties: false },
  ),
);

export interface EvalRoutes {
  evals: Evals;
  ownership: Pick<Ownership, "reachOf">;
  route: RouteOptions;
}

export function evalRoutes({ evals, ownership, route }: EvalRoutes) {
  return new Elysia({ prefix: "/api/v1/evals", normalize: false })
    .get(
      "",
      async ({ query: { name, ...page }, request }) => {
        const reach = await ownership.reachOf(request);
        return pageOfRows("evals", page, (rows) => evals.list({ name, ...rows, reach }), present);
      },
      listRoute(route, {
        scope: "evals:read",
        tag,
        summary: "List results of evals",
        description: "Newest first. A key that reaches only its own rows sees what it has stored.",
        key: "evals",
        Item: EvalRunAnswer,
        query: { name: t.Optional(t.String({ description: "Only those of this folder." })), ...ROWS },
      }),
    )
    .get(
      "/:id",
      async ({ params, request }) => {
        const { run, previousId, results } = await evals.get(params.id, await ownership.reachOf(request));
        return {
          ...present(run),
          previous_id: previousId,
          results: results.map(presentResult).sort((a, b) => Number(isPass(a)) - Number(isPass(b))),
        };
      },
      {
        ...route.plain({ scope: "evals:read", tag, summary: "Read the results of an eval" }),
        params: IdParams,
        response: { 200: EvalRunDetail, ...failures(403, 404, 422) },
      },
    )
    .post(
      "",
      async ({ body, request, status }) => {
        const { owner } = await route.sender(request);
        return status(201, present(await evals.add({ model: null, ...body }, owner)));
      },
      {
        ...route.json({
          scope: "evals:write",
          tag,
          summary: "Store the results of an eval",
          description: "As `heddle eval --store` does. The newest 200 of each name are kept.",
          example: {
            name: "evals",
            results: [
              {
                ...{ name: "issue-7", bot_id: "default", problems: [], answer: "Thank you.", tools: [] },
                ...{ model_calls: 1, tokens: 812, cost_usd: 0.0007, seconds: 2.1 },
              },
            ],
          },
        }),
        body: NewEvalRun,
        response: { 201: EvalRunAnswer, ...failures(...bodyFailures) },
      },
    );
}

const isPass = ({ problems }: { problems: readonly string[] }): boolean => problems.length === 0;

const present = ({
  id,
  name,
  model,
  passed,
  failed,
  tokens,
  cost_usd,
  seconds,
  created_at,
}: Omit<EvalRunRow, "results">) => ({
  ...{ id, name, model, passed, failed, tokens, cost_usd, seconds },
  created_at: instant(created_at),
});

const presentResult = ({ before, ...result }: ComparedResult) => ({
  ...result,
  before: before && earlier(before, result),
});

const earlier = (before: EvalResult, now: EvalResult) => ({
  passed: isPass(before),
  tokens: before.tokens,
  cost_usd: before.cost_usd,
  same_answer: before.answer === now.answer,
  answer: before.answer,
});
