import { Elysia, t } from "elysia";
import { ADMIN } from "../../../../access/scopes.ts";
import { named } from "../../../../schema/openapi-schema.ts";
import type { Reindex, ReindexProgress } from "../../../../search/reindex.ts";
import { failures, type RouteOptions } from "../../route-options.ts";
import { InstantOf, instant, nullable } from "../../schemas.ts";

const ReindexAnswer = named(
  "Reindex",
  t.Object({
    model: t.String({ description: "What makes the vectors." }),
    dimensions: nullable(t.Integer(), "Unknown until an endpoint has answered."),
    status: t.Union([t.Literal("complete"), t.Literal("running"), t.Literal("failing")], {
      description: "failing: tried again by itself.",
    }),
    done: t.Integer({ description: "Passages that have been embedded." }),
    total: t.Integer({ description: "All passages." }),
    answering: nullable(t.String(), "Whose vectors search uses; null while it uses words alone."),
    error: nullable(t.String(), "Why no vectors are made at the moment."),
    started_at: InstantOf("When it began."),
    completed_at: nullable(InstantOf(""), "When every passage had a vector for the first time."),
  }),
);

export interface ReindexRoutes {
  reindex: Reindex;
  route: RouteOptions;
}

export function reindexRoutes({ reindex, route }: ReindexRoutes) {
  const tag = "Documents";
  return new Elysia({ prefix: "/api/v1/admin/reindex", normalize: false })
    .get("", async () => present(await reindex.progress()), {
      ...route.plain({ scope: ADMIN, tag, summary: "Show how far the embeddings are" }),
      response: { 200: ReindexAnswer, ...failures(403) },
    })
    .post(
      "",
      async () => {
        await reindex.start();
        return present(await reindex.progress());
      },
      {
        ...route.plain({
          scope: ADMIN,
          tag,
          summary: "Embed all passages again",
          description: "In the background; search uses the former vectors until it is complete.",
        }),
        response: { 200: ReindexAnswer, ...failures(403) },
      },
    );
}

const present = (progress: ReindexProgress) => ({
  ...progress,
  started_at: instant(progress.started_at),
  completed_at: progress.completed_at && instant(progress.completed_at),
});
