// The protocol of every OpenAI-compatible endpoint: streamed chat completions.

import type { Adapter, Connection } from "../adapter.ts";
import { createOpenAiClient, toOpenAiFailure } from "../openai-client.ts";
import { createAnswer } from "./answer.ts";
import { toRequest } from "./request.ts";

export const createChatCompletions = (connection: Connection): Adapter => ({
  name: "openai",
  open: (request, { model, quirks, signal, fetch }) =>
    createOpenAiClient(connection, fetch).chat.completions.create(toRequest(request, model, quirks), {
      signal,
    }),
  createAnswer,
  toFailure: toOpenAiFailure,
});
