// The commands for documents and their embeddings.

import { CLIENT_FLAGS, type ClientFlags, leaf } from "./cli-leaf.ts";
import type { IngestAsked, SearchAsked } from "./client/search.ts";

export interface SearchCommands {
  search(flags: ClientFlags, asked: SearchAsked): Promise<void>;
  ingest(flags: ClientFlags, asked: Omit<IngestAsked, "content">): Promise<void>;
  reindex(flags: ClientFlags, isStart: boolean): Promise<void>;
}

const INTEGRATION = {
  type: "string",
  description: "Id of the integration they belong to",
  valueHint: "id",
} as const;

export const searchCommands = (commands: SearchCommands) => ({
  search: leaf({
    meta: { name: "search", description: "Search the documents on the running server" },
    args: {
      ...CLIENT_FLAGS,
      query: { type: "positional", required: true, description: "The words to search for" },
      integration: INTEGRATION,
      limit: {
        type: "string",
        default: "5",
        description: "The maximum number of hits, 1 to 100",
        valueHint: "number",
      },
      cursor: { type: "string", description: "Continue after the hit with this cursor" },
      json: { type: "boolean", default: false, description: "Print the hits as the API returns them" },
    },
    run: ({ args }) =>
      commands.search(args, {
        query: args.query,
        integration: args.integration,
        limit: args.limit,
        cursor: args.cursor,
        isJson: args.json,
      }),
  }),
  ingest: leaf({
    meta: { name: "ingest", description: "Store a file as a document, and print its id" },
    args: {
      ...CLIENT_FLAGS,
      file: {
        type: "positional",
        required: true,
        description: "Markdown or plain text; - reads standard input",
      },
      title: { type: "string", description: "Its title (default: the file's name)" },
      integration: INTEGRATION,
    },
    run: ({ args }) =>
      commands.ingest(args, { file: args.file, title: args.title, integration: args.integration }),
  }),
  reindex: leaf({
    meta: { name: "reindex", description: "Make all embeddings again, and show how far it is" },
    args: {
      ...CLIENT_FLAGS,
      status: { type: "boolean", default: false, description: "Only show how far they are" },
    },
    run: ({ args }) => commands.reindex(args, !args.status),
  }),
});
