// The files that the bot of a channel shares with people, as that bot may use them.

import { Elysia, t } from "elysia";
import type { Channels } from "../../../channels/channels.ts";
import { DEFAULT_BOT } from "../../../content/bots/bots.ts";
import { HeddleError } from "../../../errors.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { MAX_FILE_BYTES, type Workspace, type WorkspaceUser } from "../../../workspace/workspace.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { IdParams, oneOf } from "../schemas.ts";

const tag = "Channels";
/** JSON may need six bytes for one of a file. */
const BODY_LIMIT = 6 * MAX_FILE_BYTES + 10_000;

const Path = t.String({
  maxLength: 512,
  description: "Relative to the workspace.",
  examples: ["common/notes.md"],
});
const Entry = named(
  "WorkspaceEntry",
  t.Object({ path: Path, kind: oneOf(["file", "folder"] as const, "What it is.") }),
);

export interface WorkspaceFileRoutes {
  channels: Pick<Channels, "get">;
  workspace: Pick<Workspace, "list" | "read" | "write">;
  route: RouteOptions;
}

export function workspaceFileRoutes({ channels, workspace, route }: WorkspaceFileRoutes) {
  /** Throws `bad_request` where bots may use no files. */
  async function userIn(id: string): Promise<WorkspaceUser> {
    const { workspace: isOn, bot_id } = await channels.get(id);
    if (isOn) return { botId: bot_id ?? DEFAULT_BOT, taskId: null };
    throw new HeddleError("bad_request", "The workspace of this channel is off; turn it on in its settings.");
  }
  return new Elysia({ prefix: "/api/v1/channels/:id/workspace/files", normalize: false })
    .get(
      "",
      async ({ params, query: { path = "", recursive = false } }) => {
        const { items, truncated } = await workspace.list(await userIn(params.id), path, { recursive });
        return { path, entries: items, truncated };
      },
      {
        ...route.plain({
          of: "channel",
          scope: "workspaces.files:read",
          tag,
          summary: "List files of a channel's workspace",
          description: "As the channel's bot sees them, at most 500. 400 if the channel's workspace is off.",
        }),
        params: IdParams,
        query: t.Object(
          {
            path: t.Optional({ ...Path, description: "The folder; the whole workspace by default." }),
            recursive: t.Optional(t.Boolean({ description: "Also what is in its folders." })),
          },
          { additionalProperties: false },
        ),
        response: {
          200: t.Object({
            path: Path,
            entries: t.Array(Entry, { description: "Files and folders, by name." }),
            truncated: t.Boolean({ description: "Whether there are more." }),
          }),
          ...failures(400, 403, 404, 422),
        },
      },
    )
    .get(
      "/content",
      async ({ params, query: { path = "" } }) => ({
        path,
        content: await workspace.read(await userIn(params.id), path),
      }),
      {
        ...route.plain({
          of: "channel",
          scope: "workspaces.files:read",
          tag,
          summary: "Read a text file of a channel's workspace",
        }),
        params: IdParams,
        query: t.Object({ path: t.Optional(Path) }, { additionalProperties: false }),
        response: {
          200: t.Object({ path: Path, content: t.String({ description: "Its text." }) }),
          ...failures(400, 403, 404, 422),
        },
      },
    )
    .put(
      "/content",
      async ({ params, body: { path, content, replace = true } }) =>
        workspace.write(await userIn(params.id), path, content, { replace }),
      {
        ...route.json({
          of: "channel",
          scope: "workspaces.files:write",
          tag,
          summary: "Write a text file of a channel's workspace",
          example: { path: "common/notes.md", content: "# Notes\n" },
          bodyLimit: BODY_LIMIT,
          description:
            "It counts as written by the channel's bot: code of an integration runs only after a person has approved it.",
        }),
        params: IdParams,
        body: t.Object(
          {
            path: Path,
            content: t.String({ description: `At most ${MAX_FILE_BYTES} bytes.` }),
            replace: t.Optional(
              t.Boolean({ description: "False: 409 if the file exists already. Default true." }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: t.Object({
            path: Path,
            bytes: t.Integer({ description: "Its size." }),
            outcome: oneOf(
              ["created", "replaced", "unchanged"] as const,
              "unchanged: it had this content already.",
            ),
          }),
          ...failures(...bodyFailures, 404, 409),
        },
      },
    );
}
