// The protocol of every OpenAI-compatible endpoint: streamed chat completions.

import type { Adapter, Connection } from "../adapter.ts";
import { createOpenAiClient, openAiModels, toOpenAiFailure } from "../openai-client.ts";
import { createAnswer } from "./answer.ts";
import { toRequest } from "./request.ts";

export const createChatCompletions = (connection: Connection): Adapter => ({
  open: (request, { signal, fetch, ...sending }) =>
    createOpenAiClient(connection, fetch).chat.completions.create(toRequest(request, sending), {
      signal,
    }),
  listModels: openAiModels(connection),
  createAnswer,
  toFailure: toOpenAiFailure,
});
