// The one door in: every message of every origin becomes a row here, together with its task, its queue job and
// its inbox record, in one transaction. Messages that arrive together share it.

import { eq, inArray } from "drizzle-orm";
import { createBatcher } from "../batch.ts";
import type { Database, Queryable } from "../db/database.ts";
import { bots, messages, sessions, tasks } from "../db/schema.ts";
import type { NewDelivery, Outbox } from "../dispatch/outbox.ts";
import type { Dispatchers } from "../dispatch/registry.ts";
import { HeddleError } from "../errors.ts";
import { isUuid, newId } from "../ids.ts";
import { currentIncoming, type Incoming, recordIncoming } from "../inbox/incoming.ts";
import type { Queue } from "../queue/queue.ts";
import type { InjectMessage, InjectResult } from "../sdk/types.ts";
import { storableJson } from "../storable.ts";
import { unknownBot } from "./get-or-create.ts";
import { type SealConfig, targetOf } from "./target.ts";

export interface InjectOptions {
  db: Database;
  queue: Queue;
  outbox: Pick<Outbox, "write">;
  dispatchers: Pick<Dispatchers, "get">;
  seal: SealConfig;
}

/** A message that has passed all checks, as it will be stored. */
interface Prepared {
  message: typeof messages.$inferInsert;
  task: (typeof tasks.$inferInsert & { id: string }) | null;
  /** The text itself, to be posted when no run answers it. */
  post: NewDelivery | null;
  incoming: Incoming | undefined;
  idempotencyKey: string | undefined;
}

type SessionRow = typeof sessions.$inferSelect;
type Settled<Value> = PromiseSettledResult<Value>[];

const BATCH = 64;

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
    const { session, bot } = await sessionOf(message.sessionId);
    if (message.runAgent && bot === null) throw unknownBot(session.bot_id);
    const own = message.dispatchConfig && (await seal(message.dispatchConfig));
    const target = targetOf(message, own, session.dispatch_config);
    return store({ ...prepare(message, session, target, scope, options), incoming });
  };
}

function prepare(
  message: InjectMessage,
  session: SessionRow,
  target: ReturnType<typeof targetOf>,
  scope: string,
  { dispatchers }: Pick<InjectOptions, "dispatchers">,
): Omit<Prepared, "incoming"> {
  const { content, source, idempotencyKey } = message;
  const id = newId();
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
    idempotencyKey,
    message: {
      id,
      session_id: session.id,
      role: "user",
      content,
      source,
      metadata: message.metadata ?? {},
      dedupe_key: idempotencyKey === undefined ? null : `${scope}:${idempotencyKey}`,
    },
    task: message.runAgent
      ? {
          id: newId(),
          ...shared,
          channel_id: session.channel_id,
          message_id: id,
          source,
          execution_config: { ...message.executionConfig },
        }
      : null,
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
    const made = await tx
      .insert(messages)
      .values(items.map(({ message }) => message))
      .onConflictDoNothing({ target: messages.dedupe_key })
      .returning({ id: messages.id });
    const ids = new Set(made.map(({ id }) => id));
    const fresh = items.filter(({ message }) => ids.has(message.id));
    const withTask = fresh.flatMap(({ task }) => (task ? [task] : []));
    await Promise.all([
      ...(withTask.length > 0
        ? [
            tx.insert(tasks).values(withTask),
            queue.enqueueAll(
              tx,
              "tasks",
              withTask.map(({ id, session_id }) => ({ id, subject: id, key: session_id })),
            ),
          ]
        : []),
      ...fresh.flatMap(({ post }) => (post ? [outbox.write(tx, post)] : [])),
      recordIncoming(tx, inboxRecords(fresh, resultOf)),
    ]);
    return ids;
  });
  const repeated = items.filter(({ message }) => !stored.has(message.id));
  const first = await firstResults(db.query, repeated);
  await recordIncoming(
    db.query,
    inboxRecords(repeated, (item) => first.get(item) ?? resultOf(item)),
  );
  return items.map((item) => {
    if (stored.has(item.message.id)) return resultOf(item);
    const result = first.get(item);
    if (!result) throw new HeddleError("conflict", "The first message with this idempotency key is gone.");
    return result;
  });
}

const resultOf = ({ message, task }: Prepared): InjectResult => ({
  message_id: message.id,
  session_id: message.session_id,
  task_id: task?.id ?? null,
  duplicate: false,
});

function inboxRecords(items: Prepared[], outcomeOf: (item: Prepared) => InjectResult) {
  return items.flatMap((item) =>
    item.incoming
      ? [{ incoming: item.incoming, outcome: outcomeOf(item), idempotencyKey: item.idempotencyKey }]
      : [],
  );
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
