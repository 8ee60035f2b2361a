// Sessions: the conversations of a bot with a place. Messages come in through inject().

import { and, desc, eq, lt, sql } from "drizzle-orm";
import { type Attachment, attachmentsOf } from "../attachments/store.ts";
import { messages, sessions } from "../db/schema.ts";
import { notFound } from "../errors.ts";
import type { EventResult, InjectEvent, InjectMessage, InjectResult } from "../sdk/types.ts";
import { type CallOutcome, callOutcomesOf } from "./call-outcomes.ts";
import { createGetOrCreate, type Found, type Wanted } from "./get-or-create.ts";
import { createInject, type InjectOptions, type Sender } from "./inject.ts";
import { createInjectEvent, type EventSender, type InjectEventOptions } from "./inject-event.ts";
import { getSession, listSessions, markRead, type SessionFilter, type SessionRow } from "./list-sessions.ts";

export type MessageRow = typeof messages.$inferSelect & {
  attachments: Attachment[];
  /** What became of its tool calls, by the ids that the model gave them. */
  outcomes: ReadonlyMap<string, CallOutcome>;
};

export interface Sessions {
  /**
   * Returns the one active session of this client and bot, creating it if needed. A channel's own bot takes
   * precedence. A `dispatchConfig` replaces the session's. Throws `unknown_bot` and, for a config that does not fit
   * its type, `validation`.
   */
  getOrCreate(wanted: Wanted): Promise<Found>;
  /**
   * Stores a message and what follows from it. Throws `not_found` (session), `unknown_bot` and `validation`, in which
   * case nothing is stored. `scope` keeps the idempotency keys of different senders apart: it names the sender and
   * must not be anything that the sender may choose; default: the session. A bot's message starts no run unless its
   * channel allows it.
   */
  inject(message: InjectMessage, scope?: string, sender?: Partial<Sender>): Promise<InjectResult>;
  /**
   * Puts an event into the channels bound to its place, each in the session of its own bot; without such a channel,
   * into the place's own one. The channel with the oldest binding uses the event's dispatchConfig; with `notify` each
   * run's answer also goes to the channel's other targets, but to none of them twice. All of it is one transaction,
   * and an idempotency key stands for the whole event. A channel whose bot no longer exists is left out (and logged)
   * unless it is the only one. Throws `unknown_bot` and `validation`.
   */
  injectEvent(event: InjectEvent, scope?: string, sender?: EventSender): Promise<EventResult>;
  /** Throws `not_found`. */
  get(id: string): Promise<SessionRow>;
  list(filter: SessionFilter): Promise<SessionRow[]>;
  /** Notes that everything up to now has been read, or everything up to a message. Throws `not_found`. */
  markRead(id: string, messageId?: string): Promise<void>;
  /**
   * The newest `limit` messages before the cursor (a message id), oldest first; with `task_id` only those that this run has
   * written. Throws `not_found`.
   */
  messages(
    sessionId: string,
    page: { limit: number; before?: string; task_id?: string },
  ): Promise<MessageRow[]>;
}

export type SessionsOptions = InjectOptions & Pick<InjectEventOptions, "vault">;

export function createSessions(options: SessionsOptions): Sessions {
  const { db } = options;
  const getOrCreate = createGetOrCreate(options);
  const inject = createInject(options);
  const injectEvent = createInjectEvent({ ...options, getOrCreate }, inject);
  return {
    getOrCreate,
    inject: inject.inject,
    // Cannot collide with an integration's scope, because an integration's id has no space.
    injectEvent: (event, scope = `at ${event.clientId}`, sender) => injectEvent(event, scope, sender),
    get: (id) => getSession(db.query, id),
    markRead: (id, messageId) => markRead(db.query, id, messageId),
    list: (filter) => listSessions(db.query, filter),
    async messages(sessionId, { limit, before, task_id }) {
      const older = before
        ? lt(
            messages.position,
            sql`(select m.position from messages m where m.id = ${before} and m.session_id = ${sessionId})`,
          )
        : undefined;
      const [known, rows] = await Promise.all([
        db.query.select({ id: sessions.id }).from(sessions).where(eq(sessions.id, sessionId)),
        db.query
          .select()
          .from(messages)
          .where(
            and(
              eq(messages.session_id, sessionId),
              older,
              task_id === undefined ? undefined : eq(messages.task_id, task_id),
            ),
          )
          .orderBy(desc(messages.position))
          .limit(limit),
      ]);
      if (known.length === 0) throw notFound("session", sessionId);
      const ids = rows.map(({ id }) => id);
      const calling = rows.flatMap(({ id, tool_calls }) => (tool_calls ? [id] : []));
      const [files, outcomes] = await Promise.all([
        attachmentsOf(db.query, ids),
        callOutcomesOf(db.query, calling),
      ]);
      return rows.reverse().map((row) => ({
        ...row,
        attachments: files.get(row.id) ?? [],
        outcomes: outcomes.get(row.id) ?? new Map(),
      }));
    },
  };
}
