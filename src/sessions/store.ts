// Stores messages and their consequences in as few statements as possible: PostgreSQL's cost of a webhook depends on
// the number of statements, not of rows.

import type { ReadFile } from "../attachments/attachment.ts";
import { attachmentRows, storeAttachments } from "../attachments/store.ts";
import type { Queryable } from "../db/database.ts";
import { runText } from "../db/prepared.ts";
import type { JsonObject, messages, tasks } from "../db/schema.ts";
import type { InboxRecord } from "../inbox/record.ts";

export interface StoredMessage {
  message: Pick<
    Required<typeof messages.$inferInsert>,
    "id" | "session_id" | "content" | "source" | "metadata" | "from_person" | "hops" | "dedupe_key"
  >;
  task:
    | (Pick<
        Required<typeof tasks.$inferInsert>,
        | "id"
        | "session_id"
        | "channel_id"
        | "bot_id"
        | "message_id"
        | "owner"
        | "correlation_id"
        | "source"
        | "dispatch_type"
        | "loop_key"
        | "when_busy"
        | "merge_key"
        | "schedule_id"
      > & {
        dispatch_config: JsonObject;
        mirrors: JsonObject[];
        execution_config: JsonObject;
        callback_config: JsonObject;
      })
    | null;
  files: ReadFile[];
}

/**
 * Stores the messages whose dedupe key is new, and returns their ids. Of `records`, whose outcomes name all messages,
 * it stores those with a new message and only the new outcomes; an existing record gets them added.
 */
export async function storeMessages(
  tx: Queryable,
  items: StoredMessage[],
  records: InboxRecord[],
): Promise<Set<string>> {
  if (items.length === 0) return new Set();
  const sent = items.map(({ message, task }) => ({ message, task }));
  const files = attachmentRows(items.map(({ message, files }) => ({ messageId: message.id, files })));
  const values = [JSON.stringify(sent), JSON.stringify(records)];
  const stored = await (files === undefined
    ? runText<{ id: string }>(tx, WITHOUT_FILES, values)
    : runText<{ id: string }>(tx, WITH_FILES, [...values, files]));
  return new Set(stored.map(({ id }) => id));
}

const statement = (attachments: string): string => `
    with given as materialized (
      select item, nr from jsonb_array_elements($1::jsonb) with ordinality as given (item, nr)
    ),
    stored as (
      insert into messages (id, session_id, role, content, source, metadata, from_person, hops, dedupe_key)
      select m.id, m.session_id, 'user', m.content, m.source, m.metadata, m.from_person, m.hops, m.dedupe_key
      from given, jsonb_to_record(item -> 'message') as m (
        id uuid, session_id uuid, content text, source text, metadata jsonb, from_person boolean, hops integer,
        dedupe_key text
      )
      order by nr
      on conflict (dedupe_key) do nothing
      returning id
    ),
    fresh as (
      select item from given where (item -> 'message' ->> 'id')::uuid in (select id from stored)
    ),
    ${attachments}
    with_task as (
      insert into tasks (id, session_id, channel_id, bot_id, message_id, owner, correlation_id, source,
        dispatch_type, dispatch_config, mirrors, execution_config, callback_config, loop_key, when_busy, merge_key, schedule_id)
      select t.* from fresh, jsonb_to_record(nullif(item -> 'task', 'null')) as t (
        id uuid, session_id uuid, channel_id uuid, bot_id text, message_id uuid, owner text, correlation_id uuid,
        source text, dispatch_type text, dispatch_config jsonb, mirrors jsonb, execution_config jsonb,
        callback_config jsonb, loop_key text, when_busy text, merge_key text, schedule_id uuid
      )
      where t.id is not null
    ),
    recorded as (
      insert into inbox_events (id, integration_id, method, path, headers, body, body_bytes, body_truncated, verdict,
        idempotency_key, outcomes, duration_ms, verified, signature, replay_of)
      select r.id, r.integration_id, r.method, r.path, r.headers, r.body, r.body_bytes, r.body_truncated, r.verdict,
        r.idempotency_key, made.outcomes, r.duration_ms, r.verified, r.signature, r.replay_of
      from jsonb_to_recordset($2::jsonb) as r (
        id uuid, integration_id text, method text, path text, headers jsonb, body text, body_bytes integer,
        body_truncated boolean, verdict text, idempotency_key text, outcomes jsonb, duration_ms integer,
        verified boolean, signature jsonb, replay_of uuid
      ),
      lateral (
        select jsonb_agg(outcome) as outcomes from jsonb_array_elements(r.outcomes) as outcome
        where (outcome ->> 'message_id')::uuid in (select id from stored)
      ) as made
      where made.outcomes is not null
      order by r.id
      on conflict (id) do update set
        verdict = excluded.verdict,
        outcomes = inbox_events.outcomes || excluded.outcomes,
        reason = case when inbox_events.verdict = 'ignored' then null else inbox_events.reason end
    )
    select id from stored`;

const WITHOUT_FILES = statement("");
const WITH_FILES = statement(storeAttachments("$3"));
