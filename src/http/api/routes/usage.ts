import { Elysia, t } from "elysia";
import { HeddleError } from "../../../errors.ts";
import { named } from "../../../schema/openapi-schema.ts";
import {
  DIMENSIONS,
  type Dimension,
  USUAL_DIMENSIONS,
  type Usage,
  type UsageRow,
} from "../../../usage/usage.ts";
import { INTEGRATION_FILTER, integrationIn, listRoute, pageOfRows } from "../list.ts";
import type { Ownership } from "../ownership.ts";
import type { RouteOptions } from "../route-options.ts";
import { GivenInstant, limitOf, listOfIds, nullable } from "../schemas.ts";

const DAYS = 30;

const count = (description: string) => t.Integer({ description });

const UsageAnswer = named(
  "Usage",
  t.Object({
    day: nullable(t.String(), "The day in UTC, such as 2026-11-28."),
    bot_id: nullable(t.String(), "The bot."),
    provider: nullable(t.String(), "The provider."),
    model: nullable(t.String(), "The model, as its provider names it."),
    integration_id: nullable(t.String(), "The integration whose message or channel it was."),
    hour: nullable(t.String(), "The hour in UTC, such as 2026-11-28T14:00Z."),
    schedule_id: nullable(t.String(), "The schedule that sent the message of its run."),
    task_id: nullable(t.String(), "The run."),
    calls: count("Calls of a model."),
    failed_calls: count("Those without an answer."),
    prompt_tokens: count("All that was read."),
    cached_input_tokens: count("The part that came from a cache."),
    cache_write_tokens: count("The part that was written to a cache."),
    completion_tokens: count("All that was written, thoughts included."),
    seconds: t.Number({ description: "How long the calls took." }),
    cache_hit_rate: nullable(
      t.Number(),
      "0 to 1: the part of the input that came from the cache, of calls whose endpoint tells. Null: none does.",
    ),
    cost_usd: nullable(t.Number(), "US dollars, of the calls with a known price. Null: none has one."),
    unpriced_calls: count("Answered calls without a known price, which `cost_usd` leaves out."),
  }),
);

const GROUPS = [...DIMENSIONS, "total"].join(", ");

const QUERY = {
  group_by: t.Optional(
    t.String({
      maxLength: 100,
      description: `Separated by commas: ${GROUPS}. Default: ${USUAL_DIMENSIONS.join(", ")}. Total is one row of everything.`,
    }),
  ),
  since: t.Optional(GivenInstant(`Inclusive lower bound of the time. Default: ${DAYS} days ago.`)),
  until: t.Optional(GivenInstant("Exclusive upper bound of the time.")),
  bot_id: t.Optional(t.String({ description: "Only calls of this bot." })),
  provider: t.Optional(t.String({ description: "Only calls of this provider." })),
  model: t.Optional(t.String({ description: "Only calls of this model, as its provider names it." })),
  ...INTEGRATION_FILTER,
  schedule_id: t.Optional(t.String({ format: "uuid", description: "Only calls for this schedule." })),
  task_id: t.Optional(listOfIds("Only calls of these runs")),
  limit: limitOf(500),
  cursor: t.Optional(t.String({ maxLength: 4_000, description: "`next_cursor` of the previous page." })),
};

export interface UsageRoutes {
  usage: Usage;
  ownership: Pick<Ownership, "reachOf">;
  route: RouteOptions;
}

export function usageRoutes({ usage, ownership, route }: UsageRoutes) {
  return new Elysia({ prefix: "/api/v1/usage", normalize: false }).get(
    "",
    async ({ query, request }) => {
      const { group_by, since, until, integration, integration_id, task_id, ...others } = query;
      const tasks = task_id?.split(",").map((id) => id.trim());
      const filters = { ...others, tasks, integration: integrationIn({ integration, integration_id }) };
      const reach = await ownership.reachOf(request);
      const times = {
        since: since === undefined ? new Date(Date.now() - DAYS * 86_400_000) : new Date(since),
        until: until === undefined ? undefined : new Date(until),
      };
      const groupBy = dimensionsIn(group_by);
      return pageOfRows(
        "usage",
        query,
        (page) => usage.list({ ...filters, ...times, groupBy, reach, ...page }),
        present,
      );
    },
    listRoute(route, {
      scope: "usage:read",
      tag: "Usage",
      summary: "Report tokens, cache hits and costs",
      description:
        "The newest day first. A field that the rows are not grouped by is null. A price that is not known is never counted as 0.",
      key: "usage",
      Item: UsageAnswer,
      query: QUERY,
    }),
  );
}

function dimensionsIn(text: string | undefined): readonly Dimension[] {
  if (text === undefined) return USUAL_DIMENSIONS;
  const words = text.split(",").map((word) => word.trim());
  if (words.length === 1 && words[0] === "total") return [];
  const wrong = words.find((word) => !(DIMENSIONS as readonly string[]).includes(word));
  if (wrong === undefined) return words as Dimension[];
  const message = `group_by must be total, or some of ${DIMENSIONS.join(", ")}, separated by commas; got "${wrong.slice(0, 50)}".`;
  throw new HeddleError("validation", message, { field: "group_by" });
}

const present = ({ id: _cursor, ...row }: UsageRow) => row;
