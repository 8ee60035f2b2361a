// The protocol of Anthropic's models. Their OpenAI-compatible address caches nothing.

import type { Adapter, Connection } from "../adapter.ts";
import { createAnswer } from "./answer.ts";
import { createAnthropicClient, toAnthropicFailure } from "./client.ts";
import { toRequest } from "./request.ts";

export const createAnthropicMessages = (connection: Connection): Adapter => ({
  name: "anthropic",
  open: (request, { model, quirks, signal, fetch }) =>
    createAnthropicClient(connection, fetch).messages.create(toRequest(request, model, quirks), { signal }),
  createAnswer,
  toFailure: toAnthropicFailure,
});
