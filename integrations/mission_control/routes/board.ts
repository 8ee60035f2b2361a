import { Elysia, t } from "heddle/sdk";
import { createCard, deleteCard, listBoard, moveCard, PRIORITIES, updateCard } from "../board.ts";
import { runsOf } from "../card-runs.ts";
import { versionIn } from "../refused.ts";
import { channelsIn, scopeQuery } from "./scope.ts";
import { who } from "./who.ts";

const column = t.String({ minLength: 1, maxLength: 100 });
const nullable = (maxLength: number) => t.Optional(t.Nullable(t.String({ maxLength })));
const fields = {
  title: t.String({ minLength: 1, maxLength: 300, pattern: "\\S" }),
  description: t.Optional(t.String({ maxLength: 20_000 })),
  priority: t.Optional(t.Union(PRIORITIES.map((priority) => t.Literal(priority)))),
  assigned: nullable(200),
  tags: t.Optional(t.Array(t.String({ minLength: 1, maxLength: 50 }), { maxItems: 20 })),
  due: t.Optional(t.Nullable(t.String({ pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" }))),
};

export const boardRoutes = new Elysia()
  .get(
    "/kanban",
    async ({ query, request }) => ({
      columns: await listBoard(query.channel_id, await channelsIn(query, request), query.done),
    }),
    {
      query: t.Object({
        ...scopeQuery,
        channel_id: t.Optional(t.String({ maxLength: 100 })),
        done: t.Optional(t.Integer({ minimum: 0, maximum: 1_000 })),
      }),
    },
  )
  .post("/kanban/create", ({ body, request }) => createCard(body, who(request).name), {
    body: t.Object({
      ...fields,
      column: t.Optional(column),
      channel_id: nullable(100),
      idempotency_key: t.Optional(t.String({ minLength: 1, maxLength: 255 })),
    }),
  })
  .post("/kanban/move", async ({ body, request }) => ({ card: await moveCard(body, who(request).name) }), {
    body: t.Object({
      card_id: t.String({ maxLength: 50 }),
      from_column: t.Optional(column),
      to_column: column,
      after_id: nullable(50),
    }),
  })
  .patch(
    "/kanban/update",
    async ({ body: { card_id, ...change }, request }) => ({
      card: await updateCard(card_id, change, who(request).name, versionIn(request.headers)),
    }),
    { body: t.Object({ card_id: t.String({ maxLength: 50 }), ...fields, title: t.Optional(fields.title) }) },
  )
  .get("/kanban/:id/runs", ({ params, request }) => runsOf(params.id, request), {
    params: t.Object({ id: t.String({ minLength: 1, maxLength: 50 }) }),
  })
  .delete("/kanban/:id", async ({ params, request, status }) => {
    await deleteCard(params.id, who(request).name);
    return status(204, undefined);
  });
