// What a request says about calls of tools, in each protocol.

import { expect, test } from "bun:test";
import { toRequest as toMessages } from "../../../src/llm/anthropic/request.ts";
import { toRequest as toChatCompletion } from "../../../src/llm/chat-completions/request.ts";
import type { LlmRequest } from "../../../src/llm/llm.ts";
import type { Quirks } from "../../../src/llm/quirks.ts";
import { toRequest as toResponse } from "../../../src/llm/responses/request.ts";

const tool = { name: "weather", description: "The weather.", parameters: { type: "object" } };

function choices(more: Partial<LlmRequest>, quirks: Quirks = {}): unknown[] {
  const request: LlmRequest = {
    model: "m",
    fallbackModels: [],
    messages: [{ role: "user", content: "Hi" }],
    tools: [tool],
    signal: new AbortController().signal,
    ...more,
  };
  const to = { model: "m", origin: "m", quirks };
  return [toChatCompletion(request, to), toResponse(request, to), toMessages(request, to)].map(
    ({ tool_choice }) => tool_choice,
  );
}

test("each protocol has its own words for what the model must call", () => {
  expect(choices({})).toEqual([undefined, undefined, undefined]);
  expect(choices({ mustAnswer: true })).toEqual(["none", "none", { type: "none" }]);
  expect(choices({ mustCall: true })).toEqual(["required", "required", { type: "any" }]);
  expect(choices({ mustCall: "weather" })).toEqual([
    { type: "function", function: { name: "weather" } },
    { type: "function", name: "weather" },
    { type: "tool", name: "weather" },
  ]);
});

test("an endpoint is not told what it does not take, nor anything where there are no tools", () => {
  const nothing = [undefined, undefined, undefined];
  expect(choices({ mustCall: true }, { noForcedCalls: true })).toEqual(nothing);
  expect(choices({ mustAnswer: true }, { noForcedCalls: true })).toEqual(["none", "none", { type: "none" }]);
  expect(choices({ mustCall: true }, { noToolChoice: true })).toEqual(nothing);
  expect(choices({ mustAnswer: true }, { noToolChoice: true })).toEqual(nothing);
  expect(choices({ tools: [], mustCall: true })).toEqual(nothing);
});
