// `heddle schedules`: lists, creates, pauses, runs and deletes the schedules of a running server, and tells what became of one.

import { HeddleError } from "../../errors.ts";
import type { Connection } from "./connect.ts";
import { rowsOf } from "./rows.ts";

export interface ScheduleToCreate {
  channel: string;
  name: string;
  content: string;
  cron: string | undefined;
  /** Seconds. */
  every: string | undefined;
  at: string | undefined;
  timezone: string | undefined;
  bot: string | undefined;
}

/** The printed part of the server's answers. */
interface Schedule {
  id: string;
  name: string;
  timing: { kind: string; cron?: string; seconds?: number; at?: string };
  timezone: string;
  status: string;
  enabled: boolean;
  next_at: string | null;
}

interface Occurrence {
  due_at: string;
  /** A missed one may stand for several due times, up to this one. */
  until_at: string | null;
  status: string;
  reason: string | null;
  task_id: string | null;
  task_status?: string | null;
}

const LATEST = 20;

type Print = (line: string) => void;

const SCHEDULES = "/api/v1/schedules";
const at = (id: string) => `${SCHEDULES}/${encodeURIComponent(id)}`;

export async function listSchedules(server: Connection, print: Print): Promise<void> {
  let isEmpty = true;
  for await (const schedule of rowsOf<Schedule>(server, SCHEDULES, "schedules")) {
    print(lineOf(schedule));
    isEmpty = false;
  }
  if (isEmpty) print("There is no schedule. Create one: heddle schedules create --help");
}

/** What became of the latest due times, newest first. */
export async function showSchedule(server: Connection, id: string, print: Print): Promise<void> {
  const schedule = (await server.get(at(id))) as Schedule;
  print(lineOf(schedule));
  const { occurrences } = (await server.get(`${at(id)}/occurrences?limit=${LATEST}`)) as {
    occurrences: Occurrence[];
  };
  if (occurrences.length === 0) print("It has not been due yet.");
  for (const { due_at, until_at, status, reason, task_id, task_status } of occurrences) {
    const until = until_at === null ? "" : ` to ${local(until_at, schedule.timezone)}`;
    const run = task_id === null ? "" : `, task ${task_id}${task_status ? ` is ${task_status}` : ""}`;
    print(
      `${local(due_at, schedule.timezone)}${until}  ${status}${run}${reason === null ? "" : `: ${reason}`}`,
    );
  }
}

export async function createSchedule(
  server: Connection,
  { channel, name, content, cron, every, at: once, timezone, bot }: ScheduleToCreate,
  print: Print,
): Promise<void> {
  const timings = [
    ...(cron === undefined ? [] : [{ kind: "cron", cron }]),
    ...(every === undefined ? [] : [{ kind: "interval", seconds: Number(every) }]),
    ...(once === undefined ? [] : [{ kind: "once", at: once }]),
  ];
  if (timings.length !== 1) {
    throw new HeddleError(
      "config",
      `Exactly one of --cron, --every and --at must be given; got ${timings.length}.`,
    );
  }
  if (every !== undefined && !Number.isFinite(Number(every)))
    throw new HeddleError("config", `--every must be a number of seconds; got "${every}".`);
  const made = (await server.post(SCHEDULES, {
    channel_id: await channelIdOf(server, channel),
    name,
    content,
    timing: timings[0],
    ...(timezone !== undefined && { timezone }),
    ...(bot !== undefined && { bot_id: bot }),
  })) as Schedule;
  print(lineOf(made));
}

/** The id of a channel, or its place: "telegram:42". */
async function channelIdOf(server: Pick<Connection, "get">, channel: string): Promise<string> {
  if (!channel.includes(":")) return channel;
  const path = `/api/v1/channels?client_id=${encodeURIComponent(channel)}`;
  const { channels } = (await server.get(path)) as { channels: { id: string }[] };
  const [found] = channels;
  if (found) return found.id;
  throw new HeddleError(
    "not_found",
    `There is no channel "${channel}". The page Channels of the admin UI and GET /api/v1/channels show them.`,
  );
}

export async function pauseSchedule(
  server: Connection,
  { id, isPaused }: { id: string; isPaused: boolean },
  print: Print,
): Promise<void> {
  print(lineOf((await server.patch(at(id), { enabled: !isPaused })) as Schedule));
}

/** Throws if its message could not be stored, so that a script sees a failing exit code. */
export async function runSchedule(server: Connection, id: string, print: Print): Promise<void> {
  const { status, reason, task_id } = (await server.post(`${at(id)}/run`)) as Occurrence;
  if (status === "failed") throw new HeddleError("upstream", `It has failed: ${reason}`);
  print(task_id === null ? status : `${status}, task ${task_id}`);
}

export async function deleteSchedule(server: Connection, id: string, print: Print): Promise<void> {
  await server.delete(at(id));
  print(`${id} is deleted.`);
}

function lineOf({ id, name, timing, timezone, status, enabled, next_at }: Schedule): string {
  const state = !enabled
    ? "paused"
    : status === "unreviewed"
      ? "waits for a review"
      : next_at === null
        ? "over"
        : `next ${local(next_at, timezone)}`;
  return `${id}  ${name}: ${wordsOf(timing)} (${timezone}), ${state}`;
}

function wordsOf({ kind, cron, seconds, at: once }: Schedule["timing"]): string {
  if (kind === "cron") return String(cron);
  return kind === "interval" ? `every ${seconds} s` : `once at ${once}`;
}

const local = (time: string, timeZone: string): string =>
  new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" }).format(
    new Date(time),
  );
