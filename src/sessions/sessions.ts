// Sessions, and the one door in: every message of every origin becomes a row here, together with its task,
// its queue job and its inbox record, in one transaction.

import { and, desc, eq, lt, sql, TransactionRollbackError } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";
import { bots, channels, type JsonObject, messages, sessions, tasks } from "../db/schema.ts";
import type { Outbox } from "../dispatch/outbox.ts";
import type { Dispatchers } from "../dispatch/registry.ts";
import { HeddleError } from "../errors.ts";
import { isUuid, newId } from "../ids.ts";
import { currentIncoming, recordIncoming } from "../inbox/incoming.ts";
import type { Queue } from "../queue/queue.ts";
import type { DispatchConfig, GetOrCreateSession, InjectMessage, InjectResult } from "../sdk/types.ts";
import { storableJson } from "../storable.ts";
import type { Vault } from "../vault.ts";

export type MessageRow = typeof messages.$inferSelect;
type SessionRow = typeof sessions.$inferSelect;

export interface Sessions {
  /**
   * The one active session of this client and bot, made when there is none. A `dispatchConfig` replaces the
   * session's. Throws `unknown_bot` and, for a config that does not fit its type, `validation`.
   */
  getOrCreate(wanted: GetOrCreateSession): Promise<{ session_id: string; created: boolean }>;
  /**
   * Stores a message and what follows from it. Throws `not_found` (session), `unknown_bot`, `validation`;
   * then nothing is stored. `scope` keeps the idempotency keys of different senders apart; default: the session.
   */
  inject(message: InjectMessage, scope?: string): Promise<InjectResult>;
  /** The newest `limit` messages before the cursor (a message id), oldest first. Throws `not_found`. */
  messages(sessionId: string, page: { limit: number; before?: string }): Promise<MessageRow[]>;
}

export interface SessionsOptions {
  db: Database;
  queue: Queue;
  outbox: Outbox;
  dispatchers: Dispatchers;
  vault: Vault;
  /** Resolves when the integrations have loaded: until then a dispatch type may be missing that will be there. */
  settled: Promise<unknown>;
}

export function createSessions(options: SessionsOptions): Sessions {
  const { db, queue, outbox, dispatchers, vault, settled } = options;

  const sealed = async (config: DispatchConfig): Promise<JsonObject> => {
    if (!dispatchers.get(config.type)) await settled;
    return vault.sealConfig(dispatchers.check(config));
  };

  const getOrCreate: Sessions["getOrCreate"] = async ({ clientId, botId, dispatchConfig }) => {
    if (clientId.trim() === "") {
      throw new HeddleError("validation", "client_id must not be empty.", { field: "client_id" });
    }
    const config = dispatchConfig && (await sealed(dispatchConfig));
    const existing = await findActive(db.query, clientId, botId);
    if (existing) {
      if (config) {
        await db.query.update(sessions).set({ dispatch_config: config }).where(eq(sessions.id, existing.id));
      }
      return { session_id: existing.id, created: false };
    }
    return db.query.transaction(async (tx) => {
      const [bot] = await tx.select({ id: bots.id }).from(bots).where(eq(bots.id, botId));
      if (!bot) throw unknownBot(botId);
      const made = await tx
        .insert(sessions)
        .values({
          id: newId(),
          channel_id: await channelOf(tx, clientId),
          client_id: clientId,
          bot_id: botId,
          dispatch_config: config ?? null,
        })
        .onConflictDoNothing()
        .returning({ id: sessions.id });
      if (made[0]) return { session_id: made[0].id, created: true };
      // Another request made it between the look-up and here.
      const winner = await findActive(tx, clientId, botId);
      if (!winner) throw new HeddleError("unavailable", "The session is just being made; try again.");
      return { session_id: winner.id, created: false };
    });
  };

  const inject: Sessions["inject"] = async (given, scope = given.sessionId) => {
    const message = storableJson(given);
    const session = await sessionToWriteTo(db.query, message);
    const target = await targetOf(message, session, sealed);
    const dedupeKey = message.idempotencyKey === undefined ? null : `${scope}:${message.idempotencyKey}`;
    const result: InjectResult = {
      message_id: newId(),
      session_id: session.id,
      task_id: message.runAgent ? newId() : null,
      duplicate: false,
    };
    const correlationId = newId();
    const incoming = currentIncoming();

    const stored = await db.query
      .transaction(async (tx) => {
        // One batch: the statements go out together, so that the transaction holds its connection briefly.
        const writes: Promise<unknown>[] = [
          tx
            .insert(messages)
            .values({
              id: result.message_id,
              session_id: session.id,
              role: "user",
              content: message.content,
              source: message.source,
              metadata: message.metadata ?? {},
              dedupe_key: dedupeKey,
            })
            .onConflictDoNothing({ target: messages.dedupe_key })
            .returning({ id: messages.id }),
        ];
        if (result.task_id) {
          writes.push(
            tx.insert(tasks).values({
              id: result.task_id,
              session_id: session.id,
              channel_id: session.channel_id,
              bot_id: session.bot_id,
              message_id: result.message_id,
              correlation_id: correlationId,
              source: message.source,
              dispatch_type: target.type,
              dispatch_config: target.config,
              execution_config: { ...message.executionConfig },
            }),
            queue.enqueue(tx, "tasks", { id: result.task_id, subject: result.task_id, key: session.id }),
          );
        } else if (message.notify !== false && dispatchers.get(target.type)?.postMessage) {
          writes.push(
            outbox.write(tx, {
              task_id: null,
              session_id: session.id,
              bot_id: session.bot_id,
              correlation_id: correlationId,
              dispatch_type: target.type,
              dispatch_config: target.config,
              payload: {
                kind: "post",
                text: `[${message.source}] ${message.content}`,
                client_actions: [],
                extra_metadata: {},
              },
            }),
          );
        }
        if (incoming)
          writes.push(recordIncoming(tx, incoming, { ...result, idempotency_key: message.idempotencyKey }));
        const [made] = (await Promise.all(writes)) as [{ id: string }[]];
        if (made.length === 0) tx.rollback();
        return true;
      })
      .catch((error: unknown) => {
        if (error instanceof TransactionRollbackError) return false;
        throw error;
      });
    if (stored) return result;
    const first = await firstResult(db.query, String(dedupeKey));
    if (incoming)
      await recordIncoming(db.query, incoming, { ...first, idempotency_key: message.idempotencyKey });
    return first;
  };

  return {
    getOrCreate,
    inject,
    async messages(sessionId, { limit, before }) {
      await sessionById(db.query, sessionId);
      const older = before
        ? lt(
            messages.position,
            sql`(select m.position from messages m where m.id = ${before} and m.session_id = ${sessionId})`,
          )
        : undefined;
      const rows = await db.query
        .select()
        .from(messages)
        .where(and(eq(messages.session_id, sessionId), older))
        .orderBy(desc(messages.position))
        .limit(limit);
      return rows.reverse();
    },
  };
}

