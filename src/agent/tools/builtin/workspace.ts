// The core tools with which a bot works on the files of the workspace.

import { type TObject, Type } from "@sinclair/typebox";
import type { ToolContext } from "../../../sdk/types.ts";
import type { Tool } from "../registry.ts";
import { answering } from "./answering.ts";

interface User {
  botId: string;
  taskId: string;
}

/** The part of the workspace that the tools need. */
export interface WorkspaceForTools {
  list(
    user: User,
    path: string,
    options: { recursive: boolean },
  ): Promise<{ items: { path: string; kind: string }[]; truncated: boolean }>;
  read(user: User, path: string): Promise<string>;
  search(
    user: User,
    query: string,
    path: string,
  ): Promise<{ items: { path: string; line: number; text: string }[]; truncated: boolean }>;
  write(
    user: User,
    path: string,
    content: string,
    options: { replace: boolean },
  ): Promise<{ path: string; bytes: number; outcome: string }>;
}

const LINES = 400;
const FOLDERS =
  "The workspace has the folders common/ (shared notes and data), integrations/ (one folder of TypeScript for each " +
  "integration), bots/<your id>/ (your own) and users/.";

export function createWorkspaceTools(workspace: WorkspaceForTools): Tool[] {
  return [listTool, readTool, searchTool, writeTool].map((make) => answering(make(workspace)));
}

const listTool = ({ list }: WorkspaceForTools): Tool => ({
  name: "workspace_list",
  annotations: { readOnly: true },
  description: `List files and folders of the workspace. ${FOLDERS} Folders end with a slash.`,
  parameters: schema({
    path: Type.Optional(
      Type.String({ description: 'A folder, such as "common"; without it the whole workspace.' }),
    ),
    recursive: Type.Optional(Type.Boolean({ description: "Whether to include subfolders; default false." })),
  }),
  async run({ path = "", recursive = false }: { path?: string; recursive?: boolean }, context: ToolContext) {
    const { items, truncated } = await list(userOf(context), path, { recursive });
    return { entries: items.map(({ path, kind }) => (kind === "folder" ? `${path}/` : path)), truncated };
  },
});

const readTool = ({ read }: WorkspaceForTools): Tool => ({
  name: "workspace_read",
  annotations: { readOnly: true },
  description: `Read a text file of the workspace, by default its first ${LINES} lines.`,
  parameters: schema({
    path: Type.String({ description: 'Such as "common/notes.md".' }),
    from_line: Type.Optional(Type.Integer({ minimum: 1, description: "The first line to read; default 1." })),
    lines: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 5000,
        description: `The maximum number of lines; default ${LINES}.`,
      }),
    ),
  }),
  async run(
    { path, from_line = 1, lines = LINES }: { path: string; from_line?: number; lines?: number },
    context: ToolContext,
  ) {
    const all = (await read(userOf(context), path)).split("\n");
    const shown = all.slice(from_line - 1, from_line - 1 + lines);
    return { path, from_line, total_lines: all.length, content: shown.join("\n") };
  },
});

const searchTool = ({ search }: WorkspaceForTools): Tool => ({
  name: "workspace_search",
  annotations: { readOnly: true },
  description: "Find lines in the workspace's text files that contain a text, ignoring case.",
  parameters: schema({
    query: Type.String({ minLength: 1, maxLength: 500, description: "The text to find." }),
    path: Type.Optional(
      Type.String({ description: "A folder to search in; without it the whole workspace." }),
    ),
  }),
  async run({ query, path = "" }: { query: string; path?: string }, context: ToolContext) {
    const { items, truncated } = await search(userOf(context), query, path);
    return { matches: items, truncated };
  },
});

const writeTool = ({ read, write }: WorkspaceForTools): Tool => ({
  name: "workspace_write",
  async reconcile({ path, content }: { path: string; content: string }, context: ToolContext) {
    // To write the same text once more only tells that nothing had to be changed; it is refused if the file must be new.
    const text = await read(userOf(context), path).catch(() => undefined);
    if (text !== content) return { outcome: "not_done" };
    return {
      outcome: "done",
      result: noted({ path, bytes: Buffer.byteLength(content), outcome: "written" }),
    };
  },
  description:
    `Write a text file into the workspace; missing folders are created. ${FOLDERS} The content is the whole new file. ` +
    "What you write below integrations/ is code of the server: it does not run until a person has approved exactly this " +
    "content, so tell them what it does.",
  parameters: schema({
    path: Type.String({ description: 'Such as "common/notes.md" or "integrations/my_id/tools/ask.ts".' }),
    content: Type.String({ description: "The whole text of the file." }),
    replace: Type.Optional(
      Type.Boolean({ description: "Whether an existing file is replaced; default true." }),
    ),
  }),
  async run(
    { path, content, replace = true }: { path: string; content: string; replace?: boolean },
    context: ToolContext,
  ) {
    return noted(await write(userOf(context), path, content, { replace }));
  },
});

const noted = (written: { path: string; bytes: number; outcome: string }) =>
  !written.path.startsWith("integrations/") || written.outcome === "unchanged"
    ? written
    : { ...written, note: "It waits for a person's approval before it runs." };

const userOf = ({ bot_id, task_id }: ToolContext): User => ({ botId: bot_id, taskId: task_id });

const schema = (properties: TObject["properties"]): Tool["parameters"] =>
  Type.Object(properties) as unknown as Tool["parameters"];
