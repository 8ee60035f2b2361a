// Starts the run to which another run has delegated work. Its result goes to the call that asked for it.

import { createHash } from "node:crypto";
import { sql } from "drizzle-orm";
import { type Database, rowsOf } from "../db/database.ts";
import { sessions } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { CLEAN, DELEGATED, isTainted } from "../taint/taint.ts";
import type { Inject } from "./inject.ts";

/** The source of messages with which a bot gives work to another one. */
export const DELEGATION = "delegation";

interface Delegation {
  task: {
    id: string;
    session_id: string;
    channel_id: string;
    client_id: string;
    owner?: string | null;
    schedule_id?: string | null;
  };
  by: { id: string; name: string };
  to: string;
  prompt: string;
  call: { id: string; iteration: number };
  chain: string[];
  /** Where the answer is posted besides. */
  post?: "thread" | "place" | undefined;
}

export interface DelegationOptions {
  db: Pick<Database, "query">;
  inject: Inject["inject"];
}

/**
 * The bot has one session for all work that a session gives it, so that it knows what it did before. It is in the same channel,
 * whose owner, rights and settings apply, and never the active one, in which people talk with the bot.
 */
export function createDelegation({ db, inject }: DelegationOptions) {
  return async ({ task, by, to, prompt, call, chain, post }: Delegation): Promise<undefined> => {
    const sessionId = uuidOf(`${task.session_id} ${to}`);
    const { channel_id, client_id } = task;
    await db.query
      .insert(sessions)
      .values({ id: sessionId, channel_id, client_id, bot_id: to, active: false })
      .onConflictDoNothing();
    const { task_id } = await inject(
      {
        sessionId,
        content: prompt,
        source: DELEGATION,
        runAgent: true,
        notify: false,
        whenBusy: "queue",
        dispatchConfig: {
          type: "internal",
          session_id: task.session_id,
          task_id: task.id,
          tool_call_id: call.id,
          ...(post !== undefined && { post }),
        },
        metadata: {
          delegated_by: by.id,
          delegated_by_display: by.name,
          delegation_task_id: task.id,
          delegation_chain: chain,
          // What is repeated after an interruption stays as it was first.
          ...((await isClean(db, task.session_id)) && { [CLEAN]: true }),
        },
        // A model may give two calls of one answer the same id.
        idempotencyKey: uuidOf(JSON.stringify([task.id, call.iteration, call.id, to, prompt])),
      },
      DELEGATED,
      // What a schedule leads to is paid from its budgets.
      { fromPerson: false, owner: task.owner ?? null, scheduleId: task.schedule_id ?? undefined },
    );
    if (task_id === null)
      throw new HeddleError("conflict", "The work was not started: too many runs have led to it.");
  };
}

/** Whether no stranger has written anything of what the bot that delegates may quote. */
async function isClean({ query }: Pick<Database, "query">, sessionId: string): Promise<boolean> {
  const found = await query.execute(
    sql`select ${sql.raw(isTainted("asks.id", "made.status = 'running'"))} as tainted from sessions asks
      where asks.id = ${sessionId}::uuid`,
  );
  return rowsOf<{ tainted: boolean }>(found)[0]?.tainted === false;
}

/** The same text always has the same id (version 8 of RFC 9562). */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
