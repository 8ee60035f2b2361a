// Messages with what follows from them, in as few statements as can be: what PostgreSQL spends on a webhook is the
// number of statements, not the number of rows.

import { sql } from "drizzle-orm";
import { type Queryable, rowsOf } from "../db/database.ts";
import type { JsonObject, messages, tasks } from "../db/schema.ts";
import type { InboxRow } from "../inbox/incoming.ts";

export interface StoredMessage {
  message: Pick<
    Required<typeof messages.$inferInsert>,
    "id" | "session_id" | "content" | "source" | "metadata" | "dedupe_key"
  >;
  task:
    | (Pick<
        Required<typeof tasks.$inferInsert>,
        | "id"
        | "session_id"
        | "channel_id"
        | "bot_id"
        | "message_id"
        | "correlation_id"
        | "source"
        | "dispatch_type"
      > & { dispatch_config: JsonObject; mirrors: JsonObject[]; execution_config: JsonObject })
    | null;
  inbox: InboxRow | null;
}

/** Stores those whose dedupe key is new, and returns the ids of their messages. */
export async function storeMessages(tx: Queryable, items: StoredMessage[]): Promise<Set<string>> {
  const given = sql`jsonb_array_elements(${JSON.stringify(items)}::jsonb) with ordinality as given (item, nr)`;
  const made = await tx.execute(sql`
    with given as materialized (select item, nr from ${given}),
    stored as (
      insert into messages (id, session_id, role, content, source, metadata, dedupe_key)
      select m.id, m.session_id, 'user', m.content, m.source, m.metadata, m.dedupe_key
      from given, jsonb_to_record(item -> 'message') as m (
        id uuid, session_id uuid, content text, source text, metadata jsonb, dedupe_key text
      )
      order by nr
      on conflict (dedupe_key) do nothing
      returning id
    ),
    fresh as (
      select item from given where (item -> 'message' ->> 'id')::uuid in (select id from stored)
    ),
    with_task as (
      insert into tasks (id, session_id, channel_id, bot_id, message_id, correlation_id, source,
        dispatch_type, dispatch_config, mirrors, execution_config)
      select t.* from fresh, jsonb_to_record(nullif(item -> 'task', 'null')) as t (
        id uuid, session_id uuid, channel_id uuid, bot_id text, message_id uuid, correlation_id uuid, source text,
        dispatch_type text, dispatch_config jsonb, mirrors jsonb, execution_config jsonb
      )
      where t.id is not null
    ),
    recorded as (
      insert into inbox_events (id, integration_id, method, path, headers, body, body_bytes, verdict,
        idempotency_key, outcomes, duration_ms)
      select i.* from fresh, jsonb_to_record(nullif(item -> 'inbox', 'null')) as i (
        id uuid, integration_id text, method text, path text, headers jsonb, body text, body_bytes integer,
        verdict text, idempotency_key text, outcomes jsonb, duration_ms integer
      )
      where i.id is not null
    )
    select id from stored`);
  return new Set(rowsOf<{ id: string }>(made).map(({ id }) => id));
}
