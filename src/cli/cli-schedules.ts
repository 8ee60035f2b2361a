// `heddle schedules`: messages at certain times, of the running server.

import { defineCommand } from "citty";
import { CLIENT_FLAGS, type ClientFlags, leaf } from "./cli-leaf.ts";
import type { ScheduleToCreate } from "./client/schedules.ts";

export interface ScheduleCommands {
  listSchedules(flags: ClientFlags): Promise<void>;
  showSchedule(flags: ClientFlags, id: string): Promise<void>;
  createSchedule(flags: ClientFlags, created: ScheduleToCreate): Promise<void>;
  pauseSchedule(flags: ClientFlags, id: string, isPaused: boolean): Promise<void>;
  runSchedule(flags: ClientFlags, id: string): Promise<void>;
  deleteSchedule(flags: ClientFlags, id: string): Promise<void>;
}

const ID = { type: "positional", required: true, description: "The schedule's id" } as const;

export function scheduleCommands(commands: ScheduleCommands) {
  const ofOne = (word: string, description: string, run: (flags: ClientFlags, id: string) => Promise<void>) =>
    leaf({
      meta: { name: `schedules ${word}`, description },
      args: { ...CLIENT_FLAGS, id: ID },
      run: ({ args }) => run(args, args.id),
    });
  return defineCommand({
    meta: {
      name: "schedules",
      description: "Messages that bots get at certain times, of the running server",
    },
    subCommands: {
      list: leaf({
        meta: { name: "schedules list", description: "List schedules, with their next times" },
        args: CLIENT_FLAGS,
        run: ({ args }) => commands.listSchedules(args),
      }),
      show: ofOne("show", "Show what became of a schedule's latest times", commands.showSchedule),
      create: leaf({
        meta: {
          name: "schedules create",
          description: "Create a schedule; give one of --cron, --every and --at",
        },
        args: {
          ...CLIENT_FLAGS,
          content: { type: "positional", required: true, description: "The message that the bot gets" },
          channel: {
            type: "string",
            required: true,
            description: "The channel's id or place, such as telegram:42",
            valueHint: "id",
          },
          name: { type: "string", required: true, description: "What it is for" },
          cron: {
            type: "string",
            description: 'Minute, hour, day of month, month, day of week: "0 8 * * 1-5"',
            valueHint: "expression",
          },
          every: { type: "string", description: "Seconds from one time to the next", valueHint: "seconds" },
          at: { type: "string", description: "Once, at this time: 2030-01-31T08:00:00Z", valueHint: "time" },
          timezone: {
            type: "string",
            description: "The zone of --cron (default: the server's)",
            valueHint: "zone",
          },
          bot: {
            type: "string",
            description: "The bot that gets it (default: the channel's)",
            valueHint: "id",
          },
        },
        run: ({ args }) => {
          const { channel, name, content, cron, every, at, timezone, bot } = args;
          return commands.createSchedule(args, { channel, name, content, cron, every, at, timezone, bot });
        },
      }),
      pause: ofOne("pause", "Pause a schedule", (flags, id) => commands.pauseSchedule(flags, id, true)),
      resume: ofOne("resume", "Let a paused schedule go on", (flags, id) =>
        commands.pauseSchedule(flags, id, false),
      ),
      run: ofOne("run", "Run a schedule now", commands.runSchedule),
      delete: ofOne("delete", "Delete a schedule", commands.deleteSchedule),
    },
  });
}
