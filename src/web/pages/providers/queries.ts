// What the pages of the providers read, and what is read again after a change.

import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";
import type { IfMatch } from "../../parts/use-edited.tsx";

export type Provider = Schema<"Provider">;

export const ADAPTERS: Record<Provider["adapter"], string> = {
  chat_completions: "Chat completions",
  responses: "Responses",
  anthropic: "Anthropic",
};

/** What the endpoint offers; asked of the endpoint itself each time. */
export const modelsOf = (id: string) =>
  queryOptions({
    queryKey: ["providers", "models", id],
    queryFn: async () =>
      (
        await take(
          api.GET("/api/v1/admin/providers/{id}/models", {
            params: { path: { id }, query: { limit: 500 } },
          }),
        )
      ).models,
    staleTime: 5 * 60_000,
  });

export const referencesTo = (id: string) =>
  queryOptions({
    queryKey: ["providers", "references", id],
    queryFn: () => take(api.GET("/api/v1/admin/providers/{id}/references", { params: { path: { id } } })),
  });

export const readProvider = (id: string): Promise<Provider> =>
  take(api.GET("/api/v1/admin/providers/{id}", { params: { path: { id } } }));

export const changeProvider = async (
  id: string,
  body: Schema<"ProviderChange">,
  header: Partial<IfMatch> = {},
): Promise<void> => {
  await take(api.PATCH("/api/v1/admin/providers/{id}", { params: { path: { id }, header }, body }));
  await queryClient.invalidateQueries({ queryKey: ["providers"] });
};

const UNSUPPORTED: Record<string, string> = {
  stream_options: "the usage of streams",
  streaming: "streaming",
  tool_choice: "a choice of tool",
  forced_calls: "being told to call a tool",
  output_schema: "a schema of the answer",
  tools: "tools",
  null_content: "messages without a text",
  text_with_calls: "a text beside calls",
  several_calls: "several calls in one message",
  system_messages: "system messages",
  long_call_ids: "long ids of tool calls",
  encrypted_reasoning: "encrypted thoughts",
  foreign_calls: "calls of other models",
  own_fields: "its own thoughts",
  rich_schemas: "all of JSON Schema",
  long_descriptions: "long descriptions of tools",
  thought_mark: "the mark that begins its thoughts",
  images: "images",
  pdfs: "PDFs",
};

/** What a model does not take, in words. */
export const untakenText = (words: readonly string[]): string =>
  words.map((word) => UNSUPPORTED[word] ?? word).join(", ");
