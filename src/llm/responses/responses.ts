// OpenAI's newer protocol, by which its reasoning models keep their thoughts between the calls of a run.

import type { Adapter, Connection } from "../adapter.ts";
import { createOpenAiClient, openAiModels, toOpenAiFailure } from "../openai-client.ts";
import { createAnswer } from "./answer.ts";
import { toRequest } from "./request.ts";

export const createResponses = (connection: Connection): Adapter => ({
  open: (request, { signal, fetch, ...sending }) =>
    createOpenAiClient(connection, fetch).responses.create(toRequest(request, sending), { signal }),
  listModels: openAiModels(connection),
  createAnswer,
  toFailure: toOpenAiFailure,
});
