// Schedules as people, integrations and bots set them up. scan.ts does what is due.

import { isDeepStrictEqual } from "node:util";
import { and, desc, eq, getTableColumns, inArray, lt, type SQL, sql } from "drizzle-orm";
import { type AsRead, nextVersion, refuseOverwrite } from "../db/as-read.ts";
import type { Database, Queryable } from "../db/database.ts";
import { channelsIn, type Reach } from "../db/reach.ts";
import {
  channels,
  type Heartbeat,
  type OccurrenceStatus,
  type PreCheck,
  type QuietHours,
  type ScheduleOrigin,
  type ScheduleStatus,
  scheduleOccurrences,
  schedules,
  tasks,
} from "../db/schema.ts";
import { HeddleError, notFound } from "../errors.ts";
import { newId } from "../ids.ts";
import { checkAwake } from "./awake.ts";
import { checkNumber, checkPlace, textsOf } from "./check-schedule.ts";
import { checkQuietHours } from "./quiet-hours.ts";
import { recordDue } from "./record-due.ts";
import { checkTiming, type GivenTiming, nextAfter } from "./timing.ts";

export type ScheduleRow = typeof schedules.$inferSelect;

export interface ScheduleSettings {
  name: string;
  content: string;
  timing: GivenTiming;
  timezone?: string;
  bot_id?: string | null;
  missed?: ScheduleRow["missed"];
  overlap?: ScheduleRow["overlap"];
  enabled?: boolean;
  quiet_hours?: QuietHours | null;
  pre_check?: PreCheck | null;
  heartbeat?: Heartbeat | null;
}

/** Who makes or changes it. It is determined by the server. */
export interface ScheduleAuthor {
  origin: ScheduleOrigin;
  owner: string | null;
  hops: number;
  /** The run of the bot that makes it. */
  task_id?: string;
  status?: ScheduleStatus;
}

export interface ScheduleFilter {
  channel_id?: string;
  bot_id?: string;
  status?: ScheduleStatus;
  enabled?: boolean;
  /** Only heartbeats, or only other schedules. */
  heartbeat?: boolean;
  limit: number;
  cursor?: string;
  reach?: Reach | undefined;
}

export interface OccurrenceFilter {
  schedule_id: string;
  status?: OccurrenceStatus;
  limit: number;
  cursor?: string;
}

export interface Occurrence extends OccurrenceRow {
  /** What has become of its run; null without one. */
  task_status: (typeof tasks.$inferSelect)["status"] | null;
}
type OccurrenceRow = typeof scheduleOccurrences.$inferSelect;

export interface Schedules {
  /** @throws HeddleError `validation`, `not_found` (channel), `unknown_bot`, `conflict` (too many) */
  create(channelId: string, settings: ScheduleSettings, author: ScheduleAuthor): Promise<ScheduleRow>;
  list(filter: ScheduleFilter): Promise<ScheduleRow[]>;
  /** @throws HeddleError `not_found` */
  get(id: string, reach: Reach | undefined): Promise<ScheduleRow>;
  /**
   * Due times before now are left out if it was paused or its timing changes.
   * @throws HeddleError as `create`, and `changed_meanwhile`
   */
  change(
    id: string,
    change: Partial<ScheduleSettings>,
    by: { origin: ScheduleOrigin; reach: Reach | undefined; asRead?: AsRead },
  ): Promise<ScheduleRow>;
  /** Lets one that waits for a review begin. @throws HeddleError `not_found`, `conflict` (it does not wait) */
  accept(id: string, reach: Reach | undefined): Promise<ScheduleRow>;
  /** Deletes it with its occurrences; its runs stay. @throws HeddleError `not_found` */
  remove(id: string, reach: Reach | undefined): Promise<void>;
  /** Adds an occurrence for now. @throws HeddleError `not_found`, `conflict` (it waits for a review) */
  runNow(id: string, reach: Reach | undefined): Promise<OccurrenceRow>;
  /** Newest first. */
  occurrences(filter: OccurrenceFilter): Promise<Occurrence[]>;
}

export interface SchedulesOptions {
  db: Pick<Database, "query">;
  /** The zone of schedules that name none. */
  timezone: string;
  now: () => Date;
}

