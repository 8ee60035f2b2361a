// What is typed into the form of a schedule, and what the API takes.

import type { Schedule, Timing } from "./queries.ts";

export interface Draft {
  name: string;
  content: string;
  kind: string;
  cron: string;
  minutes: string;
  at: string;
  timezone: string;
  channel: string | null;
  bot: string | null;
  missed: NonNullable<Schedule["missed"]>;
  overlap: NonNullable<Schedule["overlap"]>;
  quietStart: string;
  quietEnd: string;
  checkTool: string | null;
  /** JSON. */
  checkArguments: string;
}

export const EMPTY: Draft = {
  ...{ name: "", content: "", kind: "cron", cron: "0 8 * * 1-5", minutes: "60", at: "" },
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  ...{ channel: null, bot: null, missed: "run_once", overlap: "skip" },
  ...{ quietStart: "", quietEnd: "", checkTool: null, checkArguments: "{}" },
};

/** The offset of this browser at that time, since such a field has no zone. */
function localTime(at: string): string {
  const time = new Date(at);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function draftOf(schedule: Schedule): Draft {
  const { timing, quiet_hours, pre_check } = schedule;
  return {
    name: schedule.name,
    content: schedule.content,
    kind: timing.kind,
    cron: timing.cron ?? EMPTY.cron,
    minutes: timing.seconds === undefined ? EMPTY.minutes : String(timing.seconds / 60),
    at: timing.at === undefined ? "" : localTime(timing.at),
    timezone: schedule.timezone,
    channel: schedule.channel_id,
    bot: schedule.bot_id ?? null,
    missed: schedule.missed ?? "run_once",
    overlap: schedule.overlap ?? "skip",
    quietStart: quiet_hours?.start ?? "",
    quietEnd: quiet_hours?.end ?? "",
    checkTool: pre_check?.tool ?? null,
    checkArguments: JSON.stringify(pre_check?.arguments ?? {}, null, 2),
  };
}

/** Undefined while something is missing. */
export function timingOf({ kind, cron, minutes, at }: Draft): Timing | undefined {
  if (kind === "cron") return cron.trim() === "" ? undefined : { kind, cron };
  if (kind === "interval") {
    return Number(minutes) > 0 ? { kind, seconds: Math.round(Number(minutes) * 60) } : undefined;
  }
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? undefined : { kind: "once", at: time.toISOString() };
}

interface Settings {
  name: string;
  content: string;
  timing: Timing;
  timezone: string;
  bot_id: string | null;
  missed: Draft["missed"];
  overlap: Draft["overlap"];
  quiet_hours: { start: string; end: string } | null;
  pre_check: { tool: string; arguments: Record<string, unknown> } | null;
}

/** Throws a SyntaxError for arguments that are not JSON. */
export function settingsOf(draft: Draft): Settings {
  const { name, content, timezone, bot, missed, overlap, quietStart, quietEnd, checkTool } = draft;
  return {
    ...{ name, content, timezone, missed, overlap },
    // Without what its kind needs, the API refuses it and names that field.
    timing: timingOf(draft) ?? { kind: draft.kind as Timing["kind"] },
    bot_id: bot,
    quiet_hours: quietStart === "" && quietEnd === "" ? null : { start: quietStart, end: quietEnd },
    pre_check:
      checkTool === null
        ? null
        : { tool: checkTool, arguments: JSON.parse(draft.checkArguments) as Record<string, unknown> },
  };
}

export const isJson = (text: string): boolean => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
};
