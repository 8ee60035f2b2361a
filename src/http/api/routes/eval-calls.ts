import { Elysia, t } from "elysia";
import type { OutsideRuns } from "../../../budgets/outside-runs.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { EXAMPLE_ID, Id, nullable } from "../schemas.ts";

const tag = "Evals";
const MOST_TOKENS = 100_000_000;

const CALL = {
  fixture_bot: t.String({
    minLength: 1,
    maxLength: 64,
    description: "The bot whose fixture it is; one beside its fixtures need not be on this server.",
  }),
  model: t.String({ minLength: 1, maxLength: 200, description: "As the bot names it." }),
};
const Tokens = (description: string) => t.Integer({ minimum: 0, maximum: MOST_TOKENS, description });

const CallId = t.String({ format: "uuid", description: "With which the call began." });

export interface EvalCallRoutes {
  calls: Pick<OutsideRuns, "begin" | "renew" | "end">;
  route: RouteOptions;
}

/** Calls of a real model that `heddle eval` makes on a server of its own, within the budgets of this one. */
export function evalCallRoutes({ calls, route }: EvalCallRoutes) {
  return new Elysia({ prefix: "/api/v1/evals/calls", normalize: false })
    .post(
      "",
      async ({ body: { fixture_bot: bot_id, model, tokens }, request: { signal }, status }) =>
        status(201, { id: await calls.begin({ provider: null, bot_id, model, tokens, signal }) }),
      {
        ...route.json({
          scope: "evals:write",
          tag,
          summary: "Begin a call of a model in an eval",
          description:
            "What it may use is reserved in the budgets of the server and of the bot; `usage_limit_exceeded` if one of them is used up. It waits while calls in progress may use up what is left. The reservation counts for a minute, unless it is renewed.",
          example: { fixture_bot: "default", model: "gpt-5-mini", tokens: 812 },
        }),
        body: t.Object(
          { ...CALL, tokens: Tokens("Tokens that it will read, by estimate.") },
          { additionalProperties: false },
        ),
        response: { 201: t.Object({ id: Id }), ...failures(...bodyFailures, 402) },
      },
    )
    .post(
      "/renew",
      async ({ body: { id } }) => {
        await calls.renew(id);
        return { id };
      },
      {
        ...route.json({
          scope: "evals:write",
          tag,
          summary: "Renew a call of a model in an eval",
          description:
            "Says that the call is still being made, so that its reservation counts for another minute. Repeat it every twenty seconds.",
          example: { id: EXAMPLE_ID },
        }),
        body: t.Object({ id: CallId }, { additionalProperties: false }),
        response: { 200: t.Object({ id: Id }), ...failures(...bodyFailures) },
      },
    )
    .post(
      "/record",
      async ({ body: { id, fixture_bot: bot_id, model, provider, used } }) => {
        const call = { provider, bot_id, model, tokens: 0 };
        await calls.end(id, call, used && { ...used, duration_ms: used.seconds * 1000 });
        return { id };
      },
      {
        ...route.json({
          scope: "evals:write",
          tag,
          summary: "Record a call of a model in an eval",
          description:
            "It counts in the budgets and in the usage report. Once: later requests change nothing.",
          example: {
            ...{ id: EXAMPLE_ID, fixture_bot: "default", model: "gpt-5-mini", provider: "default" },
            used: { prompt_tokens: 812, completion_tokens: 40, cost_usd: 0.0003, seconds: 1.2 },
          },
        }),
        body: t.Object(
          {
            id: CallId,
            ...CALL,
            provider: t.String({ minLength: 1, maxLength: 64, description: "Where the model is." }),
            used: nullable(
              t.Object(
                {
                  prompt_tokens: Tokens("Tokens that it read."),
                  completion_tokens: Tokens("Tokens that it wrote."),
                  cost_usd: nullable(
                    t.Number({ minimum: 0, maximum: 1_000_000 }),
                    "US dollars; null: the price is not known.",
                  ),
                  seconds: t.Number({ minimum: 0, maximum: 86_400, description: "How long it took." }),
                },
                { additionalProperties: false },
              ),
              "Null: it failed, and used nothing.",
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: t.Object({ id: Id }), ...failures(...bodyFailures) },
      },
    );
}
