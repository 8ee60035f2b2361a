// The one door in: every message of every origin becomes a row here, together with its task, its queue job and
// its inbox record, in one transaction. Messages that arrive together share it.

import { eq, inArray } from "drizzle-orm";
import { createBatcher } from "../batch.ts";
import type { Database, Queryable } from "../db/database.ts";
import { bots, inboxEvents, messages, sessions, tasks } from "../db/schema.ts";
import type { NewDelivery, Outbox } from "../dispatch/outbox.ts";
import type { Dispatchers } from "../dispatch/registry.ts";
import { HeddleError } from "../errors.ts";
import { isUuid, newId } from "../ids.ts";
import { currentIncoming, type Incoming, inboxRow } from "../inbox/incoming.ts";
import type { Queue } from "../queue/queue.ts";
import type { InjectMessage, InjectResult } from "../sdk/types.ts";
import { storableJson } from "../storable.ts";
import { unknownBot } from "./get-or-create.ts";
import { type StoredMessage, storeMessages } from "./store.ts";
import { type SealConfig, type Target, targetOf } from "./target.ts";

export interface InjectOptions {
  db: Database;
  queue: Queue;
  outbox: Pick<Outbox, "write">;
  dispatchers: Pick<Dispatchers, "get">;
  seal: SealConfig;
}

/** A message that has passed all checks, as it will be stored. */
interface Prepared extends StoredMessage {
  /** The text itself, to be posted when no run answers it. */
  post: NewDelivery | null;
  result: InjectResult;
  incoming: Incoming | undefined;
  idempotencyKey: string | undefined;
}

type SessionRow = typeof sessions.$inferSelect;
type Settled<Value> = PromiseSettledResult<Value>[];

const BATCH = 64;
/** The key stands in an index, and PostgreSQL limits the length of what does. */
const KEY_LENGTH = 255;

/** Returns `inject`: see Sessions.inject for its contract. */
export function createInject(options: InjectOptions) {
  const { db, seal } = options;
  const sessionOf = createBatcher<string, { session: SessionRow; bot: string | null }>({
    limit: BATCH,
    run: (ids) => findSessions(db.query, ids),
  });
  const store = createBatcher<Prepared, InjectResult>({
    limit: BATCH,
    run: (items) => storeAll(options, items),
  });

  return async (given: InjectMessage, scope = given.sessionId): Promise<InjectResult> => {
    const message = storableJson(given);
    // Before the first await: the request's context belongs to this call, not to the batch.
    const incoming = currentIncoming();
    if (message.content.trim() === "") {
      throw new HeddleError("validation", "content must not be empty.", { field: "content" });
    }
    const keyLength = message.idempotencyKey?.length ?? 1;
    if (keyLength < 1 || keyLength > KEY_LENGTH) {
      throw new HeddleError("validation", `An idempotency key has 1 to ${KEY_LENGTH} characters.`, {
        field: "idempotency_key",
      });
    }
    const { session, bot } = await sessionOf(message.sessionId);
    if (message.runAgent && bot === null) throw unknownBot(session.bot_id);
    const own = message.dispatchConfig && (await seal(message.dispatchConfig));
    const target = targetOf(message, own, session.dispatch_config);
    return store(prepare(message, { session, target, scope, incoming, dispatchers: options.dispatchers }));
  };
}

interface Surroundings {
  session: SessionRow;
  target: Target;
  scope: string;
  incoming: Incoming | undefined;
  dispatchers: InjectOptions["dispatchers"];
}

function prepare(message: InjectMessage, around: Surroundings): Prepared {
  const { content, source, idempotencyKey } = message;
  const { session, target, scope, incoming, dispatchers } = around;
  const result: InjectResult = {
    message_id: newId(),
    session_id: session.id,
    task_id: message.runAgent ? newId() : null,
    duplicate: false,
  };
  const shared = {
    session_id: session.id,
    bot_id: session.bot_id,
    correlation_id: newId(),
    dispatch_type: target.type,
    dispatch_config: target.config,
  };
  const isPosted =
    !message.runAgent && message.notify !== false && dispatchers.get(target.type)?.postMessage !== undefined;
  return {
    result,
    incoming,
    idempotencyKey,
    message: {
      id: result.message_id,
      session_id: session.id,
      content,
      source,
      metadata: message.metadata ?? {},
      dedupe_key: idempotencyKey === undefined ? null : `${scope}:${idempotencyKey}`,
    },
    task: result.task_id
      ? {
          id: result.task_id,
          ...shared,
          channel_id: session.channel_id,
          message_id: result.message_id,
          source,
          execution_config: { ...message.executionConfig },
        }
      : null,
    inbox: incoming ? inboxRow(incoming, result, idempotencyKey) : null,
    post: isPosted
      ? {
          ...shared,
          task_id: null,
          payload: { kind: "post", text: `[${source}] ${content}`, client_actions: [], extra_metadata: {} },
        }
      : null,
  };
}