export function createSchedules({ db: { query }, timezone, now }: SchedulesOptions): Schedules {
  const find = async (from: Queryable, id: string, reach: Reach | undefined): Promise<ScheduleRow> => {
    const [row] = await from
      .select()
      .from(schedules)
      .where(and(eq(schedules.id, id), inReach(from, reach)))
      .for("no key update");
    if (!row) throw notFound("schedule", id);
    return row;
  };

  /** Changes a row that nobody else changes meanwhile. */
  const changing = (
    id: string,
    reach: Reach | undefined,
    valuesOf: (row: ScheduleRow, tx: Queryable) => Promise<Partial<ScheduleRow>>,
  ): Promise<ScheduleRow> =>
    query.transaction(async (tx) => {
      const before = await find(tx, id, reach);
      const values = await valuesOf(before, tx);
      const [changed] = await tx
        .update(schedules)
        .set({ ...values, updated_at: nextVersion(before, now()) })
        .where(eq(schedules.id, id))
        .returning();
      if (!changed) throw notFound("schedule", id);
      return changed;
    });

  return {
    async create(
      channelId,
      { name, content, enabled = true, ...settings },
      { status = "accepted", ...author },
    ) {
      const zone = settings.timezone ?? timezone;
      const row = {
        ...author,
        id: newId(),
        channel_id: channelId,
        bot_id: settings.bot_id ?? null,
        status,
        enabled,
        ...textsOf({ name, content }),
        timing: checkTiming(settings.timing, zone, now()),
        timezone: zone,
        missed: settings.missed ?? "run_once",
        overlap: settings.overlap ?? "skip",
        quiet_hours: settings.quiet_hours ? checkQuietHours(settings.quiet_hours) : null,
        pre_check: settings.pre_check ?? null,
        heartbeat: settings.heartbeat ?? null,
      } as const;
      checkAwake(row, now());
      return query.transaction(async (tx) => {
        await checkPlace(tx, row);
        await checkNumber(tx, row);
        const [inserted] = await tx
          .insert(schedules)
          .values({ ...row, next_at: nextOf(row, now()) })
          .onConflictDoNothing()
          .returning();
        if (!inserted) throw new HeddleError("conflict", "This channel has a heartbeat already.");
        return inserted as ScheduleRow;
      });
    },
    list: ({ limit, cursor, reach, heartbeat, ...filter }) =>
      query
        .select()
        .from(schedules)
        .where(
          and(
            ...Object.entries(filter).flatMap(([field, value]) =>
              value === undefined ? [] : [eq(schedules[field as keyof typeof filter], value)],
            ),
            cursor === undefined ? undefined : lt(schedules.id, cursor),
            heartbeat === undefined ? undefined : sql`(${schedules.heartbeat} is not null) = ${heartbeat}`,
            inReach(query, reach),
          ),
        )
        .orderBy(desc(schedules.id))
        .limit(limit),
    async get(id, reach) {
      const [row] = await query
        .select()
        .from(schedules)
        .where(and(eq(schedules.id, id), inReach(query, reach)));
      if (!row) throw notFound("schedule", id);
      return row;
    },
    change: (id, { timing, ...change }, { origin, reach, asRead }) =>
      changing(id, reach, async (before, tx) => {
        refuseOverwrite(before, asRead);
        const zone = change.timezone ?? before.timezone;
        const isNewTime = timing !== undefined || zone !== before.timezone;
        const after = {
          ...before,
          ...textsOf(change),
          // The text is as trustworthy as the one who wrote it last.
          ...(change.content !== undefined && change.content !== before.content && { origin }),
          ...(change.quiet_hours && { quiet_hours: checkQuietHours(change.quiet_hours) }),
          // Another question has not been answered yet.
          ...(change.pre_check !== undefined &&
            !isDeepStrictEqual(change.pre_check, before.pre_check) && { seen: null }),
          ...(isNewTime && { timing: checkTiming(timing ?? before.timing, zone, now()) }),
        };
        if (isNewTime || change.quiet_hours) checkAwake(after, now());
        if (change.bot_id) await checkPlace(tx, after);
        // What has come by the old timing, or before it is paused, is not lost because nobody has looked at it yet.
        const { next_at } = before;
        const isStopped = !after.enabled;
        if ((isNewTime || isStopped) && next_at && next_at <= now()) {
          await recordDue(tx, { ...before, next_at }, now(), { isPaused: isStopped });
        }
        const isResumed = after.enabled && !before.enabled;
        return isNewTime || isResumed || isStopped ? { ...after, next_at: nextOf(after, now()) } : after;
      }),
    accept: (id, reach) =>
      changing(id, reach, async (row) => {
        if (row.status === "accepted")
          throw new HeddleError("conflict", "This schedule waits for no review.");
        return { status: "accepted", next_at: nextOf({ ...row, status: "accepted" }, now()) };
      }),
    async remove(id, reach) {
      const gone = await query
        .delete(schedules)
        .where(and(eq(schedules.id, id), inReach(query, reach)))
        .returning({ id: schedules.id });
      if (gone.length === 0) throw notFound("schedule", id);
    },
    runNow: (id, reach) =>
      query.transaction(async (tx) => {
        const row = await find(tx, id, reach);
        if (row.status !== "accepted") {
          throw new HeddleError("conflict", "This schedule waits for a review; accept it first.");
        }
        const [made] = await tx
          .insert(scheduleOccurrences)
          .values({ id: newId(), schedule_id: id, due_at: now(), manual: true, status: "due" })
          .onConflictDoNothing()
          .returning();
        if (!made) throw new HeddleError("conflict", "This schedule is just being run.");
        return made;
      }),
    occurrences: ({ schedule_id, status, limit, cursor }) =>
      query
        .select({ ...getTableColumns(scheduleOccurrences), task_status: tasks.status })
        .from(scheduleOccurrences)
        .leftJoin(tasks, eq(tasks.id, scheduleOccurrences.task_id))
        .where(
          and(
            eq(scheduleOccurrences.schedule_id, schedule_id),
            status && eq(scheduleOccurrences.status, status),
            cursor === undefined ? undefined : lt(scheduleOccurrences.id, cursor),
          ),
        )
        .orderBy(desc(scheduleOccurrences.id))
        .limit(limit),
  };
}

const inReach = (query: Queryable, reach: Reach | undefined): SQL | undefined =>
  reach &&
  inArray(schedules.channel_id, query.select({ id: channels.id }).from(channels).where(channelsIn(reach)));

const nextOf = (
  { enabled, status, timing, timezone }: Pick<ScheduleRow, "enabled" | "status" | "timing" | "timezone">,
  now: Date,
): Date | null => (enabled && status === "accepted" ? (nextAfter(timing, timezone, now) ?? null) : null);
