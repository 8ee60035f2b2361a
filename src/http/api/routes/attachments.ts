import { Elysia, t } from "elysia";
import { type Attachment, fileOf, sessionOfAttachment } from "../../../attachments/store.ts";
import type { Database } from "../../../db/database.ts";
import { notFound } from "../../../errors.ts";
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
      const found = await fileOf(query, id);
      return new Response(found.file, { headers: headersOf(found) });
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

/** A browser saves the file and shows nothing of it: whoever sent it may have put a page or a script into it. */
function headersOf({ kind, name, media_type }: Attachment): Record<string, string> {
  const plain = name.replace(/[^\w.-]/g, "_");
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16)}`,
  );
  return {
    "content-type": kind === "image" ? media_type : "application/octet-stream",
    "content-disposition": `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`,
    "content-security-policy": "default-src 'none'; sandbox",
  };
}
