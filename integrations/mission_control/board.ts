// The cards of the board. Every change is one transaction, with its line in the timeline.

import type { Sql } from "heddle/sdk";
import { noteRun } from "./card-runs.ts";
import { Refused, refuseOverwrite } from "./refused.ts";
import { newId, tables } from "./tables.ts";
import { announce, type TimelineEvent, tell } from "./timeline.ts";

export const PRIORITIES = ["low", "medium", "high", "critical"] as const;

export interface Card {
  id: string;
  title: string;
  description: string;
  column_name: string;
  position: number;
  priority: (typeof PRIORITIES)[number];
  assigned: string | null;
  tags: string[];
  due: string | null;
  channel_id: string | null;
  bot_id: string | null;
  /** The run that made it. */
  task_id: string | null;
  /** How many runs had to do with it. */
  run_count: number;
  created_at: string;
  updated_at: string;
  started_at: string | null;
  completed_at: string | null;
}

export interface NewCard {
  title: string;
  column?: string | undefined;
  priority?: Card["priority"] | undefined;
  assigned?: string | null | undefined;
  tags?: string[] | undefined;
  due?: string | null | undefined;
  description?: string | undefined;
  channel_id?: string | null | undefined;
  bot_id?: string | null | undefined;
  task_id?: string | null | undefined;
  /** The same card is made once, however often it is asked for. */
  idempotency_key?: string | undefined;
}

/** Who changes the board: a bot's id or a person's name. */
type Actor = string;
/** A run that changes it; undefined: a person does. */
type Run = string | undefined;

const FIELDS = `id, title, description, column_name, position, priority, assigned, tags, due, channel_id, bot_id, task_id,
  created_at, updated_at, started_at, completed_at, (SELECT count(*) FROM card_runs WHERE card_id = cards.id)::int AS run_count`;

/** A version is later than the last one, also within a millisecond. */
const LATER = "greatest(now(), updated_at + interval '1 millisecond')";

const WANTED = "($1::text IS NULL OR channel_id = $1) AND ($2::jsonb IS NULL OR $2::jsonb ? channel_id)";

export interface BoardColumn {
  name: string;
  cards: Card[];
  /** How many more there are. */
  left_out: number;
}

/** `channels`: only cards of these. `done`: of those that are done, only so many, the latest; what is done grows for ever. */
export async function listBoard(
  channelId?: string,
  channels?: readonly string[],
  done?: number,
): Promise<BoardColumn[]> {
  const columns = await tables.query<{ name: string; count: number }>(
    `SELECT name, (SELECT count(*) FROM cards WHERE column_name = name AND ${WANTED})::int AS count
     FROM board_columns ORDER BY position`,
    [channelId, channels],
  );
  const cards = await tables.query<Card>(
    `SELECT ${FIELDS} FROM cards
     WHERE ${WANTED} AND ($3::int IS NULL OR column_name <> 'Done' OR id IN (
       SELECT id FROM cards WHERE ${WANTED} AND column_name = 'Done' ORDER BY completed_at DESC, id LIMIT $3))
     ORDER BY position, id`,
    [channelId, channels, done],
  );
  return columns.map(({ name, count }) => {
    const shown = cards.filter(({ column_name }) => column_name === name);
    return { name, cards: shown, left_out: Math.max(0, count - shown.length) };
  });
}

export const createCard = (card: NewCard, actor: Actor): Promise<{ card: Card; duplicate: boolean }> =>
  tables.transaction(async (sql) => {
    const column = card.column ?? "Backlog";
    await lockColumn(sql, column, "before Done");
    const id = newId("mc");
    const [made] = await sql.query<Card>(
      `INSERT INTO cards (id, title, description, column_name, position, priority, assigned, tags, due, channel_id, bot_id, task_id,
         idempotency_key, started_at, completed_at)
       SELECT $1, $2, $3, $4, coalesce(max(position), 0) + 1, $5, $6, $7::jsonb, $8, $9, $10, $11, $12,
         CASE WHEN $4 = 'In Progress' THEN now() END, CASE WHEN $4 = 'Done' THEN now() END
       FROM cards WHERE column_name = $4
       ON CONFLICT (idempotency_key) DO NOTHING RETURNING ${FIELDS}`,
      [
        ...[id, card.title, card.description ?? "", column, card.priority ?? "medium", card.assigned],
        ...[card.tags ?? [], card.due, card.channel_id, card.bot_id, card.task_id, card.idempotency_key],
      ],
    );
    if (!made) {
      const [known] = await sql.query<Card>(`SELECT ${FIELDS} FROM cards WHERE idempotency_key = $1`, [
        card.idempotency_key,
      ]);
      return { card: known as Card, duplicate: true };
    }
    await noteRun(sql, id, card.task_id);
    await tell(sql, { ...about(made, card.task_id), content: `Task created: ${made.title}`, actor });
    return { card: { ...made, run_count: card.task_id ? 1 : 0 }, duplicate: false };
  });

export interface Move {
  card_id: string;
  to_column: string;
  /** Where the mover saw it; if it is elsewhere by now, nothing is moved. */
  from_column?: string | undefined;
  /** The card below which it goes; null for the top, undefined for the end. */
  after_id?: string | null | undefined;
}

