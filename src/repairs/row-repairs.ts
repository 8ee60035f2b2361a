// Repairs that rows of the database tell of: dead letters, webhooks that failed, processes that stay down, and so on.

import { and, count, desc, eq, gt, isNotNull, isNull, lt, min, sql } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { deliveriesIn, type Reach } from "../db/reach.ts";
import {
  apiKeys,
  deliveries,
  embeddingModels,
  inboxEvents,
  memories,
  processes,
  schedules,
} from "../db/schema.ts";
import { approvalRepairs, questionRepairs } from "./approval-repairs.ts";
import { budgetRepairs } from "./budget-repairs.ts";
import { loopRepairs } from "./loop-repairs.ts";
import type { Repair } from "./repair.ts";
import { waitingFor } from "./waiting.ts";

const DAY_MS = 86_400_000;
/** Webhooks that failed longer ago are history. */
const RECENT_MS = DAY_MS;
const KEY_WARNING_MS = 7 * DAY_MS;

export interface RowRepairsOptions {
  query: Queryable;
  reach: Reach | undefined;
  now: number;
}

export async function rowRepairs(options: RowRepairsOptions): Promise<Repair[]> {
  const found = await Promise.all([
    deadLetters(options),
    webhooks(options),
    crashLoops(options),
    loopRepairs(options.query, options.reach, options.now),
    approvalRepairs(options.query, options.reach),
    questionRepairs(options.query, options.reach),
  ]);
  // What follows has no owner, so only callers who see everything get it.
  if (options.reach) return found.flat();
  const common = await Promise.all([
    unreviewed(options),
    unreviewedSchedules(options),
    embeddings(options),
    expiringKeys(options),
    budgetRepairs(options.query, new Date(options.now)),
  ]);
  return [...found, ...common].flat();
}

