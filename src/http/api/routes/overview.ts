// What needs a person, and how much has happened.

import { Elysia, t } from "elysia";
import { covers } from "../../../access/scopes.ts";
import { DELIVERY_STATUSES, INBOX_VERDICTS, TASK_STATUSES } from "../../../db/schema.ts";
import { HeddleError } from "../../../errors.ts";
import { REPAIR_ACTIONS, REPAIR_KINDS, type Repair } from "../../../repairs/repair.ts";
import type { ListRepairs } from "../../../repairs/repairs.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { type Activity, bucketsIn, INTERVALS, MOST_BUCKETS } from "../../../usage/activity.ts";
import type { Auth } from "../../auth.ts";
import { listRoute, pageOfItems, SETUP } from "../list.ts";
import type { Ownership } from "../ownership.ts";
import { failures, type RouteOptions } from "../route-options.ts";
import { GivenInstant, Instant, InstantOf, instant, instantOrNull, nullable, oneOf } from "../schemas.ts";

const RepairAnswer = named(
  "Repair",
  t.Object({
    id: t.String({ description: "The same as long as the cause is." }),
    kind: oneOf(REPAIR_KINDS, "What it is about."),
    severity: oneOf(["error", "warning", "info"], "How grave it is."),
    title: t.String({ description: "What is wrong." }),
    detail: nullable(t.String(), "Why, in the words of what failed."),
    blocks: t.String({ description: "What does not work meanwhile." }),
    since: nullable(Instant, "Since when, if that is known."),
    count: t.Integer({ description: "How many things it is about." }),
    integration_id: nullable(t.String(), "The integration that it is about."),
    mcp_server_id: nullable(t.String(), "The MCP server that it is about."),
    provider_id: nullable(t.String(), "The provider that it is about."),
    action: oneOf(REPAIR_ACTIONS, "What a person can do."),
  }),
);

const counts = (words: readonly string[], description: string) =>
  t.Record(t.String(), t.Integer(), { description: `${description}, by ${words.join(", ")}.` });

const ActivityAnswer = named(
  "Activity",
  t.Object({
    interval: oneOf(INTERVALS, "The length of a bucket."),
    since: InstantOf("When the first bucket begins."),
    until: InstantOf("When the last bucket ends."),
    buckets: t.Array(
      t.Object({
        at: InstantOf("When it begins, in UTC."),
        runs: counts(TASK_STATUSES, "Tasks that began to wait in it"),
        deliveries: counts(DELIVERY_STATUSES, "Deliveries that were created in it"),
        webhooks: counts(INBOX_VERDICTS, "Webhooks that arrived in it"),
      }),
      { description: "Oldest first, without gaps." },
    ),
  }),
);

export interface OverviewRoutes {
  repairs: ListRepairs;
  activity: Activity;
  auth: Pick<Auth, "authenticate">;
  ownership: Pick<Ownership, "reachOf">;
  route: RouteOptions;
  now?: (() => number) | undefined;
}

export function overviewRoutes(options: OverviewRoutes) {
  const { repairs, activity, auth, ownership, route, now = Date.now } = options;
  return new Elysia({ prefix: "/api/v1", normalize: false })
    .get(
      "/repairs",
      async ({ query, request }) => {
        const { scopes } = await auth.authenticate(request);
        const reach = await ownership.reachOf(request);
        const found = await repairs({ reach, may: (scope) => covers(scopes, scope) });
        return pageOfItems("repairs", query, found.map(present), ({ id }) => id);
      },
      listRoute(route, {
        scope: null,
        tag: "Overview",
        summary: "List what needs a person",
        description:
          "The most serious first. Each caller sees what its scopes cover; entries are gone with their cause.",
        key: "repairs",
        Item: RepairAnswer,
        query: SETUP,
      }),
    )
    .get(
      "/activity",
      async ({ query, request }) => {
        const interval = query.interval ?? "hour";
        const until = query.until === undefined ? new Date(now()) : new Date(query.until);
        const since = query.since === undefined ? new Date(until.getTime() - DAY_MS) : new Date(query.since);
        const buckets = bucketsIn({ interval, since, until });
        if (buckets < 1 || buckets > MOST_BUCKETS) {
          throw new HeddleError(
            "validation",
            `since must be before until, by at most ${MOST_BUCKETS} ${interval}s.`,
            { field: "since" },
          );
        }
        const found = await activity({ interval, since, until, reach: await ownership.reachOf(request) });
        return {
          interval,
          since: instant(found[0]?.at ?? since),
          until: instant(until),
          buckets: found.map((bucket) => ({ ...bucket, at: instant(bucket.at) })),
        };
      },
      {
        ...route.plain({
          scope: "usage:read",
          tag: "Overview",
          summary: "Count runs, deliveries and webhooks over time",
          description: "A count that is 0 is left out. GET /usage has tokens and costs.",
        }),
        query: t.Object(
          {
            interval: t.Optional(oneOf(INTERVALS, "Default: hour.")),
            since: t.Optional(GivenInstant("Default: a day before `until`.")),
            until: t.Optional(GivenInstant("Default: now.")),
          },
          { additionalProperties: false },
        ),
        response: { 200: ActivityAnswer, ...failures(403) },
      },
    );
}

const DAY_MS = 86_400_000;

const present = ({ scope: _, since, mcp_server_id = null, provider_id = null, ...repair }: Repair) => ({
  ...repair,
  mcp_server_id,
  provider_id,
  since: instantOrNull(since),
});
