// The tables. A statement that has been released never changes: new ones are added at the end.

import { randomBytes } from "node:crypto";
import { defineTables } from "heddle/sdk";

export const tables = defineTables([
  `CREATE TABLE board_columns (
    name text PRIMARY KEY,
    position double precision NOT NULL
  )`,
  `INSERT INTO board_columns (name, position) VALUES ('Backlog', 1), ('In Progress', 2), ('Review', 3), ('Done', 4)`,
  `CREATE TABLE cards (
    id text PRIMARY KEY,
    title text NOT NULL,
    description text NOT NULL DEFAULT '',
    column_name text NOT NULL REFERENCES board_columns (name),
    position double precision NOT NULL,
    priority text NOT NULL DEFAULT 'medium',
    assigned text,
    tags jsonb NOT NULL DEFAULT '[]',
    due text,
    channel_id text,
    bot_id text,
    task_id text,
    idempotency_key text UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    completed_at timestamptz
  )`,
  "CREATE INDEX cards_by_column ON cards (column_name, position)",
  `CREATE TABLE plans (
    id text PRIMARY KEY,
    title text NOT NULL,
    status text NOT NULL DEFAULT 'draft',
    runs int NOT NULL DEFAULT 0,
    bot_id text NOT NULL,
    session_id text,
    channel_id text,
    task_id text,
    idempotency_key text UNIQUE,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    approved_hash text,
    approved_by text,
    approved_by_id text,
    approved_at timestamptz,
    ended_at timestamptz
  )`,
  "CREATE INDEX plans_by_time ON plans (created_at)",
  `CREATE TABLE plan_steps (
    plan_id text NOT NULL REFERENCES plans (id) ON DELETE CASCADE,
    number int NOT NULL,
    content text NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    attempt int NOT NULL DEFAULT 0,
    task_id text,
    result text,
    started_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (plan_id, number)
  )`,
  `CREATE TABLE timeline (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    kind text NOT NULL,
    content text NOT NULL,
    actor text NOT NULL,
    channel_id text,
    card_id text,
    plan_id text,
    task_id text
  )`,
  "CREATE INDEX timeline_by_time ON timeline (at)",
  "CREATE TABLE preferences (caller text PRIMARY KEY, value jsonb NOT NULL)",
  "CREATE TABLE members (caller text NOT NULL, channel_id text NOT NULL, PRIMARY KEY (caller, channel_id))",
  `CREATE TABLE card_runs (
    card_id text NOT NULL REFERENCES cards (id) ON DELETE CASCADE,
    task_id text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (card_id, task_id)
  )`,
  "INSERT INTO card_runs (card_id, task_id, at) SELECT id, task_id, created_at FROM cards WHERE task_id IS NOT NULL",
]);

/** An id of a card or a plan: "mc-" or "plan-" and ten hexadecimal digits. */
export const newId = (prefix: "mc" | "plan"): string => `${prefix}-${randomBytes(5).toString("hex")}`;