const things = (number: number, one: string, many: string): string =>
  `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

async function deadLetters({ query, reach }: RowRepairsOptions): Promise<Repair[]> {
  const rows = await query
    .select({
      type: deliveries.dispatch_type,
      count: count(),
      since: min(deliveries.created_at),
      error: sql<string | null>`(array_agg(${deliveries.last_error} order by ${deliveries.id} desc))[1]`,
    })
    .from(deliveries)
    .where(and(eq(deliveries.status, "dead"), reach && deliveriesIn(query, reach)))
    .groupBy(deliveries.dispatch_type);
  return rows.map((row) => ({
    id: `dead_letters/${row.type}`,
    kind: "dead_letters",
    severity: "error",
    title: `${things(row.count, "answer", "answers")} could not be delivered by ${row.type}.`,
    detail: row.error,
    blocks: "Their receivers have no answer.",
    since: row.since,
    count: row.count,
    integration_id: null,
    action: "redeliver",
    scope: "deliveries:read",
  }));
}

/** Webhooks that failed and were not handled again since, and senders of whose webhooks none was let in. */
async function webhooks({ query, reach, now }: RowRepairsOptions): Promise<Repair[]> {
  if (reach && reach.integrationId === null) return [];
  const since = new Date(now - RECENT_MS);
  const rows = await query
    .select({
      integration: inboxEvents.integration_id,
      verdict: inboxEvents.verdict,
      count: count(),
      first: min(inboxEvents.created_at),
      reason: sql<string | null>`(array_agg(${inboxEvents.reason} order by ${inboxEvents.id} desc))[1]`,
    })
    .from(inboxEvents)
    .where(
      and(
        gt(inboxEvents.created_at, since),
        reach?.integrationId ? eq(inboxEvents.integration_id, reach.integrationId) : undefined,
        sql`not exists (select 1 from ${inboxEvents} as again where again.replay_of = ${inboxEvents}.id
          and again.verdict in ('accepted', 'duplicate', 'ignored'))`,
      ),
    )
    .groupBy(inboxEvents.integration_id, inboxEvents.verdict);
  const letIn = new Set(
    rows.flatMap(({ integration, verdict }) =>
      ["rejected", "failed"].includes(verdict) ? [] : [integration],
    ),
  );
  return rows.flatMap((row): Repair[] => {
    const facts = {
      detail: row.reason,
      since: row.first,
      count: row.count,
      integration_id: row.integration,
      scope: "inbox:read",
    };
    if (row.verdict === "failed") {
      return [
        {
          ...facts,
          id: `webhooks_failed/${row.integration}`,
          kind: "webhooks_failed",
          severity: "error",
          title: `${things(row.count, "webhook", "webhooks")} of ${row.integration} failed in the last 24 hours.`,
          blocks: "They caused no run.",
          action: "replay",
        },
      ];
    }
    if (row.verdict !== "rejected" || letIn.has(row.integration)) return [];
    return [
      {
        ...facts,
        id: `webhooks_refused/${row.integration}`,
        kind: "webhooks_refused",
        severity: "warning",
        title: `Every webhook of ${row.integration} was refused in the last 24 hours.`,
        blocks: "Nothing that its sender tells arrives.",
        action: "set_settings",
      },
    ];
  });
}

async function crashLoops({ query, reach }: RowRepairsOptions): Promise<Repair[]> {
  if (reach && reach.integrationId === null) return [];
  const rows = await query
    .select()
    .from(processes)
    .where(
      and(
        eq(processes.state, "crash_looping"),
        reach?.integrationId ? eq(processes.integration_id, reach.integrationId) : undefined,
      ),
    );
  return rows.map((row) => ({
    id: `process_crash_looping/${row.integration_id}`,
    kind: "process_crash_looping",
    severity: "error",
    title: `The background process of ${row.integration_id} crashes again and again.`,
    detail: row.last_error,
    blocks: "It stays down until it is started, or its code or settings change.",
    since: row.updated_at,
    count: 1,
    integration_id: row.integration_id,
    action: "restart_process",
    scope: "integrations:read",
  }));
}

async function unreviewed({ query }: RowRepairsOptions): Promise<Repair[]> {
  const [row] = await query
    .select({ count: count(), since: min(memories.created_at) })
    .from(memories)
    .where(eq(memories.status, "unreviewed"));
  return waitingFor(row, {
    kind: "memories_unreviewed",
    severity: "info",
    one: "1 memory waits for a review",
    many: "memories wait for a review",
    detail: "Bots learned them from conversations with text of strangers.",
    whose: () => "They have no effect.",
    action: "review",
    scope: "memories:read",
  });
}

async function unreviewedSchedules({ query }: RowRepairsOptions): Promise<Repair[]> {
  const [row] = await query
    .select({ count: count(), since: min(schedules.created_at) })
    .from(schedules)
    .where(eq(schedules.status, "unreviewed"));
  return waitingFor(row, {
    kind: "schedules_unreviewed",
    severity: "info",
    one: "1 schedule waits for a review",
    many: "schedules wait for a review",
    detail: "Bots made them in conversations with text of strangers.",
    whose: () => "They send nothing.",
    action: "review_schedules",
    scope: "schedules:read",
  });
}

async function embeddings({ query }: RowRepairsOptions): Promise<Repair[]> {
  const [row] = await query
    .select({ error: embeddingModels.error, name: embeddingModels.name })
    .from(embeddingModels)
    .orderBy(desc(embeddingModels.id))
    .limit(1);
  if (!row || row.error === null) return [];
  return [
    {
      id: "embeddings_failing",
      kind: "embeddings_failing",
      severity: "warning",
      title: `The embedding model ${row.name} does not answer.`,
      detail: row.error,
      blocks: "New texts are found by their words only.",
      since: null,
      count: 1,
      integration_id: null,
      action: "reindex",
      scope: "documents:read",
    },
  ];
}

async function expiringKeys({ query, now }: RowRepairsOptions): Promise<Repair[]> {
  const [row] = await query
    .select({
      count: count(),
      until: min(apiKeys.expires_at),
      names: sql<string[]>`array_agg(${apiKeys.name} order by ${apiKeys.expires_at})`,
    })
    .from(apiKeys)
    .where(
      and(
        isNull(apiKeys.revoked_at),
        isNotNull(apiKeys.last_used_at),
        gt(apiKeys.expires_at, new Date(now)),
        lt(apiKeys.expires_at, new Date(now + KEY_WARNING_MS)),
      ),
    );
  if (!row || row.count === 0) return [];
  return [
    {
      id: "api_key_expiring",
      kind: "api_key_expiring",
      severity: "info",
      title: `${things(row.count, "API key that is in use expires", "API keys that are in use expire")} within a week.`,
      detail: row.names.slice(0, 5).join(", "),
      blocks: "Nothing yet.",
      since: null,
      count: row.count,
      integration_id: null,
      action: "renew_key",
      scope: "api_keys:read",
    },
  ];
}
