// OpenAI's newer protocol, by which its reasoning models keep their thoughts between the calls of a run.

import type { Adapter, Connection } from "../adapter.ts";
import { sentBy } from "../fetch-of-request.ts";
import { openAiModels, sharedOpenAiClient, toOpenAiFailure } from "../openai-client.ts";
import { outputSchemaOf } from "../wire/tools.ts";
import { createAnswer } from "./answer.ts";
import { toRequest } from "./request.ts";

export function createResponses(connection: Connection): Adapter {
  const client = sharedOpenAiClient(connection);
  return {
    open: async (request, { signal, fetch, ...sending }) =>
      (await client()).responses
        .create(toRequest(request, sending), { signal, ...sentBy(fetch) })
        .asResponse(),
    listModels: openAiModels(client),
    createAnswer,
    outputSchemaOf,
    toFailure: toOpenAiFailure,
  };
}
