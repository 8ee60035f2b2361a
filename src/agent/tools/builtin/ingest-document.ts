import { Type } from "@sinclair/typebox";
import type { ToolContext } from "../../../sdk/types.ts";
import type { Tool } from "../registry.ts";

export type IngestForTool = (input: {
  title: string | null;
  content: string;
  sessionId: string | null;
}) => Promise<{ id: string; title: string | null }>;

interface Given {
  title?: string | null;
  content: string;
  everywhere?: boolean;
}

/** The core tool `ingest_document`. What it stores is found as text from outside, whoever wrote it. */
export function createIngestDocumentTool(ingest: IngestForTool): Tool {
  return {
    name: "ingest_document",
    description:
      "Store a longer text, such as notes or a report, so that search_documents finds its passages later. It is found in this " +
      "conversation only, unless everywhere is true. For single facts, use remember instead, if you have it.",
    parameters: Type.Object({
      title: Type.Optional(
        Type.String({ maxLength: 1000, description: "What it is about, in a few words." }),
      ),
      content: Type.String({
        minLength: 1,
        maxLength: 200_000,
        description: "The text, in Markdown; headings divide it into passages.",
      }),
      everywhere: Type.Optional(
        Type.Boolean({ description: "Whether every conversation of this server finds it. Default: false." }),
      ),
    }) as unknown as Tool["parameters"],
    async run({ title = null, content, everywhere = false }: Given, { session_id }: ToolContext) {
      const stored = await ingest({ title, content, sessionId: everywhere ? null : session_id });
      return { id: stored.id, title: stored.title };
    },
  };
}
