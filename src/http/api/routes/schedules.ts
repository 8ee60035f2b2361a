import { Elysia, t } from "elysia";
import { OCCURRENCE_STATUSES, SCHEDULE_STATUSES, type scheduleOccurrences } from "../../../db/schema.ts";
import type { Occurrence, ScheduleRow, Schedules } from "../../../schedules/schedules.ts";
import { checkTiming, nextTimes } from "../../../schedules/timing.ts";
import { asRead, IF_MATCH } from "../if-match.ts";
import { listRoute, pageOfRows, ROWS } from "../list.ts";
import type { Ownership } from "../ownership.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { EXAMPLE_ID, IdParams, instant, instantOrNull, oneOf } from "../schemas.ts";
import {
  OccurrenceAnswer,
  PreviewAnswer,
  ScheduleAnswer,
  SETTINGS,
  Timezone,
  TimingBody,
} from "./schedule-schemas.ts";

const tag = "Schedules";

const NEXT_TIMES = 5;

const EXAMPLE = {
  channel_id: EXAMPLE_ID,
  name: "Morning report",
  content: "What is new since yesterday?",
  timing: { kind: "cron", cron: "0 8 * * 1-5" },
  timezone: "Europe/Vienna",
};

export interface ScheduleRoutes {
  schedules: Omit<Schedules, "runNow"> & {
    /** Sends its message now, and returns what became of it. */
    runNow(...given: Parameters<Schedules["runNow"]>): Promise<typeof scheduleOccurrences.$inferSelect>;
    /** Of schedules that name none. */
    timezone: string;
  };
  ownership: Pick<Ownership, "reachOf" | "channel" | "brings">;
  route: RouteOptions;
}

export function scheduleRoutes(options: ScheduleRoutes) {
  return new Elysia({ prefix: "/api/v1/schedules", normalize: false })
    .use(settingUp(options))
    .use(running(options));
}

function settingUp({ schedules, ownership, route }: ScheduleRoutes) {
  return new Elysia({ normalize: false })
    .get(
      "",
      async ({ query, request }) => {
        const reach = await ownership.reachOf(request);
        return pageOfRows(
          "schedules",
          query,
          (page) => schedules.list({ ...query, ...page, reach }),
          present,
        );
      },
      listRoute(route, {
        scope: "schedules:read",
        tag,
        summary: "List schedules",
        description: "Newest first.",
        key: "schedules",
        Item: ScheduleAnswer,
        query: {
          channel_id: t.Optional(
            t.String({ format: "uuid", description: "Only schedules of this channel." }),
          ),
          bot_id: t.Optional(t.String({ description: "Only schedules for this bot." })),
          status: t.Optional(oneOf(SCHEDULE_STATUSES, "Only schedules with this status.")),
          heartbeat: t.Optional(
            t.Boolean({ description: "true: only heartbeats; false: only other schedules." }),
          ),
          enabled: t.Optional(t.Boolean({ description: "true: without paused ones; false: only these." })),
          ...ROWS,
        },
      }),
    )
    .post(
      "",
      async ({ body: { channel_id, ...settings }, request, status }) => {
        await ownership.channel(request, channel_id);
        await mayCheck(ownership, request, settings);
        const { fromPerson, hops, owner } = await route.sender(request);
        const origin = fromPerson ? "person" : "integration";
        return status(201, present(await schedules.create(channel_id, settings, { origin, hops, owner })));
      },
      {
        ...route.json({
          scope: "schedules:write",
          tag,
          summary: "Create a schedule",
          description: "A message that a channel gets at certain times.",
          example: EXAMPLE,
        }),
        body: t.Object(
          { channel_id: t.String({ format: "uuid", description: "The channel that gets it." }), ...SETTINGS },
          { additionalProperties: false },
        ),
        response: { 201: ScheduleAnswer, ...failures(...bodyFailures, 404, 409) },
      },
    )
    .post(
      "/preview",
      ({ body: { timing, timezone = schedules.timezone } }) => {
        const now = new Date();
        const checked = checkTiming(timing, timezone, now);
        const times = nextTimes(checked, timezone, { after: now, count: NEXT_TIMES });
        return { timing: checked, timezone, next_times: times.map(instant) };
      },
      {
        ...route.json({
          scope: "schedules:read",
          tag,
          summary: "Say when a schedule would be due",
          description: "The next five times. Nothing is stored.",
          example: { timing: EXAMPLE.timing, timezone: EXAMPLE.timezone },
        }),
        body: t.Object(
          { timing: TimingBody, timezone: t.Optional(Timezone) },
          { additionalProperties: false },
        ),
        response: { 200: PreviewAnswer, ...failures(...bodyFailures) },
      },
    )
    .get(
      "/:id",
      async ({ params, request }) =>
        present(await schedules.get(params.id, await ownership.reachOf(request))),
      {
        ...route.plain({ scope: "schedules:read", tag, summary: "Fetch a schedule" }),
        params: IdParams,
        response: { 200: ScheduleAnswer, ...failures(403, 404, 422) },
      },
    )
    .patch(
      "/:id",
      async ({ params, body, headers, request }) => {
        await mayCheck(ownership, request, body);
        const { fromPerson } = await route.sender(request);
        const reach = await ownership.reachOf(request);
        const origin = fromPerson ? "person" : "integration";
        return present(await schedules.change(params.id, body, { origin, reach, asRead: asRead(headers) }));
      },
      {
        ...route.json({
          scope: "schedules:write",
          tag,
          summary: "Change or pause a schedule",
          description:
            "Fields that are left out are not changed; `timing` is replaced as a whole. With another timing, and when it is no longer paused, it is next due after now.",
          example: { enabled: false },
        }),
        ...IF_MATCH,
        params: IdParams,
        body: t.Partial(t.Object(SETTINGS), { additionalProperties: false }),
        response: { 200: ScheduleAnswer, ...failures(...bodyFailures, 404, 409, 412) },
      },
    )
    .delete(
      "/:id",
      async ({ params, request, status }) => {
        await schedules.remove(params.id, await ownership.reachOf(request));
        return status(204, undefined);
      },
      {
        ...route.plain({
          scope: "schedules:write",
          tag,
          summary: "Delete a schedule",
          description: "With its occurrences. The runs that it started stay.",
        }),
        params: IdParams,
        response: { 204: t.Void({ description: "Deleted." }), ...failures(403, 404, 422) },
      },
    );
}

