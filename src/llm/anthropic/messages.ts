// The protocol of Anthropic's models. Their OpenAI-compatible address caches nothing.

import type { Adapter, Connection } from "../adapter.ts";
import { sentBy } from "../fetch-of-request.ts";
import { createAnswer } from "./answer.ts";
import { sharedAnthropicClient, toAnthropicFailure } from "./client.ts";
import { MAX_TOKENS, outputSchemaOf, toRequest } from "./request.ts";

export function createAnthropicMessages(connection: Connection): Adapter {
  const client = sharedAnthropicClient(connection);
  return {
    open: async (request, { signal, fetch, ...sending }) =>
      (await client()).messages
        .create(toRequest(request, sending), { signal, ...sentBy(fetch) })
        .asResponse(),
    listModels: async ({ signal, fetch, after }) => {
      const query = { limit: 1000, ...(after !== undefined && { after_id: after }) };
      return (await client()).get("/v1/models", { query, signal, ...sentBy(fetch) });
    },
    createAnswer,
    outputTokens: MAX_TOKENS,
    outputSchemaOf,
    toFailure: toAnthropicFailure,
  };
}
