import { Elysia, t } from "elysia";
import { HeddleError, notFound } from "../../../errors.ts";
import { named } from "../../../schema/openapi-schema.ts";
import type { Documents } from "../../../search/documents.ts";
import { INTEGRATION_FILTER, integrationIn, listRoute, pageOfRows, ROWS } from "../list.ts";
import type { Ownership } from "../ownership.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { Id, IdParams, InstantOf, instant, JsonOf, limitOf, nullable } from "../schemas.ts";

const tag = "Documents";

const DocumentAnswer = named(
  "Document",
  t.Object({
    id: Id,
    integration_id: nullable(t.String(), "The integration that it belongs to, if any."),
    session_id: nullable(Id),
    title: nullable(t.String(), "Its title, if it has one."),
    content: t.String({ description: "Its text." }),
    metadata: JsonOf("The metadata stored with it."),
    created_at: InstantOf("When it was ingested."),
  }),
);

const { content: _content, ...described } = DocumentAnswer.properties;
const SummaryAnswer = named(
  "DocumentSummary",
  t.Object({ ...described, characters: t.Integer({ description: "Number of characters of the content." }) }),
);

const WholeAnswer = named(
  "WholeDocument",
  t.Object({
    ...DocumentAnswer.properties,
    passages: t.Integer({ description: "Into how many passages the search has split it." }),
  }),
);

const FILTERS = {
  ...INTEGRATION_FILTER,
  session_id: t.Optional(Id),
  ...ROWS,
};

const Hit = named(
  "SearchHit",
  t.Object({
    id: Id,
    integration_id: nullable(t.String(), "The integration that it belongs to, if any."),
    session_id: nullable(Id),
    title: nullable(t.String(), "Its title, if it has one."),
    content: t.String({ description: "The passage that was found." }),
    metadata: JsonOf("The metadata stored with it."),
    score: t.Number({ description: "Higher is better; comparable only within one answer." }),
    lane: t.Union([t.Literal("lexical"), t.Literal("vector"), t.Literal("both")], {
      description: "What found it: its words, its vector, or both.",
    }),
    weak: t.Boolean({ description: "Hardly related to the query." }),
    cursor: t.String({ description: "As `cursor`, continues after this hit." }),
  }),
);

export const NewDocument = named(
  "NewDocument",
  t.Object(
    {
      title: t.Optional(nullable(t.String(), "A title, which is searched as well.")),
      content: t.String({ description: "Markdown or plain text, up to 1,000,000 characters." }),
      integration_id: t.Optional(
        nullable(
          t.String({ minLength: 1, maxLength: 200 }),
          "The integration that it belongs to. Default: that of the key.",
        ),
      ),
      session_id: t.Optional(nullable(Id, "Makes the document visible only to this session.")),
      metadata: t.Optional(JsonOf("Stored with it and returned with each hit.")),
    },
    { additionalProperties: false },
  ),
);

export const SearchQuery = t.Object(
  {
    q: t.String({ description: "The words to search for.", examples: ["opening hours"] }),
    ...INTEGRATION_FILTER,
    session_id: t.Optional(t.String({ format: "uuid", description: "Only documents of this session." })),
    limit: limitOf(10, 100),
    cursor: t.Optional(t.String({ maxLength: 100, description: "The `cursor` of the last hit before." })),
  },
  { additionalProperties: false },
);

export function documentRoutes({
  documents,
  ownership,
  route,
}: {
  documents: Documents;
  ownership: Ownership;
  route: RouteOptions;
}) {
  return new Elysia({ prefix: "/api/v1/documents", normalize: false })
    .post(
      "",
      async ({ body, request, status }) => {
        const reach = await ownership.reachOf(request);
        const of = body.integration_id ?? reach?.integrationId ?? null;
        if (reach && of !== reach.integrationId) throw foreign(of);
        if (body.session_id) await ownership.session(request, body.session_id);
        return status(
          201,
          present(
            await documents.ingest({
              integrationId: of,
              owner: reach?.owner ?? null,
              sessionId: body.session_id ?? null,
              title: body.title ?? null,
              content: body.content,
              metadata: body.metadata ?? {},
            }),
          ),
        );
      },
      {
        ...route.json({
          scope: "documents:write",
          tag,
          summary: "Ingest a document",
          example: { title: "Opening hours", content: "# Opening hours\n\nMonday to Friday, 9 to 17." },
        }),
        body: NewDocument,
        response: { 201: DocumentAnswer, ...failures(...bodyFailures, 404) },
      },
    )
    .get(
      "",
      async ({ query, request }) => {
        const filter = { integration_id: integrationIn(query), session_id: query.session_id };
        const reach = await ownership.reachOf(request);
        return pageOfRows(
          "documents",
          query,
          (page) => documents.list({ ...filter, ...page, reach }),
          present,
        );
      },
      listRoute(route, {
        scope: "documents:read",
        tag,
        summary: "List documents",
        description: "Newest first, without their content.",
        key: "documents",
        Item: SummaryAnswer,
        query: FILTERS,
      }),
    )
    .get(
      "/search",
      async ({ query, request }) =>
        documents.search({
          reach: await ownership.reachOf(request),
          query: query.q,
          integrationId: integrationIn(query) ?? null,
          sessionId: query.session_id ?? null,
          limit: query.limit,
          cursor: query.cursor,
        }),
      {
        ...route.plain({
          scope: "documents:read",
          tag,
          summary: "Search documents",
          description:
            "Best first; each document appears once, with its best passage. Also what is hardly related is found, and marked `weak`.",
        }),
        query: SearchQuery,
        response: { 200: t.Array(Hit), ...failures(403, 422) },
      },
    )
    .get(
      "/:id",
      async ({ params, request }) => {
        const found = await documents.get(params.id, await ownership.reachOf(request));
        if (!found) throw notFound("document", params.id);
        return present(found);
      },
      {
        ...route.plain({ scope: "documents:read", tag, summary: "Fetch a document" }),
        params: IdParams,
        response: { 200: WholeAnswer, ...failures(403, 404, 422) },
      },
    )
    .delete(
      "/:id",
      async ({ params, request, status }) => {
        const reach = await ownership.reachOf(request);
        if (!(await documents.delete(params.id, reach))) throw notFound("document", params.id);
        return status(204, undefined);
      },
      {
        ...route.plain({ scope: "documents:write", tag, summary: "Delete a document" }),
        params: IdParams,
        response: { 204: t.Void({ description: "Deleted." }), ...failures(403, 404, 422) },
      },
    );
}

const foreign = (integrationId: string | null): HeddleError =>
  new HeddleError(
    "forbidden",
    `integration_id must not be that of another integration; got "${integrationId}".`,
    {
      field: "integration_id",
    },
  );

const present = <Document extends { created_at: Date }>(document: Document) => ({
  ...document,
  created_at: instant(document.created_at),
});
