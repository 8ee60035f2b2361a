// The answers of the API against the tables that they come from: a field has its column's type and may be null where the
// column may. A new column is in an answer, or named here as one that stays inside.

import { beforeAll, expect, test } from "bun:test";
import { getTableColumns } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";
import * as tables from "../../../src/db/schema.ts";
import { embeddedDatabase } from "../../database.ts";
import { createHttpFixture } from "../fixture.ts";

interface Field {
  type?: string | string[];
  format?: string;
  anyOf?: Field[];
  $ref?: string;
}

interface Source {
  table: PgTable;
  /** Columns that no answer shows: what is secret, and what is the server's own book-keeping. */
  inside: string[];
  /** Fields that have no column of their own. */
  derived: string[];
  /** Columns that always have a value in an answer, or may lack one, unlike in the table. */
  otherNull?: string[];
}

const SOURCES: Record<string, Source> = {
  Task: {
    table: tables.tasks,
    inside: [
      "owner",
      "mirrors",
      "attempt",
      "streamed",
      "losses",
      "tool_losses",
      "loop_key",
      "schedule_id",
      "cancel_reason",
      "merge_key",
      "output",
      "dispatch_config",
      "execution_config",
      "callback_config",
    ],
    derived: ["prompt", "delegation_task_id"],
  },
  EvalRun: { table: tables.evalRuns, inside: ["owner", "results"], derived: [] },
  EvalRunDetail: { table: tables.evalRuns, inside: ["owner"], derived: ["previous_id"] },
  Policy: { table: tables.policies, inside: [], derived: [] },
  CodingSession: { table: tables.codingSessions, inside: [], derived: [] },
  McpQuestion: { table: tables.mcpQuestions, inside: ["answer", "wait_id", "input_name"], derived: [] },
  Approval: {
    table: tables.approvals,
    inside: ["call_hash"],
    derived: [],
    // A tool of Heddle or of an integration is named by its name.
    otherNull: ["tool_reference"],
  },
  TaskDetail: {
    table: tables.tasks,
    inside: [
      "owner",
      "mirrors",
      "attempt",
      "streamed",
      "losses",
      "tool_losses",
      "loop_key",
      "schedule_id",
      "cancel_reason",
      "merge_key",
    ],
    derived: ["prompt", "delegation_task_id"],
    otherNull: ["dispatch_config"],
  },
  Channel: {
    table: tables.channels,
    inside: [],
    derived: ["display_name", "integration", "active_session_id"],
  },
  Session: {
    table: tables.sessions,
    inside: ["transcript", "read_position", "compact_requested_at"],
    derived: ["unread", "last_message_at", "channel_name", "title"],
  },
  Message: {
    table: tables.messages,
    inside: ["position", "hops", "dedupe_key", "continuation"],
    derived: ["attachments", "files"],
  },
  Person: { table: tables.people, inside: ["code", "code_tries"], derived: [] },
  Memory: { table: tables.memories, inside: [], derived: ["applies"] },
  Bot: { table: tables.bots, inside: [], derived: [] },
  Binding: { table: tables.channelBindings, inside: [], derived: [] },
  Delivery: {
    table: tables.deliveries,
    inside: ["payload", "attempts_before", "retry_seconds", "target_key", "queued_at", "parts"],
    derived: ["kind", "text", "changes", "changed_by", "can_correct", "can_withdraw"],
  },
  Document: {
    table: tables.documents,
    inside: ["owner", "kind", "source_id", "memory_version_id", "content_hash"],
    derived: [],
  },
  InboxEvent: { table: tables.inboxEvents, inside: [], derived: ["event_name"] },
  Provider: {
    table: tables.providers,
    inside: [],
    derived: ["source"],
    // The environment's provider has no row.
    otherNull: ["created_at", "updated_at"],
  },
  ApiKey: { table: tables.apiKeys, inside: ["hash"], derived: [] },
};

interface Schema {
  properties?: Record<string, Field>;
  /** A schema that has all fields of another one refers to it. */
  allOf?: (Schema & { $ref?: string })[];
}

let schemas: Record<string, Schema>;

const fieldsOf = ({ properties = {}, allOf = [] }: Schema): Record<string, Field> =>
  Object.assign(
    { ...properties },
    ...allOf.map((part) => fieldsOf(schemas[String(part.$ref).split("/").at(-1) ?? ""] ?? part)),
  );

const open = embeddedDatabase();

beforeAll(async () => {
  const http = await createHttpFixture(await open());
  schemas = (await http.send("GET", "/swagger/all/json", { key: null })).body.components.schemas;
});

/** As OpenAPI says it; what is stored as JSON may be any. */
const TYPES: Record<string, string> = {
  PgUUID: "string",
  PgText: "string",
  PgBoolean: "boolean",
  PgInteger: "integer",
  PgTimestamp: "string date-time",
};

const typesOf = ({ type, anyOf = [] }: Field): string[] => [type ?? [], ...anyOf.map(typesOf)].flat(2);

test.each(Object.keys(SOURCES))("%s shows the columns of its table, as they are", (name) => {
  const { table, inside, derived, otherNull = [] } = SOURCES[name] as Source;
  const fields = fieldsOf(schemas[name] ?? {});
  const columns = getTableColumns(table);
  expect(
    Object.keys(fields)
      .filter((field) => !derived.includes(field))
      .sort(),
  ).toEqual(
    Object.keys(columns)
      .filter((column) => !inside.includes(column))
      .sort(),
  );
  for (const [column, { columnType, notNull }] of Object.entries(columns)) {
    const field = fields[column];
    if (!field) continue;
    // Any JSON: what the target answered, and an answer as its schema asks for.
    if (column === "receipt" || column === "output") continue;
    const types = typesOf(field);
    expect([column, types.includes("null")]).toEqual([column, notNull === otherNull.includes(column)]);
    const expected = TYPES[columnType];
    if (expected === undefined) continue;
    const type = types.find((one) => one !== "null");
    const isTime = field.format === "date-time";
    expect([column, isTime ? `${type} date-time` : type]).toEqual([column, expected]);
  }
});
