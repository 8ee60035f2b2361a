// What schedules look like in requests and answers.

import { t } from "elysia";
import { LONGEST_REFERENCE } from "../../../capabilities/tool-patterns.ts";
import {
  HEARTBEAT_POSTS,
  MISSED_POLICIES,
  OCCURRENCE_STATUSES,
  OVERLAP_POLICIES,
  SCHEDULE_ORIGINS,
  SCHEDULE_STATUSES,
  TASK_STATUSES,
} from "../../../db/schema.ts";
import { MOST_SECONDS, TIMING_KINDS } from "../../../schedules/timing.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { NOT_BLANK } from "../../../schema/pattern-words.ts";
import { GivenInstant, Id, Instant, InstantOf, JsonOf, nullable, oneOf } from "../schemas.ts";

const TimingFields = {
  cron: t.Optional(
    t.String({
      maxLength: 200,
      description:
        'For cron: minute, hour, day of month, month, day of week, on the clock of `timezone`: "0 8 * * 1-5". A time that the clock skips in spring is due an hour later; one that it shows twice in autumn is due once.',
    }),
  ),
  seconds: t.Optional(
    t.Integer({
      maximum: MOST_SECONDS,
      description: "For interval: the time from one due time to the next, at least 60.",
    }),
  ),
  starts_at: t.Optional(
    GivenInstant(
      "For interval: what it is counted from. Default: now, so that it is first due one interval later.",
    ),
  ),
  at: t.Optional(GivenInstant("For once: the time.")),
};

const TIMING = {
  kind: oneOf(
    TIMING_KINDS,
    "cron: at certain times of the clock. interval: again and again after the same time. once: at one time.",
  ),
  ...TimingFields,
};

export const TimingBody = t.Object(TIMING, {
  additionalProperties: false,
  description: "When it is due. Its fields depend on `kind`.",
});

export const Timezone = t.String({
  minLength: 1,
  maxLength: 100,
  description: 'An IANA time zone: "Europe/Vienna". Default: the server\'s TIMEZONE.',
});

export const SETTINGS = {
  name: t.String({ minLength: 1, maxLength: 200, pattern: NOT_BLANK, description: "What it is for." }),
  content: t.String({
    minLength: 1,
    maxLength: 20_000,
    description: "The message that the bot gets each time.",
  }),
  timing: TimingBody,
  timezone: t.Optional(Timezone),
  bot_id: t.Optional(
    nullable(
      t.String({ minLength: 1, maxLength: 100 }),
      "The bot that gets it; null: the channel's own bot or, without one, the bot that spoke there last.",
    ),
  ),
  missed: t.Optional(
    oneOf(
      MISSED_POLICIES,
      "What becomes of due times at which no server ran. run_once (the default): the last of them runs late, the others are recorded as missed. record: all are recorded as missed.",
    ),
  ),
  overlap: t.Optional(
    oneOf(
      OVERLAP_POLICIES,
      "What becomes of a due time while the run of an earlier one is going or waiting. skip (the default): it is recorded as skipped. queue: it waits.",
    ),
  ),
  quiet_hours: t.Optional(
    nullable(
      t.Object(
        {
          start: t.String({ maxLength: 5, description: 'On the clock of `timezone`: "22:00".' }),
          end: t.String({ maxLength: 5, description: 'Exclusive, perhaps on the next day: "07:00".' }),
        },
        { additionalProperties: false },
      ),
      "What is due then is recorded as skipped. Null: there are none.",
    ),
  ),
  pre_check: t.Optional(
    nullable(
      t.Object(
        {
          tool: t.String({
            minLength: 1,
            maxLength: LONGEST_REFERENCE,
            description: "Its name, or the reference of an MCP server's; no destructive one.",
          }),
          arguments: JsonOf("Its arguments."),
        },
        { additionalProperties: false },
      ),
      "A tool that is called first: if it finds nothing, or answers as it did the last time, the due time is skipped and no model is asked. If it fails, the message is sent. Null: it is always sent.",
    ),
  ),
  enabled: t.Optional(t.Boolean({ description: "false: it is paused. What is due meanwhile is left out." })),
};

export const ScheduleAnswer = named(
  "Schedule",
  t.Object({
    id: Id,
    name: t.String({ description: "What it is for." }),
    channel_id: t.String({ format: "uuid", description: "The channel that gets the message." }),
    bot_id: SETTINGS.bot_id,
    origin: oneOf(SCHEDULE_ORIGINS, "Who wrote its message."),
    status: oneOf(
      SCHEDULE_STATUSES,
      "unreviewed: a bot made it in a conversation with text of strangers; it is not due before a person accepts it.",
    ),
    task_id: nullable(Id, "The run in which a bot made it."),
    content: SETTINGS.content,
    timing: t.Object(TIMING, { description: "When it is due. Its fields depend on `kind`." }),
    timezone: t.String({ description: "An IANA time zone." }),
    missed: SETTINGS.missed,
    overlap: SETTINGS.overlap,
    quiet_hours: SETTINGS.quiet_hours,
    pre_check: SETTINGS.pre_check,
    heartbeat: nullable(
      t.Object({
        posts: oneOf(HEARTBEAT_POSTS, "always: its answer is posted. optional: only what the bot posts."),
      }),
      "Set for the channel's heartbeat.",
    ),
    enabled: t.Boolean({ description: "false: it is paused." }),
    next_at: nullable(Instant, "When it is due next; null: never, or not as it is."),
    created_at: InstantOf("When it was created."),
    updated_at: InstantOf("When it was last changed."),
  }),
);

export const OccurrenceAnswer = named(
  "ScheduleOccurrence",
  t.Object({
    id: Id,
    schedule_id: Id,
    due_at: InstantOf("The due time, or when it was run by hand."),
    until_at: nullable(
      Instant,
      "For a missed one: it stands for all due times from `due_at` up to this one.",
    ),
    manual: t.Boolean({ description: "Whether somebody ran it by hand." }),
    status: oneOf(
      OCCURRENCE_STATUSES,
      "due: its message is about to be stored. started: it is. skipped: the run of an earlier one was still going, it was in quiet hours, or nothing was new. missed: no server ran. failed: there is no bot or place for it.",
    ),
    reason: nullable(t.String(), "Why it was late, skipped or missed, or has failed."),
    session_id: nullable(Id, "Where its message went."),
    message_id: nullable(Id, "Its message."),
    task_id: nullable(Id, "Its run."),
    task_status: nullable(oneOf(TASK_STATUSES), "What has become of its run."),
    created_at: InstantOf("When it was recorded."),
  }),
);

export const PreviewAnswer = t.Object({
  timing: t.Object(TIMING, { description: "As it would be stored." }),
  timezone: t.String({ description: "An IANA time zone." }),
  next_times: t.Array(Instant, { description: "At most five." }),
});
