// Stores messages with their tasks, jobs, posts and inbox records in one transaction. Messages that arrive together
// share a transaction; those of one event always do.

import { eq, inArray } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";
import { messages, sessions, tasks } from "../db/schema.ts";
import type { Outbox } from "../dispatch/outbox.ts";
import { HeddleError } from "../errors.ts";
import type { Incoming } from "../inbox/incoming.ts";
import type { InboxRecord, RecordOf } from "../inbox/record.ts";
import type { Queue } from "../queue/queue.ts";
import type { InjectResult } from "../sdk/types.ts";
import { eventKey } from "./dedupe-key.ts";
import type { Prepared } from "./prepare.ts";
import { storeMessages } from "./store.ts";

export interface StoreOptions {
  db: Database;
  queue: Pick<Queue, "enqueueAll">;
  outbox: Pick<Outbox, "write">;
  /** Returns the inbox record of the webhook that brought a message. */
  recordOf: RecordOf;
}

/** The outcome with its channel, which for a repeated message is the first message's. */
export type Outcome = InjectResult & { channel_id: string };

/** Stores each message independently: one that cannot be stored does not affect the others. */
export async function storeAll(
  options: StoreOptions,
  items: Prepared[],
): Promise<PromiseSettledResult<Outcome>[]> {
  try {
    const results = await storeTogether(options, items);
    return results.map((value) => ({ status: "fulfilled", value }));
  } catch (error) {
    const [only] = items;
    if (items.length <= 1 || !only) return [{ status: "rejected", reason: error }];
    // One of them cannot be stored; the others are stored one by one.
    const each: PromiseSettledResult<Outcome>[] = [];
    for (const item of items) each.push(...(await storeAll(options, [item])));
    return each;
  }
}

/**
 * Stores the messages of one event, all or none. The first one's dedupe key stands for the event: if it is already
 * stored, whichever channels the event reached then, nothing is stored, and the result describes the stored messages.
 */
export async function storeEvent(
  options: StoreOptions,
  [first, ...others]: [Prepared, ...Prepared[]],
): Promise<Outcome[]> {
  const items = [first, ...others];
  const stored = await options.db.query.transaction(async (tx) => {
    // Stored by itself first: a second copy of the event waits here for the first one's commit.
    const [record] = recordsOf([first], options.recordOf);
    const ids = await storeMessages(tx, [first], record ? [record] : []);
    if (ids.size === 0) return [];
    const outcomes = others.map(({ result }) => result);
    // Only the outcomes of an existing record are used.
    const followers = record ? [{ ...record, outcomes, body: "", headers: {} }] : [];
    for (const id of await storeMessages(tx, others, followers)) ids.add(id);
    // A channel may already have it if the event's first channel was deleted since.
    const fresh = items.filter(({ message }) => ids.has(message.id));
    await storeConsequences(tx, options, fresh);
    return fresh;
  });
  if (stored.length > 0) return stored.map(outcomeOf);
  const keys = items.flatMap(({ message, channelId }) => [
    ...(message.dedupe_key === null ? [] : [message.dedupe_key]),
    // The first channel may have changed since.
    ...(first.message.dedupe_key === null ? [] : [eventKey(first.message.dedupe_key, channelId)]),
  ]);
  const outcomes = [...(await firstOutcomes(options.db.query, keys)).values()];
  if (outcomes.length === 0) throw gone();
  return outcomes;
}

const outcomeOf = ({ result, channelId }: Prepared): Outcome => ({ ...result, channel_id: channelId });
const gone = () =>
  new HeddleError(
    "conflict",
    "The first message with this idempotency key was deleted meanwhile; use a new key.",
  );

/** Returns one record for each webhook, however many messages it brought. */
function recordsOf(items: Prepared[], recordOf: RecordOf): InboxRecord[] {
  const results = new Map<Incoming, InjectResult[]>();
  for (const { incoming, idempotencyKey, result } of items) {
    if (!incoming) continue;
    incoming.idempotencyKey ??= idempotencyKey ?? null;
    const known = results.get(incoming);
    if (known) known.push(result);
    else results.set(incoming, [result]);
  }
  return Array.from(results, ([incoming, outcomes]) =>
    recordOf(incoming, { verdict: "accepted", reason: null, statusCode: null, outcomes }),
  );
}

async function storeTogether(options: StoreOptions, items: Prepared[]): Promise<Outcome[]> {
  const { db } = options;
  const records = recordsOf(items, options.recordOf);
  const stored = await db.query.transaction(async (tx) => {
    const ids = await storeMessages(tx, items, records);
    await storeConsequences(
      tx,
      options,
      items.filter(({ message }) => ids.has(message.id)),
    );
    return ids;
  });
  const repeated = items.filter(({ message }) => !stored.has(message.id));
  if (repeated.length === 0) return items.map(outcomeOf);

  const keys = repeated.flatMap(({ message }) => (message.dedupe_key ? [message.dedupe_key] : []));
  const known = await firstOutcomes(db.query, keys);
  return items.map((item) => {
    if (stored.has(item.message.id)) return outcomeOf(item);
    const first = known.get(item.message.dedupe_key ?? "");
    if (!first) throw gone();
    return first;
  });
}

async function storeConsequences(tx: Queryable, { queue, outbox }: StoreOptions, items: Prepared[]) {
  const jobs = items.flatMap(({ task }) =>
    task ? [{ id: task.id, subject: task.id, key: task.session_id }] : [],
  );
  if (jobs.length > 0) await queue.enqueueAll(tx, "tasks", jobs);
  const posts = items.flatMap((item) => item.posts);
  if (posts.length > 0) await outbox.write(tx, ...posts);
}

/** Returns the stored outcomes by dedupe key. */
async function firstOutcomes(query: Queryable, keys: string[]): Promise<Map<string, Outcome>> {
  const rows = await query
    .select({
      key: messages.dedupe_key,
      message_id: messages.id,
      session_id: messages.session_id,
      channel_id: sessions.channel_id,
      task_id: tasks.id,
    })
    .from(messages)
    .innerJoin(sessions, eq(sessions.id, messages.session_id))
    .leftJoin(tasks, eq(tasks.message_id, messages.id))
    .where(inArray(messages.dedupe_key, keys))
    .orderBy(messages.position);
  return new Map(rows.map(({ key, ...result }) => [key ?? "", { ...result, duplicate: true }]));
}
