// Sessions: the conversations of a bot with a place. Messages come in through inject().

import { and, desc, eq, lt, sql } from "drizzle-orm";
import { messages, sessions } from "../db/schema.ts";
import type { Dispatchers } from "../dispatch/registry.ts";
import { HeddleError } from "../errors.ts";
import type { GetOrCreateSession, InjectMessage, InjectResult } from "../sdk/types.ts";
import type { Vault } from "../vault.ts";
import { createGetOrCreate } from "./get-or-create.ts";
import { createInject, type InjectOptions } from "./inject.ts";
import type { SealConfig } from "./target.ts";

export type MessageRow = typeof messages.$inferSelect;

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

export interface SessionsOptions extends Omit<InjectOptions, "seal" | "dispatchers"> {
  dispatchers: Dispatchers;
  vault: Vault;
  /** Resolves when the integrations have loaded: until then a dispatch type may be missing that will be there. */
  settled: Promise<unknown>;
}

export function createSessions(options: SessionsOptions): Sessions {
  const { db, dispatchers, vault, settled } = options;
  const seal: SealConfig = async (config) => {
    if (!dispatchers.get(config.type)) await settled;
    return vault.sealConfig(dispatchers.check(config));
  };
  return {
    getOrCreate: createGetOrCreate({ db, seal }),
    inject: createInject({ ...options, seal }),
    async messages(sessionId, { limit, before }) {
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
          .where(and(eq(messages.session_id, sessionId), older))
          .orderBy(desc(messages.position))
          .limit(limit),
      ]);
      if (known.length === 0) {
        throw new HeddleError("not_found", `There is no session ${sessionId}.`, { field: "session_id" });
      }
      return rows.reverse();
    },
  };
}