export const moveCard = (
  { card_id, from_column, to_column, after_id }: Move,
  actor: Actor,
  run?: Run,
): Promise<Card> =>
  tables.transaction(async (sql) => {
    await lockColumn(sql, to_column, "at the end");
    const card = await lockCard(sql, card_id);
    if (from_column !== undefined && card.column_name !== from_column) {
      throw new Refused(
        409,
        `The task "${card.title}" is in ${card.column_name} by now, not in ${from_column}. Look at it again.`,
      );
    }
    const others = await sql.query<{ id: string }>(
      "SELECT id FROM cards WHERE column_name = $1 AND id <> $2 ORDER BY position, id",
      [to_column, card_id],
    );
    const ids = others.map(({ id }) => id);
    // If that card has gone meanwhile, the end of the column is the place.
    const found = after_id === undefined ? -1 : after_id === null ? 0 : ids.indexOf(after_id) + 1;
    const at = found > 0 || after_id === null ? found : ids.length;
    const order = [...ids.slice(0, at), card_id, ...ids.slice(at)];
    await sql.query(
      `UPDATE cards SET position = wanted.position
       FROM jsonb_array_elements_text($1::jsonb) WITH ORDINALITY AS wanted (id, position)
       WHERE cards.id = wanted.id`,
      [order],
    );
    await noteRun(sql, card_id, run);
    const [moved] = await sql.query<Card>(
      `UPDATE cards SET column_name = $2, updated_at = ${LATER},
         started_at = CASE WHEN $2 = 'In Progress' THEN coalesce(started_at, now()) ELSE started_at END,
         completed_at = CASE WHEN $2 = 'Done' THEN coalesce(completed_at, now()) END
       WHERE id = $1 RETURNING ${FIELDS}`,
      [card_id, to_column],
    );
    if (card.column_name !== to_column) {
      await tell(sql, {
        ...about(card, run),
        content: `Task moved from ${card.column_name} to ${to_column}: ${card.title}`,
        actor,
      });
    } else await announce(sql, "card", about(card));
    return moved as Card;
  });

export type CardChange = Partial<
  Pick<Card, "title" | "description" | "priority" | "assigned" | "tags" | "due">
>;

const CHANGEABLE = ["title", "description", "priority", "assigned", "tags", "due"] as const;

/** `asRead`: the card's `updated_at` as it was read. */
export const updateCard = (id: string, change: CardChange, actor: Actor, asRead?: string): Promise<Card> =>
  tables.transaction(async (sql) => {
    const card = await lockCard(sql, id);
    refuseOverwrite(card.updated_at, asRead);
    const next = { ...card, ...withoutUndefined(change) };
    const [updated] = await sql.query<Card>(
      `UPDATE cards SET title = $2, description = $3, priority = $4, assigned = $5, tags = $6::jsonb, due = $7, updated_at = ${LATER}
       WHERE id = $1 RETURNING ${FIELDS}`,
      [id, ...CHANGEABLE.map((field) => next[field])],
    );
    const changed = CHANGEABLE.filter((field) => JSON.stringify(card[field]) !== JSON.stringify(next[field]));
    if (changed.length > 0) {
      await tell(sql, {
        ...about(card),
        content: `Task changed (${changed.join(", ")}): ${next.title}`,
        actor,
      });
    }
    return updated as Card;
  });

export const deleteCard = (id: string, actor: Actor): Promise<void> =>
  tables.transaction(async (sql) => {
    const card = await lockCard(sql, id);
    await sql.query("DELETE FROM cards WHERE id = $1", [id]);
    await tell(sql, { ...about(card), content: `Task deleted: ${card.title}`, actor });
  });

/** Tells something about a card, by a run. */
export const tellAbout = (id: string, content: string, actor: Actor, run: Run): Promise<TimelineEvent> =>
  tables.transaction(async (sql) => {
    const card = await lockCard(sql, id);
    await noteRun(sql, id, run);
    return tell(sql, { ...about(card, run), kind: "note", content, actor });
  });

/** Makes the column if it does not exist. Changes of one column take turns. */
async function lockColumn(sql: Sql, name: string, where: "before Done" | "at the end"): Promise<void> {
  await sql.query(
    `INSERT INTO board_columns (name, position)
     SELECT $1, coalesce(
       (SELECT (done.position + coalesce((SELECT max(position) FROM board_columns WHERE position < done.position), 0)) / 2
        FROM board_columns AS done WHERE done.name = 'Done' AND $2::boolean),
       max(position) + 1)
     FROM board_columns ON CONFLICT (name) DO NOTHING`,
    [name, where === "before Done"],
  );
  await sql.query("SELECT name FROM board_columns WHERE name = $1 FOR UPDATE", [name]);
}

async function lockCard(sql: Sql, id: string): Promise<Card> {
  const [card] = await sql.query<Card>(`SELECT ${FIELDS} FROM cards WHERE id = $1 FOR UPDATE`, [id]);
  if (!card) throw new Refused(404, `There is no task "${id}".`);
  return card;
}

/** `run`: who did it, if not a person. */
const about = ({ id, channel_id }: Card, run?: string | null) => ({
  kind: "card" as const,
  card_id: id,
  channel_id,
  task_id: run ?? null,
});

const withoutUndefined = <Value extends object>(value: Value): Value =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Value;
