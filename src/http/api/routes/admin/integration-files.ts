// The files of an integration in the workspace, for an editor: what does not load is mended where one sees why.

import { Elysia, t } from "elysia";
import { ADMIN } from "../../../../access/scopes.ts";
import { HeddleError } from "../../../../errors.ts";
import type { Integrations } from "../../../../integrations/registry/integrations.ts";
import { named } from "../../../../schema/openapi-schema.ts";
import { listRoute, pageOfItems, SETUP } from "../../list.ts";
import { bodyFailures, failures, type RouteOptions } from "../../route-options.ts";
import { nullable } from "../../schemas.ts";
import { IntegrationAnswer, type Presenting, present } from "./integration-answer.ts";
import { findIntegration, IntegrationParams, ADMIN_TAG as tag } from "./integration-params.ts";

interface File {
  text: string;
  version: string;
}

/** Paths are below an integration's folder. */
export interface EditableFiles {
  list(folder: string): Promise<string[]>;
  read(folder: string, path: string): Promise<File>;
  write(folder: string, path: string, file: { text: string; version: string | null }): Promise<File>;
}

export interface IntegrationFileRoutes extends Presenting {
  integrations: Pick<Integrations, "get" | "reload">;
  workspace: { edited: EditableFiles };
  route: RouteOptions;
}

const Path = t.String({
  minLength: 1,
  maxLength: 500,
  description: "The path below the integration's folder, with slashes.",
});

const FileAnswer = named(
  "IntegrationFile",
  t.Object({
    path: t.String({ description: "The path below the integration's folder." }),
    text: t.String({ description: "What is in it." }),
    version: t.String({ description: "Changes with the text." }),
  }),
);

const NewText = named(
  "IntegrationFileChange",
  t.Object(
    {
      path: Path,
      text: t.String({ maxLength: 1_048_576, description: "The whole file." }),
      version: nullable(
        t.String({ maxLength: 200 }),
        "The version of the file that was read; null: there is none yet. 412 if it is another one by now.",
      ),
    },
    { additionalProperties: false },
  ),
);

export function integrationFileRoutes({
  integrations,
  workspace,
  route,
  ...presenting
}: IntegrationFileRoutes) {
  const folderOf = (id: string): string => {
    const { folder, source } = findIntegration(integrations, id);
    if (source === "workspace") return folder;
    throw new HeddleError(
      "conflict",
      `"${id}" is not one of the workspace, so its files are changed on the server's disk.`,
    );
  };
  return new Elysia({ prefix: "/api/v1/admin/integrations/:id", normalize: false })
    .get(
      "/files",
      async ({ params: { id }, query }) => {
        const paths = await workspace.edited.list(folderOf(id));
        return pageOfItems(
          "files",
          query,
          paths.map((path) => ({ path })),
          ({ path }) => path,
        );
      },
      {
        ...listRoute(route, {
          of: "integration",
          scope: ADMIN,
          tag,
          summary: "List files of an integration",
          description:
            "Of one in the workspace; 409 for others. Hidden files and installed packages are left out.",
          key: "files",
          Item: t.Object({ path: t.String({ description: "The path below the integration's folder." }) }),
          query: SETUP,
          fails: [404, 409],
        }),
        params: IntegrationParams,
      },
    )
    .get(
      "/file",
      async ({ params: { id }, query: { path } }) => {
        const folder = folderOf(id);
        // Asked for after the integration, as an id in a path is everywhere.
        if (path === undefined) throw new HeddleError("validation", "path is missing.", { field: "path" });
        return { path, ...(await workspace.edited.read(folder, path)) };
      },
      {
        ...route.plain({
          of: "integration",
          scope: ADMIN,
          tag,
          summary: "Read a file of an integration",
          description: "A text file of one in the workspace; 409 for others.",
        }),
        params: IntegrationParams,
        query: t.Object({ path: t.Optional(Path) }),
        response: { 200: FileAnswer, ...failures(403, 404, 409, 422) },
      },
    )
    .put(
      "/file",
      async ({ params: { id }, body: { path, ...file } }) => {
        await workspace.edited.write(folderOf(id), path, file);
        return present(await integrations.reload(id), presenting);
      },
      {
        ...route.json({
          of: "integration",
          scope: ADMIN,
          isGrave: true,
          tag,
          summary: "Write a file of an integration",
          example: { path: "router.ts", text: "export const router = …", version: null },
          description:
            "What a person writes runs without another approval; files of a bot beside it still wait for theirs. When this answers, the integration is loaded or quarantined.",
          bodyLimit: 4 * 1024 * 1024,
        }),
        params: IntegrationParams,
        body: NewText,
        response: { 200: IntegrationAnswer, ...failures(...bodyFailures, 404, 409, 412) },
      },
    );
}
