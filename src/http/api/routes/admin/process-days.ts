import { Elysia, t } from "elysia";
import { notFound } from "../../../../errors.ts";
import type { Day, ProcessDay } from "../../../../processes/days.ts";
import type { Processes } from "../../../../processes/supervisor.ts";
import { named } from "../../../../schema/openapi-schema.ts";
import { listRoute, pageOfItems, SETUP } from "../../list.ts";
import type { RouteOptions } from "../../route-options.ts";
import { nullable } from "../../schemas.ts";

const DayAnswer = named(
  "ProcessDay",
  t.Object({
    day: t.String({ format: "date", description: "In UTC." }),
    up_seconds: t.Integer({ description: "How long it ran." }),
    down_seconds: t.Integer({
      description:
        "How long it should have run and did not. The rest of the day is not known, or it was not wanted.",
    }),
    crashes: t.Integer({ description: "How often it crashed." }),
    last_error: nullable(t.String(), "The reason of the last crash of the day."),
  }),
);

const IntegrationDayAnswer = named(
  "IntegrationDay",
  t.Object({
    day: t.String({ format: "date", description: "In UTC." }),
    up_seconds: t.Integer({ description: "How long a version of it was live." }),
    down_seconds: t.Integer({
      description:
        "How long none was, because it did not load. The rest of the day is not known, or it was disabled or waited for approval.",
    }),
    problems: t.Integer({ description: "How often it did not load any more." }),
    last_error: nullable(t.String(), "The reason of the day's last time."),
  }),
);

export interface ProcessDayRoutes {
  processes: Pick<Processes, "status" | "days" | "integrationDays">;
  integrations: { get(id: string): unknown };
  route: RouteOptions;
}

/** What processes and integrations did on each day. */
export function processDayRoutes({ processes, integrations, route }: ProcessDayRoutes) {
  return new Elysia({ normalize: false })
    .get(
      "/api/v1/admin/integrations/:id/days",
      async ({ params: { id }, query }) => {
        if (!integrations.get(id)) throw notFound("integration", id);
        const days = (await processes.integrationDays(id)).map(({ incidents, ...day }) => ({
          ...day,
          problems: incidents,
        }));
        return pageOfItems("days", query, days, ({ day }: Pick<Day, "day">) => day);
      },
      {
        ...listRoute(route, {
          of: "integration",
          scope: "integrations:read",
          tag: "Integrations",
          summary: "List how an integration was on each day",
          description: "Of the last ninety days, newest first; days of which nothing is known are left out.",
          key: "days",
          Item: IntegrationDayAnswer,
          query: SETUP,
          fails: [404],
        }),
        params: t.Object({ id: t.String({ description: "The integration's id." }) }),
      },
    )
    .get(
      "/api/v1/admin/integrations/:id/process/days",
      async ({ params: { id }, query }) => {
        await processes.status(id);
        return pageOfItems("days", query, await processes.days(id), ({ day }: ProcessDay) => day);
      },
      {
        ...listRoute(route, {
          of: "integration",
          scope: "integrations:read",
          tag: "Processes",
          summary: "List what a background process did on each day",
          description: "Of the last ninety days, newest first; days of which nothing is known are left out.",
          key: "days",
          Item: DayAnswer,
          query: SETUP,
          fails: [404],
        }),
        params: t.Object({ id: t.String({ description: "The integration's id." }) }),
      },
    );
}
