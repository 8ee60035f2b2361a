// OpenAI's newer protocol, by which its reasoning models keep their thoughts between the calls of a run.

import type { Adapter, Connection } from "../adapter.ts";
import { createOpenAiClient, toOpenAiFailure } from "../openai-client.ts";
import { createAnswer } from "./answer.ts";
import { toRequest } from "./request.ts";

export const createResponses = (connection: Connection): Adapter => ({
  name: "openai",
  open: (request, { model, quirks, signal, fetch }) =>
    createOpenAiClient(connection, fetch).responses.create(toRequest(request, model, quirks), { signal }),
  createAnswer,
  toFailure: toOpenAiFailure,
});
