// The protocol of every OpenAI-compatible endpoint: streamed chat completions.

import type { Adapter, Connection } from "../adapter.ts";
import { sentBy } from "../fetch-of-request.ts";
import { openAiModels, sharedOpenAiClient, toOpenAiFailure } from "../openai-client.ts";
import { outputSchemaOf } from "../wire/tools.ts";
import { createAnswer } from "./answer.ts";
import { toRequest } from "./request.ts";

export function createChatCompletions(connection: Connection): Adapter {
  const client = sharedOpenAiClient(connection);
  return {
    open: async (request, { signal, fetch, ...sending }) =>
      (await client()).chat.completions
        .create(toRequest(request, sending), { signal, ...sentBy(fetch) })
        .asResponse(),
    listModels: openAiModels(client),
    createAnswer,
    outputSchemaOf,
    toFailure: toOpenAiFailure,
  };
}
