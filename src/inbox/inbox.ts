// The inbox: received webhooks and their outcomes.

import { and, desc, eq, getTableColumns, gte, isNotNull, isNull, lt, sql } from "drizzle-orm";
import { type Database, rowsOf } from "../db/database.ts";
import { type InboxVerdict, inboxEvents } from "../db/schema.ts";
import { notFound } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Redact } from "../redact.ts";
import type { Vault } from "../secrets/vault.ts";
import { createRecorder, type Recorder, type RecorderLimits } from "./batch-recorder.ts";
import { eventNameColumn } from "./event-name.ts";
import { createKeptText } from "./kept-text.ts";
import { ofTask } from "./of-task.ts";
import { createPurge } from "./purge.ts";
import { createRecordOf, type RecordOf } from "./record.ts";

export type InboxEvent = typeof inboxEvents.$inferSelect;
export type InboxSummary = Omit<InboxEvent, "headers" | "body"> & {
  /** What the sender calls the event, if it says so in a header. */
  event_name: string | null;
};

export interface InboxFilter {
  integration_id?: string | undefined;
  verdict?: InboxVerdict;
  idempotency_key?: string;
  /** Only originals (false) or only replays (true). */
  is_replay?: boolean;
  /** Only webhooks that created this task, and copies of them. */
  task_id?: string;
  /** The arrival time's inclusive lower bound (`since`) and exclusive upper bound (`until`). */
  since?: Date | undefined;
  until?: Date | undefined;
  /** How many to return, newest first; default 50. */
  limit?: number;
  /** The id of the previous page's last row. */
  cursor?: string | undefined;
}

export interface Inbox extends Pick<Recorder, "record"> {
  /** Returns the record of a webhook, to be stored together with the messages that it causes. */
  recordOf: RecordOf;
  /** Lists webhooks, including those that this server has received but not yet written. */
  list(filter: InboxFilter): Promise<InboxSummary[]>;
  count(filter: InboxFilter): Promise<number>;
  /** When the latest webhook of each of these integrations arrived; without those that got none. */
  lastArrivals(integrationIds: readonly string[]): Promise<Map<string, Date>>;
  /** Returns the webhook with secrets redacted. Throws `not_found`. */
  get(id: string): Promise<InboxEvent>;
  /** Returns the webhook as it was received, with secrets. Throws `not_found`. */
  original(id: string): Promise<InboxEvent>;
  close(): Promise<void>;
}

export interface InboxOptions {
  db: Database;
  log: Logger;
  redact: Redact;
  vault: Pick<Vault, "seal" | "open">;
  maxBodyBytes: number;
  retentionDays: number;
  limits?: Partial<RecorderLimits>;
}

export function createInbox(options: InboxOptions): Inbox {
  const { db, log, retentionDays, limits } = options;
  const recordOf = createRecordOf(options);
  const texts = createKeptText(options);
  const recorder = createRecorder({ db, log, recordOf, ...(limits && { limits }) });
  const purge = createPurge({ db, log, retentionDays });
  const { headers: _, body: __, ...summary } = getTableColumns(inboxEvents);

  const find = async (id: string): Promise<InboxEvent> => {
    await recorder.flush();
    const [row] = await db.query.select().from(inboxEvents).where(eq(inboxEvents.id, id));
    if (!row) throw notFound("webhook", id);
    return row;
  };

  return {
    recordOf,
    record: recorder.record,
    async list({ limit = 50, ...filter }) {
      await recorder.flush();
      const rows = await db.query
        .select({ ...summary, event_name: eventNameColumn })
        .from(inboxEvents)
        .where(conditions(filter))
        .orderBy(desc(inboxEvents.id))
        .limit(limit);
      return rows.map((row) => ({ ...row, path: texts.shownPath(row.id, row.path) }));
    },
    async count(filter) {
      await recorder.flush();
      return db.query.$count(inboxEvents, conditions(filter));
    },
    async lastArrivals(ids) {
      if (ids.length === 0) return new Map();
      await recorder.flush();
      // One look at the index for each, instead of a walk through all of their webhooks.
      const found = await db.query.execute(sql`
        select wanted.id, extract(epoch from latest.created_at)::float as at
        from jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb) as wanted (id)
        cross join lateral (
          select created_at from inbox_events where integration_id = wanted.id order by id desc limit 1
        ) as latest`);
      return new Map(
        rowsOf<{ id: string; at: number }>(found).map(({ id, at }) => [id, new Date(at * 1_000)]),
      );
    },
    get: async (id) => texts.shown(await find(id)),
    original: async (id) => texts.original(await find(id)),
    async close() {
      await purge.close();
      await recorder.close();
    },
  };
}

function conditions({
  integration_id,
  verdict,
  idempotency_key,
  task_id,
  is_replay,
  since,
  until,
  cursor,
}: InboxFilter) {
  return and(
    integration_id === undefined ? undefined : eq(inboxEvents.integration_id, integration_id),
    verdict && eq(inboxEvents.verdict, verdict),
    idempotency_key === undefined ? undefined : eq(inboxEvents.idempotency_key, idempotency_key),
    task_id === undefined ? undefined : ofTask(task_id),
    is_replay === undefined
      ? undefined
      : is_replay
        ? isNotNull(inboxEvents.replay_of)
        : isNull(inboxEvents.replay_of),
    since && gte(inboxEvents.created_at, since),
    until && lt(inboxEvents.created_at, until),
    cursor ? lt(inboxEvents.id, cursor) : undefined,
  );
}
