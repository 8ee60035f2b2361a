import { Elysia, t } from "elysia";
import { HEARTBEAT_POSTS } from "../../../db/schema.ts";
import { HeddleError, notFound } from "../../../errors.ts";
import { asRead, IF_MATCH } from "../if-match.ts";
import { bodyFailures, failures } from "../route-options.ts";
import { IdParams, nullable, oneOf } from "../schemas.ts";
import { OccurrenceAnswer, ScheduleAnswer, SETTINGS, Timezone } from "./schedule-schemas.ts";
import { mayCheck, present, presentOccurrence, type ScheduleRoutes } from "./schedules.ts";

const tag = "Heartbeats";
const scope = "channels.heartbeat";

const FIELDS = {
  prompt: t.Optional(
    nullable(
      t.String({ minLength: 1, maxLength: 20_000 }),
      "What to look at. Null: whatever may need attention.",
    ),
  ),
  interval_minutes: t.Optional(
    t.Integer({ minimum: 1, maximum: 10_080, description: "Counted from midnight in UTC. Default 60." }),
  ),
  posts: t.Optional(
    oneOf(
      HEARTBEAT_POSTS,
      "always (the default): each answer is posted in the channel. optional: only what the bot posts with post_heartbeat_to_channel.",
    ),
  ),
  timezone: t.Optional(Timezone),
  bot_id: SETTINGS.bot_id,
  quiet_hours: SETTINGS.quiet_hours,
  pre_check: SETTINGS.pre_check,
  enabled: SETTINGS.enabled,
};

const PROMPT =
  "Look whether anything in this channel needs attention: open questions, promises that are due, things that have changed.";
const NAME = "Heartbeat";

export function heartbeatRoutes({ schedules, ownership, route }: ScheduleRoutes) {
  const find = async (request: Request, channel_id: string) => {
    await ownership.channel(request, channel_id);
    const reach = await ownership.reachOf(request);
    const [row] = await schedules.list({ channel_id, heartbeat: true, limit: 1, reach });
    return row;
  };
  const found = async (request: Request, id: string) => {
    const row = await find(request, id);
    if (!row) throw notFound("heartbeat of channel", id);
    return row;
  };
  return new Elysia({ prefix: "/api/v1/admin/channels/:id/heartbeat", normalize: false })
    .get("", async ({ params, request }) => present(await found(request, params.id)), {
      ...route.plain({ of: "channel", scope: `${scope}:read`, tag, summary: "Fetch a channel's heartbeat" }),
      params: IdParams,
      response: { 200: ScheduleAnswer, ...failures(403, 404, 422) },
    })
    .put(
      "",
      async ({ params, body, headers, request }) => {
        await mayCheck(ownership, request, body);
        const { fromPerson, hops, owner } = await route.sender(request);
        const origin = fromPerson ? ("person" as const) : ("integration" as const);
        const settings = settingsOf(body);
        const row = await find(request, params.id);
        if (row) {
          const reach = await ownership.reachOf(request);
          const by = { origin, reach, asRead: asRead(headers) };
          return present(await schedules.change(row.id, settings, by));
        }
        const made = {
          name: NAME,
          content: PROMPT,
          timing: every(60),
          heartbeat: { posts: "always" as const },
        };
        return present(
          await schedules
            .create(params.id, { ...made, ...settings }, { origin, hops, owner })
            .catch((error) => {
              // Here the channel is named by the path.
              const isChannel = error instanceof HeddleError && error.field === "channel_id";
              throw isChannel ? notFound("channel", params.id) : error;
            }),
        );
      },
      {
        ...route.json({
          of: "channel",
          scope: `${scope}:write`,
          tag,
          summary: "Set up or change a channel's heartbeat",
          description:
            "The channel's bot looks around at this interval. Fields that are left out are not changed. It is a schedule as well, with what became of each time.",
          example: { interval_minutes: 30, posts: "optional" },
        }),
        ...IF_MATCH,
        params: IdParams,
        body: t.Object(FIELDS, { additionalProperties: false }),
        response: { 200: ScheduleAnswer, ...failures(...bodyFailures, 404, 409, 412) },
      },
    )
    .post(
      "/toggle",
      async ({ params, request }) => {
        const row = await found(request, params.id);
        const { fromPerson } = await route.sender(request);
        const origin = fromPerson ? "person" : "integration";
        const reach = await ownership.reachOf(request);
        return present(await schedules.change(row.id, { enabled: !row.enabled }, { origin, reach }));
      },
      {
        ...route.plain({
          of: "channel",
          scope: `${scope}:write`,
          tag,
          summary: "Pause or resume a heartbeat",
        }),
        params: IdParams,
        response: { 200: ScheduleAnswer, ...failures(403, 404, 422) },
      },
    )
    .post(
      "/fire",
      async ({ params, request, status }) => {
        const row = await found(request, params.id);
        const made = await schedules.runNow(row.id, await ownership.reachOf(request));
        return status(201, presentOccurrence({ ...made, task_status: null }));
      },
      {
        ...route.plain({
          of: "channel",
          scope: `${scope}:write`,
          tag,
          summary: "Run a heartbeat now",
          description: "Whatever its quiet hours and its check say.",
        }),
        params: IdParams,
        response: { 201: OccurrenceAnswer, ...failures(403, 404, 409, 422) },
      },
    )
    .delete(
      "",
      async ({ params, request, status }) => {
        const row = await found(request, params.id);
        await schedules.remove(row.id, await ownership.reachOf(request));
        return status(204, undefined);
      },
      {
        ...route.plain({ of: "channel", scope: `${scope}:write`, tag, summary: "Delete a heartbeat" }),
        params: IdParams,
        response: { 204: t.Void({ description: "Deleted." }), ...failures(403, 404, 422) },
      },
    );
}

const every = (minutes: number) => ({
  kind: "interval" as const,
  seconds: minutes * 60,
  // Midnight in UTC, so that it comes at the same times each day.
  starts_at: `${new Date().toISOString().slice(0, 10)}T00:00:00.000Z`,
});

interface Given {
  prompt?: string | null;
  interval_minutes?: number;
  posts?: (typeof HEARTBEAT_POSTS)[number];
}

function settingsOf<More extends object>({ prompt, interval_minutes, posts, ...more }: Given & More) {
  return {
    ...more,
    ...(prompt !== undefined && { content: prompt ?? PROMPT }),
    ...(interval_minutes !== undefined && { timing: every(interval_minutes) }),
    ...(posts !== undefined && { heartbeat: { posts } }),
  };
}