async function storeAll(options: InjectOptions, items: Prepared[]): Promise<Settled<InjectResult>> {
  try {
    const results = await storeTogether(options, items);
    return results.map((value) => ({ status: "fulfilled", value }));
  } catch (error) {
    const [only] = items;
    if (items.length <= 1 || !only) return [{ status: "rejected", reason: error }];
    // One of them is at fault, and the others must not suffer for it.
    const each: Settled<InjectResult> = [];
    for (const item of items) each.push(...(await storeAll(options, [item])));
    return each;
  }
}

async function storeTogether(
  { db, queue, outbox }: InjectOptions,
  items: Prepared[],
): Promise<InjectResult[]> {
  const stored = await db.query.transaction(async (tx) => {
    const ids = await storeMessages(
      tx,
      items.map(({ message, task, inbox }) => ({ message, task, inbox })),
    );
    const fresh = items.filter(({ message }) => ids.has(message.id));
    const jobs = fresh.flatMap(({ task }) =>
      task ? [{ id: task.id, subject: task.id, key: task.session_id }] : [],
    );
    if (jobs.length > 0) await queue.enqueueAll(tx, "tasks", jobs);
    for (const { post } of fresh) if (post) await outbox.write(tx, post);
    return ids;
  });
  const repeated = items.filter(({ message }) => !stored.has(message.id));
  if (repeated.length === 0) return items.map(({ result }) => result);

  const first = await firstResults(db.query, repeated);
  const records = repeated.flatMap((item) => {
    const result = first.get(item);
    return item.incoming && result ? [inboxRow(item.incoming, result, item.idempotencyKey)] : [];
  });
  if (records.length > 0) await db.query.insert(inboxEvents).values(records);
  return items.map((item) => {
    if (stored.has(item.message.id)) return item.result;
    const result = first.get(item);
    if (!result) throw new HeddleError("conflict", "The first message with this idempotency key is gone.");
    return result;
  });
}

async function findSessions(
  query: Queryable,
  ids: string[],
): Promise<Settled<{ session: SessionRow; bot: string | null }>> {
  const rows = await query
    .select({ session: sessions, bot: bots.id })
    .from(sessions)
    .leftJoin(bots, eq(bots.id, sessions.bot_id))
    .where(inArray(sessions.id, ids.filter(isUuid)));
  const byId = new Map(rows.map((row) => [row.session.id, row]));
  return ids.map((id) => {
    const value = byId.get(id.toLowerCase());
    if (value) return { status: "fulfilled", value };
    const reason = new HeddleError("not_found", `There is no session "${id}".`, { field: "session_id" });
    return { status: "rejected", reason };
  });
}

async function firstResults(query: Queryable, items: Prepared[]): Promise<Map<Prepared, InjectResult>> {
  if (items.length === 0) return new Map();
  const keys = items.flatMap(({ message }) => (message.dedupe_key ? [message.dedupe_key] : []));
  const rows = await query
    .select({
      key: messages.dedupe_key,
      message_id: messages.id,
      session_id: messages.session_id,
      task_id: tasks.id,
    })
    .from(messages)
    .leftJoin(tasks, eq(tasks.message_id, messages.id))
    .where(inArray(messages.dedupe_key, keys));
  const byKey = new Map(rows.map(({ key, ...result }) => [key, { ...result, duplicate: true }]));
  return new Map(
    items.flatMap((item) => {
      const result = byKey.get(item.message.dedupe_key ?? null);
      return result ? [[item, result] as const] : [];
    }),
  );
}