const unknownBot = (id: string) =>
  new HeddleError("unknown_bot", `There is no bot "${id}".`, { field: "bot_id" });

async function findActive(
  query: Queryable,
  clientId: string,
  botId: string,
): Promise<SessionRow | undefined> {
  const [row] = await query
    .select()
    .from(sessions)
    .where(and(eq(sessions.client_id, clientId), eq(sessions.bot_id, botId), sql`active`));
  return row;
}

async function channelOf(tx: Queryable, clientId: string): Promise<string> {
  // The update that changes nothing makes RETURNING answer for an existing row, too.
  const [row] = await tx
    .insert(channels)
    .values({ id: newId(), client_id: clientId, name: clientId })
    .onConflictDoUpdate({ target: channels.client_id, set: { client_id: clientId } })
    .returning({ id: channels.id });
  if (!row) throw new HeddleError("internal", "The channel was not stored.");
  return row.id;
}

async function sessionById(query: Queryable, id: string) {
  if (!isUuid(id))
    throw new HeddleError("not_found", `There is no session "${id}".`, { field: "session_id" });
  const [row] = await query
    .select({ session: sessions, bot: bots.id })
    .from(sessions)
    .leftJoin(bots, eq(bots.id, sessions.bot_id))
    .where(eq(sessions.id, id));
  if (!row) throw new HeddleError("not_found", `There is no session ${id}.`, { field: "session_id" });
  return row;
}

async function sessionToWriteTo(query: Queryable, message: InjectMessage): Promise<SessionRow> {
  if (message.content.trim() === "") {
    throw new HeddleError("validation", "content must not be empty.", { field: "content" });
  }
  const { session, bot } = await sessionById(query, message.sessionId);
  if (message.runAgent && !bot) throw unknownBot(session.bot_id);
  return session;
}

/** The message's own target; else, when the outcome is to be announced, the session's. Sealed. */
async function targetOf(
  message: InjectMessage,
  session: SessionRow,
  sealed: (config: DispatchConfig) => Promise<JsonObject>,
): Promise<{ type: string; config: JsonObject }> {
  const full = message.dispatchConfig
    ? await sealed(message.dispatchConfig)
    : message.notify === false
      ? null
      : session.dispatch_config;
  const { type, ...config } = full ?? { type: "none" };
  return { type: String(type), config };
}

async function firstResult(query: Queryable, dedupeKey: string): Promise<InjectResult> {
  const [first] = await query
    .select({ message_id: messages.id, session_id: messages.session_id, task_id: tasks.id })
    .from(messages)
    .leftJoin(tasks, eq(tasks.message_id, messages.id))
    .where(eq(messages.dedupe_key, dedupeKey));
  if (!first) throw new HeddleError("conflict", "The first message with this idempotency key is gone.");
  return { ...first, duplicate: true };
}