function running({ schedules, ownership, route }: ScheduleRoutes) {
  return new Elysia({ normalize: false })
    .post(
      "/:id/accept",
      async ({ params, request }) =>
        present(await schedules.accept(params.id, await ownership.reachOf(request))),
      {
        ...route.plain({
          scope: "schedules:write",
          tag,
          summary: "Accept an unreviewed schedule",
          description: "It is next due after now; 409 if it waits for no review. To reject one, delete it.",
        }),
        params: IdParams,
        response: { 200: ScheduleAnswer, ...failures(403, 404, 409, 422) },
      },
    )
    .post(
      "/:id/run",
      async ({ params, request, status }) => {
        const made = await schedules.runNow(params.id, await ownership.reachOf(request));
        return status(201, presentOccurrence({ ...made, task_status: null }));
      },
      {
        ...route.plain({
          scope: "schedules:write",
          tag,
          summary: "Run a schedule now",
          description:
            "In addition to its due times, also if it is paused or the run of an earlier time is going. 409 if it waits for a review.",
        }),
        params: IdParams,
        response: { 201: OccurrenceAnswer, ...failures(403, 404, 409, 422) },
      },
    )
    .get(
      "/:id/occurrences",
      async ({ params, query, request }) => {
        const { id } = await schedules.get(params.id, await ownership.reachOf(request));
        return pageOfRows(
          "occurrences",
          query,
          (page) => schedules.occurrences({ ...query, ...page, schedule_id: id }),
          presentOccurrence,
        );
      },
      {
        ...listRoute(route, {
          scope: "schedules:read",
          tag,
          summary: "List what became of a schedule's due times",
          description: "Newest first. They are kept for 90 days.",
          key: "occurrences",
          Item: OccurrenceAnswer,
          query: {
            status: t.Optional(oneOf(OCCURRENCE_STATUSES, "Only occurrences with this status.")),
            ...ROWS,
          },
          fails: [404],
        }),
        params: IdParams,
      },
    );
}

/** Whoever has a tool called must be allowed to. */
export async function mayCheck(
  ownership: Pick<Ownership, "brings">,
  request: Request,
  { pre_check }: { pre_check?: { tool: string } | null },
): Promise<void> {
  if (pre_check) await ownership.brings(request, { execution_config: { tools: [pre_check.tool] } });
}

export const present = ({ owner: _owner, hops: _hops, seen: _seen, ...row }: ScheduleRow) => ({
  ...row,
  next_at: instantOrNull(row.next_at),
  created_at: instant(row.created_at),
  updated_at: instant(row.updated_at),
});

export const presentOccurrence = (row: Occurrence) => ({
  ...row,
  due_at: instant(row.due_at),
  until_at: instantOrNull(row.until_at),
  created_at: instant(row.created_at),
});
