import { Elysia, t } from "elysia";
import { fileOf, sessionOfAttachment } from "../../../attachments/store.ts";
import type { Database } from "../../../db/database.ts";
import { notFound } from "../../../errors.ts";
import { download } from "../download.ts";
import type { Ownership } from "../ownership.ts";
import { failures, type RouteOptions } from "../route-options.ts";
import { IdParams } from "../schemas.ts";

/** The file of an attachment, as it was sent. */
export function attachmentRoutes({
  db: { query },
  ownership,
  route,
}: {
  db: Pick<Database, "query">;
  ownership: Ownership;
  route: RouteOptions;
}) {
  return new Elysia({ prefix: "/api/v1/attachments", normalize: false }).get(
    "/:id",
    async ({ params: { id }, request }) => {
      const session = await sessionOfAttachment(query, id);
      await ownership.session(request, session).catch(() => {
        throw notFound("attachment", id);
      });
      return download(await fileOf(query, id));
    },
    {
      ...route.plain({
        scope: "attachments:read",
        tag: "Sessions",
        summary: "Download an attachment",
        description: "The file as it was sent. Messages list the ids of their attachments.",
      }),
      params: IdParams,
      response: {
        200: t.Any({ description: "The file.", contentMediaType: "application/octet-stream" }),
        ...failures(403, 404),
      },
    },
  );
}
