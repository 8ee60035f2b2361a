// The core tools with which a bot sends itself messages at certain times.

import { type TObject, Type } from "@sinclair/typebox";
import type { ToolContext } from "../../../sdk/types.ts";
import type { Tool } from "../registry.ts";
import { answering } from "./answering.ts";

interface Scheduled {
  id: string;
  name: string;
  content: string;
  timing: object;
  timezone: string;
  origin: string;
  status: string;
  enabled: boolean;
  next_at: Date | null;
}

interface Given {
  name: string;
  content: string;
  cron?: string;
  every_seconds?: number;
  at?: string;
  timezone?: string;
}

/** The part of the schedules that the tools need. */
export interface SchedulesForTools {
  create(
    run: ToolContext,
    settings: {
      name: string;
      content: string;
      timing: { kind: "cron" | "interval" | "once"; cron?: string; seconds?: number; at?: string };
      timezone?: string;
    },
  ): Promise<Scheduled>;
  list(run: ToolContext): Promise<Scheduled[]>;
  remove(run: ToolContext, id: string): Promise<void>;
}

const WAITS =
  "It is not due before a person has accepted it, because this conversation contains text that no person with a key wrote.";

export function createScheduleTools(schedules: SchedulesForTools): Tool[] {
  return [createTool, listTool, deleteTool].map((make) => answering(make(schedules)));
}

const createTool = ({ create }: SchedulesForTools): Tool => ({
  name: "create_schedule",
  description:
    "Have a message sent to you in this channel later, once or again and again: a reminder, a daily report. Give exactly one of cron, " +
    "every_seconds and at. You answer the message like any other, without the person being there, so write into it everything that you need to know.",
  parameters: schema({
    name: Type.String({ minLength: 1, maxLength: 200, description: "What it is for, in a few words." }),
    content: Type.String({ minLength: 1, maxLength: 20_000, description: "The message." }),
    cron: Type.Optional(
      Type.String({
        maxLength: 200,
        description:
          'Minute, hour, day of month, month, day of week, on the clock of the time zone: "0 8 * * 1-5" is 8:00 on workdays.',
      }),
    ),
    every_seconds: Type.Optional(
      Type.Integer({ minimum: 60, description: "The time from one message to the next, from now on." }),
    ),
    at: Type.Optional(
      Type.String({ format: "date-time", description: 'Once, at this time: "2030-01-31T08:00:00+01:00".' }),
    ),
    timezone: Type.Optional(
      Type.String({ maxLength: 100, description: 'Of cron: "Europe/Vienna". Default: the server\'s.' }),
    ),
  }),
  async run({ name, content, cron, every_seconds, at, timezone }: Given, context: ToolContext) {
    const timings = [
      ...(cron === undefined ? [] : [{ kind: "cron" as const, cron }]),
      ...(every_seconds === undefined ? [] : [{ kind: "interval" as const, seconds: every_seconds }]),
      ...(at === undefined ? [] : [{ kind: "once" as const, at }]),
    ];
    const [timing] = timings;
    if (!timing || timings.length > 1)
      return { error: "Exactly one of cron, every_seconds and at must be given." };
    const made = await create(context, {
      name,
      content,
      timing,
      ...(timezone !== undefined && { timezone }),
    });
    return { ...answerOf(made), ...(made.status === "unreviewed" && { note: WAITS }) };
  },
});

const listTool = ({ list }: SchedulesForTools): Tool => ({
  name: "list_schedules",
  annotations: { readOnly: true },
  description: "List the schedules that send you messages in this channel.",
  parameters: schema({}),
  async run(_args: object, context: ToolContext) {
    const found = await list(context);
    const isStrange = ({ origin, status }: Scheduled) => origin === "integration" || status === "unreviewed";
    return {
      // First, because the middle of a long result is cut out.
      ...(found.some(isStrange) && { untrusted: true }),
      schedules: found.map(answerOf),
    };
  },
});

const deleteTool = ({ remove }: SchedulesForTools): Tool => ({
  name: "delete_schedule",
  annotations: { destructive: true },
  description: "Delete a schedule of this channel. list_schedules gives its id.",
  parameters: schema({ id: Type.String({ format: "uuid", description: "The schedule." }) }),
  async run({ id }: { id: string }, context: ToolContext) {
    await remove(context, id);
    return { deleted: true };
  },
});

const answerOf = ({ id, name, content, timing, timezone, status, enabled, next_at }: Scheduled) => ({
  id,
  name,
  content,
  timing,
  timezone,
  next_at: next_at?.toISOString() ?? null,
  ...(!enabled && { paused: true }),
  ...(status === "unreviewed" && { waits_for_review: true }),
});

const schema = (properties: TObject["properties"]): Tool["parameters"] =>
  Type.Object(properties, { additionalProperties: false }) as unknown as Tool["parameters"];
