import { Elysia, t } from "elysia";
import { MEMORY_STATUSES } from "../../../db/schema.ts";
import type { Memories, ShownMemory } from "../../../memory/memories.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { listRoute, pageOfRows, ROWS } from "../list.ts";
import type { Ownership } from "../ownership.ts";
import { failures, type RouteOptions } from "../route-options.ts";
import { Id, IdParams, Instant, InstantOf, instant, instantOrNull, nullable, oneOf } from "../schemas.ts";

const tag = "Memories";

const Status = oneOf(MEMORY_STATUSES);

const MemoryAnswer = named(
  "Memory",
  t.Object({
    id: Id,
    memory_id: t.String({ format: "uuid", description: "The same for all versions of a memory." }),
    version: t.Integer({ description: "The accepted version with the highest number applies." }),
    bot_id: t.String({ description: "The bot that remembers." }),
    channel_id: nullable(Id, "The channel that it stays in; null: the bot knows it everywhere."),
    text: nullable(t.String(), "What was learned; null: the bot wants to forget it."),
    status: {
      ...Status,
      description:
        "accepted: it applies. unreviewed: it comes from a conversation with text of strangers, and waits for a person. rejected: it never applies.",
    },
    applies: t.Boolean({
      description: "Whether the bot believes it now: it is the last accepted version, and says something.",
    }),
    session_id: t.String({ format: "uuid", description: "Where it was learned." }),
    message_id: t.String({ format: "uuid", description: "The message that the bot was answering." }),
    task_id: t.String({ format: "uuid", description: "The run." }),
    reviewed_at: nullable(Instant, "When a person accepted or rejected it; null if nobody had to."),
    created_at: InstantOf("When it was learned."),
  }),
);

const FILTERS = {
  bot_id: t.Optional(t.String({ description: "Only memories of this bot." })),
  channel_id: t.Optional(
    t.String({ format: "uuid", description: "Only memories that stay in this channel." }),
  ),
  memory_id: t.Optional(t.String({ format: "uuid", description: "Only versions of this memory." })),
  status: t.Optional({ ...Status, description: "Only memories with this status." }),
  applies: t.Optional(t.Boolean({ description: "true: only what bots believe now; false: only the rest." })),
  ...ROWS,
};

export interface MemoryRoutes {
  memories: Pick<Memories, "list" | "get" | "review" | "remove">;
  ownership: Pick<Ownership, "reachOf">;
  route: RouteOptions;
}

export function memoryRoutes({ memories, ownership, route }: MemoryRoutes) {
  const reviewed = { params: IdParams, response: { 200: MemoryAnswer, ...failures(403, 404, 409, 422) } };
  return new Elysia({ prefix: "/api/v1/memories", normalize: false })
    .get(
      "",
      async ({ query, request }) => {
        const reach = await ownership.reachOf(request);
        return pageOfRows("memories", query, (page) => memories.list({ ...query, ...page, reach }), present);
      },
      listRoute(route, {
        scope: "memories:read",
        tag,
        summary: "List memories",
        description: "All versions, newest first.",
        key: "memories",
        Item: MemoryAnswer,
        query: FILTERS,
      }),
    )
    .get(
      "/:id",
      async ({ params, request }) => present(await memories.get(params.id, await ownership.reachOf(request))),
      {
        ...route.plain({ scope: "memories:read", tag, summary: "Fetch a version of a memory" }),
        params: IdParams,
        response: { 200: MemoryAnswer, ...failures(403, 404, 422) },
      },
    )
    .post(
      "/:id/accept",
      async ({ params, request }) =>
        present(await memories.review(params.id, "accepted", await ownership.reachOf(request))),
      {
        ...route.plain({
          scope: "memories:write",
          tag,
          summary: "Accept an unreviewed memory",
          description: "It applies from now on; 409 if it has been reviewed or a newer version applies.",
        }),
        ...reviewed,
      },
    )
    .post(
      "/:id/reject",
      async ({ params, request }) =>
        present(await memories.review(params.id, "rejected", await ownership.reachOf(request))),
      {
        ...route.plain({
          scope: "memories:write",
          tag,
          summary: "Reject an unreviewed memory",
          description: "It never applies; 409 if it has been reviewed.",
        }),
        ...reviewed,
      },
    )
    .delete(
      "/:id",
      async ({ params, request, status }) => {
        await memories.remove(params.id, await ownership.reachOf(request));
        return status(204, undefined);
      },
      {
        ...route.plain({
          scope: "memories:write",
          tag,
          summary: "Delete a memory",
          description: "With all its versions; the bot forgets it at once.",
        }),
        params: IdParams,
        response: { 204: t.Void({ description: "Deleted." }), ...failures(403, 404, 422) },
      },
    );
}

const present = (row: ShownMemory) => ({
  ...row,
  reviewed_at: instantOrNull(row.reviewed_at),
  created_at: instant(row.created_at),
});
