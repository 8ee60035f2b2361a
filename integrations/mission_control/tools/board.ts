// Tools for the board and the timeline.

import { register, t } from "heddle/sdk";
import { createCard, moveCard, PRIORITIES, tellAbout } from "../board.ts";
import { tables } from "../tables.ts";
import { tell } from "../timeline.ts";
import { orError } from "./_or-error.ts";

const title = t.String({ minLength: 1, maxLength: 300, description: "What is to be done, in a few words" });

export const createTaskCard = register(
  {
    name: "create_task_card",
    description:
      "Put a task on the board. Use the same idempotency_key again for the same task, so that it is made once.",
    annotations: { idempotent: true },
    parameters: t.Object({
      title,
      column: t.Optional(t.String({ minLength: 1, maxLength: 100, description: "Default: Backlog" })),
      priority: t.Optional(t.Union(PRIORITIES.map((priority) => t.Literal(priority)))),
      assigned: t.Optional(t.String({ maxLength: 200, description: "Who is to do it" })),
      tags: t.Optional(t.Array(t.String({ maxLength: 50 }), { maxItems: 20 })),
      due: t.Optional(t.String({ pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description: "2026-01-31" })),
      description: t.Optional(t.String({ maxLength: 20_000, description: "Markdown" })),
      idempotency_key: t.Optional(t.String({ minLength: 1, maxLength: 255 })),
    }),
  },
  (card, { bot_id, channel_id, task_id, call_id }) =>
    orError(async () => {
      const idempotency_key = card.idempotency_key ?? call_id;
      const made = await createCard(
        { ...card, idempotency_key, bot_id, channel_id, task_id },
        bot_id ?? "bot",
      );
      return { card_id: made.card.id, column: made.card.column_name, duplicate: made.duplicate };
    }),
);

export const moveTaskCard = register(
  {
    name: "move_task_card",
    description: "Move a task on the board to another column, such as In Progress, Review or Done.",
    annotations: { idempotent: true },
    parameters: t.Object({
      card_id: t.String({ maxLength: 50, description: "Such as mc-0123456789" }),
      to_column: t.String({ minLength: 1, maxLength: 100 }),
    }),
  },
  ({ card_id, to_column }, { bot_id, task_id }) =>
    orError(async () => {
      const { column_name, title } = await moveCard({ card_id, to_column }, bot_id ?? "bot", task_id);
      return { card_id, title, column: column_name };
    }),
);

export const appendTimelineEvent = register(
  {
    name: "append_timeline_event",
    description:
      "Tell people what happened, in one sentence on the timeline. With journal: true it is an entry of the journal: what was learned or decided, for later.",
    parameters: t.Object({
      text: t.String({ minLength: 1, maxLength: 5_000 }),
      journal: t.Optional(t.Boolean()),
      card_id: t.Optional(
        t.String({ maxLength: 50, description: "The task that it is about, which then shows this run" }),
      ),
    }),
  },
  ({ text, journal, card_id }, { bot_id, channel_id, task_id }) =>
    orError(async () => {
      if (card_id !== undefined && !journal) {
        const { id } = await tellAbout(card_id, text, bot_id ?? "bot", task_id);
        return { event_id: id };
      }
      const kind = journal ? "journal" : "note";
      const { id } = await tell(tables, { kind, content: text, actor: bot_id ?? "bot", channel_id, task_id });
      return { event_id: id };
    }),
);
