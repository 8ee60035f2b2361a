// Looks for schedules that are due, and sends their messages. Each due time becomes a row before its message is sent, and the
// message has the due time as its idempotency key: whatever ends or competes in between, each due time counts once.

import { and, asc, eq, inArray, lte, sql } from "drizzle-orm";
import { type Database, rowsOf } from "../db/database.ts";
import { messages, scheduleOccurrences, schedules, TASK_ENDS } from "../db/schema.ts";
import { errorMessage, HeddleError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { ExecutionConfig, InjectMessage, InjectResult } from "../sdk/types.ts";
import { BOT_SCHEDULE } from "../taint/taint.ts";
import { takeBack } from "./clock-back.ts";
import { HEARTBEAT_SOURCE, heartbeatPreamble } from "./heartbeat.ts";
import { PUNCTUAL_MS } from "./plan.ts";
import { type CallCheck, lookForNews, type News } from "./pre-check.ts";
import { isQuiet } from "./quiet-hours.ts";
import { recordDue } from "./record-due.ts";
import type { ScheduleRow } from "./schedules.ts";

export interface ScanOptions {
  db: Pick<Database, "query">;
  log: Logger;
  now: () => Date;
  /** See `ChannelSessions.active`. */
  activeSession(channelId: string, botId?: string): Promise<string>;
  /** Calls the tool that says whether anything is new. */
  call: CallCheck;
  /** See `Sessions.inject`. */
  inject(
    message: InjectMessage,
    scope: string,
    sender: { fromPerson: boolean; hops: number; owner: string | null; scheduleId: string },
  ): Promise<InjectResult>;
}

type OccurrenceRow = typeof scheduleOccurrences.$inferSelect;
interface Due {
  schedule: ScheduleRow;
  occurrence: OccurrenceRow;
}

export interface Scan {
  /** Does everything that is due. Several servers may do so at once. */
  run(): Promise<void>;
  /** Sends the message of this occurrence and returns what became of it. */
  fire(occurrenceId: string): Promise<OccurrenceRow>;
}

const BATCH = 50;
const CLOCK_BACK_MS = 1_000;
/** After this time an occurrence whose message cannot be stored has failed. */
const GIVE_UP_MS = 3_600_000;

export function createScan(options: ScanOptions): Scan {
  const { db, log, now } = options;
  let lastLook: number | undefined;

  /** Turns due times into occurrences. Returns whether there may be more. */
  const claim = (): Promise<boolean> =>
    db.query.transaction(async (tx) => {
      const at = now();
      const rows = await tx
        .select()
        .from(schedules)
        .where(lte(schedules.next_at, at))
        .orderBy(asc(schedules.next_at))
        .limit(BATCH)
        .for("no key update", { skipLocked: true });
      for (const row of rows) {
        const { next_at, missed } = await recordDue(tx, { ...row, next_at: row.next_at ?? at }, at);
        await tx.update(schedules).set({ next_at }).where(eq(schedules.id, row.id));
        if (missed > 0) log.warn("The schedule {name} was missed {missed} times", { name: row.name, missed });
      }
      return rows.length === BATCH;
    });

  /** At a start, and when the clock goes back: it was ahead before. */
  async function lookAtClock(): Promise<void> {
    const at = now();
    const isBack = lastLook === undefined || at.getTime() < lastLook - CLOCK_BACK_MS;
    const count = isBack ? await takeBack(db, at) : 0;
    lastLook = at.getTime();
    if (count > 0)
      log.warn("The clock was ahead: {count} schedules are due again as they were before", { count });
  }

  const settle = async ({ id }: OccurrenceRow, values: Partial<OccurrenceRow>): Promise<void> => {
    await db.query
      .update(scheduleOccurrences)
      .set(values)
      .where(and(eq(scheduleOccurrences.id, id), eq(scheduleOccurrences.status, "due")));
  };

  async function send({ schedule, occurrence }: Due): Promise<void> {
    try {
      const skip = (reason: string) => settle(occurrence, { status: "skipped", reason });
      const { manual, due_at } = occurrence;
      if (!manual && isQuietAt(schedule, due_at)) {
        return await skip(`It was due in quiet hours${hoursOf(schedule)}.`);
      }
      const isSent = !manual && (await wasSent(db, schedule, due_at));
      const isLate = now().getTime() - due_at.getTime() > PUNCTUAL_MS;
      if (!manual && !isSent && isLate && isQuietAt(schedule, now())) {
        return await skip(
          `It could not be sent when it was due, and later there were quiet hours${hoursOf(schedule)}.`,
        );
      }
      if (!manual && !isSent && schedule.overlap === "skip" && (await isBusy(db, occurrence))) {
        return await skip("The run of an earlier time was still going.");
      }
      const sessionId = await options.activeSession(schedule.channel_id, schedule.bot_id ?? undefined);
      const news: News =
        manual || isSent ? { isNew: true } : await lookForNews(schedule, sessionId, options.call);
      if (!news.isNew) return await skip(news.reason);
      const given = schedule.heartbeat ? await heartbeatPreamble(db, schedule) : undefined;
      const { session_id, message_id, task_id } = await options.inject(
        messageOf({ schedule, occurrence }, sessionId, given),
        scopeOf(schedule),
        {
          fromPerson: schedule.origin === "person",
          hops: schedule.hops,
          owner: schedule.owner,
          scheduleId: schedule.id,
        },
      );
      await settle(occurrence, {
        ...{ status: "started", session_id, message_id, task_id },
        ...(news.problem !== undefined && { reason: news.problem }),
      });
      if (news.seen !== undefined) {
        await db.query.update(schedules).set({ seen: news.seen }).where(eq(schedules.id, schedule.id));
      }
    } catch (error) {
      const isFinal =
        (error instanceof HeddleError && !error.retryable) ||
        now().getTime() - occurrence.created_at.getTime() > GIVE_UP_MS;
      log.warn("The schedule {name} {outcome}: {error}", {
        name: schedule.name,
        outcome: isFinal ? "failed" : "will be tried again",
        error: errorMessage(error),
      });
      if (isFinal) await settle(occurrence, { status: "failed", reason: reasonOf(error) });
    }
  }

  const due = (ids?: string[]): Promise<Due[]> =>
    db.query
      .select({ schedule: schedules, occurrence: scheduleOccurrences })
      .from(scheduleOccurrences)
      .innerJoin(schedules, eq(schedules.id, scheduleOccurrences.schedule_id))
      .where(
        and(eq(scheduleOccurrences.status, "due"), ids ? inArray(scheduleOccurrences.id, ids) : undefined),
      )
      .orderBy(asc(scheduleOccurrences.due_at), asc(scheduleOccurrences.id));

  return {
    async run() {
      await lookAtClock();
      while (await claim());
      const waiting = await due();
      // One of each schedule at a time, because whether an earlier one is still going decides about the next.
      for (const round of rounds(waiting)) {
        for (let at = 0; at < round.length; at += BATCH) {
          await Promise.all(round.slice(at, at + BATCH).map(send));
        }
      }
    },
    async fire(occurrenceId) {
      for (const one of await due([occurrenceId])) await send(one);
      const [row] = await db.query
        .select()
        .from(scheduleOccurrences)
        .where(eq(scheduleOccurrences.id, occurrenceId));
      if (!row) throw new HeddleError("conflict", "The schedule has been deleted.");
      return row;
    },
  };
}

/** Of the idempotency keys of its messages. */
const scopeOf = ({ id, origin }: ScheduleRow): string =>
  `${origin === "bot" ? BOT_SCHEDULE : "schedule"} ${id}`;

/** Whether a server has sent the message, and stopped before it could say so: what holds a message back now did not then. */
async function wasSent(
  { query }: Pick<Database, "query">,
  schedule: ScheduleRow,
  dueAt: Date,
): Promise<boolean> {
  const found = await query
    .select({ id: messages.id })
    .from(messages)
    .where(eq(messages.dedupe_key, `${scopeOf(schedule)}:${dueAt.toISOString()}`));
  return found.length > 0;
}

/** The first of each schedule, then the second of each, and so on. */
function rounds(waiting: Due[]): Due[][] {
  const seen = new Map<string, number>();
  const found: Due[][] = [];
  for (const one of waiting) {
    const number = seen.get(one.schedule.id) ?? 0;
    seen.set(one.schedule.id, number + 1);
    found[number] ??= [];
    found[number].push(one);
  }
  return found;
}

const isQuietAt = ({ quiet_hours, timezone }: ScheduleRow, at: Date): boolean =>
  quiet_hours !== null && isQuiet(quiet_hours, timezone, at);

const hoursOf = ({ quiet_hours: hours }: ScheduleRow): string =>
  hours === null ? "" : `, from ${hours.start} to ${hours.end}`;

function messageOf(
  { schedule, occurrence }: Due,
  sessionId: string,
  given: ExecutionConfig | undefined,
): InjectMessage {
  const due = occurrence.due_at.toISOString();
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone: schedule.timezone,
    dateStyle: "full",
    timeStyle: "short",
  });
  // A bot or an integration could write instructions into the name, which would be read as Heddle's own words here.
  const name = schedule.origin === "person" ? `the schedule ${JSON.stringify(schedule.name)}` : "a schedule";
  const when = `${clock.format(occurrence.due_at)} (${schedule.timezone})`;
  return {
    sessionId,
    content: schedule.content,
    source: schedule.heartbeat ? HEARTBEAT_SOURCE : "schedule",
    runAgent: true,
    // A schedule must not end what somebody is waiting for.
    whenBusy: "queue",
    idempotencyKey: due,
    metadata: {
      schedule_id: schedule.id,
      schedule_name: schedule.name,
      occurrence_id: occurrence.id,
      due_at: due,
    },
    // What such a heartbeat has to say, it posts itself.
    ...(schedule.heartbeat?.posts === "optional" && {
      notify: false,
      dispatchConfig: { type: "none" },
    }),
    executionConfig: given ?? {
      system_preamble: occurrence.manual
        ? `The next message is the text of ${name}, which somebody has started by hand.`
        : `The next message comes from ${name}, which was due on ${when}. Nobody has just written it, and nobody may be there to answer a question: do what it says as far as you can.`,
    },
  };
}

/** Runs follow each other, so those of the latest occurrences are the last to end; a schedule may have a hundred thousand. */
const LATEST = 20;

/** Whether the run of another occurrence of its schedule has not ended; a merged one is the run that answers it. */
async function isBusy(
  { query }: Pick<Database, "query">,
  { id, schedule_id }: OccurrenceRow,
): Promise<boolean> {
  const ends = sql.join(
    TASK_ENDS.map((end) => sql`${end}`),
    sql`, `,
  );
  const found = await query.execute(sql`
    select 1 as one from (
        select task_id from schedule_occurrences
        where schedule_id = ${schedule_id} and id <> ${id} and status = 'started' order by id desc limit ${LATEST}) other
      join tasks started on started.id = other.task_id
      join tasks answering on answering.id = coalesce(started.merged_into, started.id)
    where answering.status not in (${ends})
    limit 1`);
  return rowsOf(found).length > 0;
}

/** Errors of the table are meant for callers; what else went wrong is in the log. */
const reasonOf = (error: unknown): string =>
  error instanceof HeddleError ? error.message : "Its message could not be stored; the log says why.";
