// The protocol of Anthropic's models. Their OpenAI-compatible address caches nothing.

import type { Adapter, Connection } from "../adapter.ts";
import { createAnswer } from "./answer.ts";
import { createAnthropicClient, toAnthropicFailure } from "./client.ts";
import { toRequest } from "./request.ts";

export const createAnthropicMessages = (connection: Connection): Adapter => ({
  open: (request, { signal, fetch, ...sending }) =>
    createAnthropicClient(connection, fetch).messages.create(toRequest(request, sending), { signal }),
  listModels: ({ signal, fetch }) =>
    createAnthropicClient(connection, fetch).get("/v1/models", { query: { limit: 1000 }, signal }),
  createAnswer,
  toFailure: toAnthropicFailure,
});
