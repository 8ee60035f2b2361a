// Mounted at /integrations/example/. Both routes need an API key, like every route that is not declared public.

import { Elysia, ingestDocument, t } from "heddle/sdk";

export const router = new Elysia()
  .get("/ping", () => ({ status: "ok", integration: "example" }))
  .post(
    "/ingest",
    async ({ body, status }) => {
      const docId = await ingestDocument({
        title: body.title,
        content: body.content,
        metadata: body.metadata ?? {},
        ...(body.session_id && { sessionId: body.session_id }),
      });
      return status(201, { doc_id: docId });
    },
    {
      // Checked before the handler runs; a body that does not match is answered with 422.
      body: t.Object({
        title: t.String({ minLength: 1 }),
        content: t.String({ minLength: 1 }),
        session_id: t.Optional(t.Union([t.String({ format: "uuid" }), t.Null()])),
        metadata: t.Optional(t.Record(t.String(), t.Unknown())),
      }),
    },
  );
