// The routes for content declared in files: skills, carapaces and templates are listed and fetched in the same way.

import type { TProperties, TSchema } from "@sinclair/typebox";
import { Elysia, t } from "elysia";
import type { FileKind, FileText, HomeFiles } from "../../../content/home-files.ts";
import type { ContentAbout } from "../../../content/owned-registry.ts";
import { notFound } from "../../../errors.ts";
import { listRoute, pageOfItems, SETUP } from "../list.ts";
import type { Tag } from "../openapi/tags.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { nullable, oneOf } from "../schemas.ts";

export interface ContentRouteOptions {
  route: RouteOptions;
  /** The name of one item in errors: "skill". */
  kind: string;
  /** The name in the path, the scope and the answer: "skills". */
  plural: FileKind;
  /** The text of a file, for the documentation. */
  example: string;
  homeFiles: HomeFiles;
  tag: Tag;
  /** Description of the list, for the documentation. */
  description: string;
  /** What a fetch returns, for the documentation: "a skill with its text". */
  shows: string;
  Item: TSchema;
  Detail: TSchema;
  /** Filters of the list. */
  filters?: TProperties;
  /** The items that pass the filters, sorted by id. */
  list: (filters: Record<string, string | undefined>) => Listed | Promise<Listed>;
  find: (id: string) => Found | Promise<Found>;
}

type Listed = readonly { id: string }[];
type Found = object | undefined;

/** A client encodes the slashes of an id: "integrations%2Fgithub%2Fgithub". */
const EncodedId = t.Object({ id: t.String({ minLength: 1, maxLength: 400, description: "Its id." }) });
/** An id with unencoded slashes. */
const RestOfPath = t.Object({ "*": t.String({ minLength: 1, maxLength: 400 }) });

export function contentRoutes({
  route,
  kind,
  plural,
  tag,
  homeFiles,
  filters = {},
  ...content
}: ContentRouteOptions) {
  const scope = `${plural}:read`;
  const fetchOne = async (id: string): Promise<object> => {
    const found = await content.find(id);
    if (!found) throw notFound(kind, id);
    return found;
  };
  const fetching = {
    ...route.plain({
      scope,
      tag,
      summary: `Fetch ${content.shows}`,
      description: "Slashes in the id may be encoded or written as they are.",
    }),
    params: EncodedId,
    response: { 200: content.Detail, ...failures(403, 404) },
  };
  return new Elysia({ prefix: `/api/v1/${plural}`, normalize: false })
    .get(
      "",
      async ({ query: { limit, cursor, ...given } }) =>
        pageOfItems(
          plural,
          { limit, ...(cursor !== undefined && { cursor }) },
          await content.list(given),
          ({ id }) => id,
        ),
      listRoute(route, {
        scope,
        tag,
        summary: `List ${plural}`,
        description: content.description,
        key: plural,
        Item: content.Item,
        query: { ...filters, ...SETUP } as typeof SETUP,
      }),
    )
    .get("/:id", ({ params }) => fetchOne(params.id), fetching)
    .get("/*", ({ params }) => fetchOne(params["*"]), {
      ...fetching,
      params: RestOfPath,
      detail: { hide: true },
    })
    .put(
      "/:id",
      async ({ params: { id }, body }) => {
        await homeFiles.write(plural, id, body);
        return fetchOne(id);
      },
      {
        ...route.json({
          scope: `${plural}:write`,
          tag,
          summary: `Write the file of a ${kind}`,
          description:
            "Creates or replaces the file in the home folder of the server that answers; one of Heddle's own is replaced by it, and comes back when it is deleted. An unusable text is refused with its line, and a file that has changed since `version` is not overwritten (412).",
          example: { text: content.example, version: null },
        }),
        params: EncodedId,
        body: FileBody,
        response: { 200: content.Detail, ...failures(...bodyFailures, 404, 409, 412) },
      },
    )
    .delete(
      "/:id",
      async ({ params, status }) => {
        await homeFiles.remove(plural, params.id);
        return status(204, undefined);
      },
      {
        ...route.plain({
          scope: `${plural}:write`,
          tag,
          summary: `Delete the file of a ${kind}`,
          description: "Only files of the home folder can be deleted.",
        }),
        params: EncodedId,
        response: { 204: t.Void({ description: "Deleted." }), ...failures(403, 404, 409, 422) },
      },
    );
}

const FileBody = t.Object(
  {
    text: t.String({ maxLength: 524_288, description: "The whole file." }),
    version: nullable(t.String(), "The `file_version` that was read; null: there is no such file yet."),
  },
  { additionalProperties: false },
);

/** The file of an item, for those who change it. */
export const ContentFileText = {
  file_text: nullable(t.String(), "Its file as it is written; null for one of an integration."),
  file_version: nullable(
    t.String(),
    "What a change of the file names, so that nobody's work is overwritten.",
  ),
};

export const contentFileText = (file: FileText | undefined) => ({
  file_text: file?.text ?? null,
  file_version: file?.version ?? null,
});

/** The origin of an item declared in a file. */
export const ContentSource = {
  source: oneOf(
    ["builtin", "home", "integration"],
    "Where it comes from: Heddle, the home folder, or an integration.",
  ),
  integration_id: nullable(t.String(), "The integration that it belongs to, if any."),
  file: t.String({
    description: "Its file: relative to Heddle's own content, the home folder, or the integration's folder.",
  }),
};

export const contentSource = ({ origin, path }: Pick<ContentAbout, "origin" | "path">) => ({
  source: origin.kind,
  integration_id: origin.kind === "integration" ? origin.id : null,
  file: path,
});
