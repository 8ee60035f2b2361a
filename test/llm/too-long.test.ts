import { expect, test } from "bun:test";
import { AttemptFailure } from "../../src/llm/attempt.ts";
import type { LlmImage, LlmRequest } from "../../src/llm/llm.ts";
import { asTooLong } from "../../src/llm/too-long.ts";

const image: LlmImage = {
  kind: "image",
  id: "1",
  name: "a.png",
  media_type: "image/png",
  bytes: 3,
  data: "AAAA",
};

/** Of about so many tokens. */
const request = (tokens: number, attachments: LlmImage[] = []): LlmRequest => ({
  model: "m",
  fallbackModels: [],
  messages: [
    { role: "user", content: "x".repeat(tokens * 3.5 - 100), attachments },
    { role: "assistant", content: "", tool_calls: [{ id: "1", name: "look", arguments: "{}" }] },
    { role: "tool", tool_call_id: "1", content: "x".repeat(80) },
  ],
  tools: [],
  signal: new AbortController().signal,
});

const limitOf = (status: number, message: string, asked = request(5_000), quirks = {}) => {
  const kind = status >= 500 ? "server" : "refused";
  return asTooLong(new AttemptFailure(kind, message, { status }), asked, quirks)?.tokenLimit;
};

test.each<[number, string, number]>([
  [400, "KV cache is full: n_past = 5000 > n_ctx = 4096", 4096],
  [400, "Prompt has 5,212 tokens, but model supports at most 4,096", 4096],
  [422, "prompt 5000 + 1000 > 4096", 4096],
  [400, "入力は5100トークンですが、上限は4096です", 4096],
  [500, "RuntimeError: 6001 vs 4096", 4096],
])("%d %j names what the request has, and less", (status, message, limit) => {
  expect(limitOf(status, message)).toBe(limit);
});

test.each<[number, string]>([
  [400, "Invalid 'tools': array too long. Expected 128, but got 5000."],
  [400, "messages.0.content.0: image exceeds 4096 pixels: 5000"],
  [400, "body of 5000 bytes, at most 4096"],
  [400, "the value 60000 is above 50000"],
  [400, "temperature must be at most 2"],
  [401, "key 5000 is not 4096"],
  [400, ""],
])("%d %j is about something else", (status, message) => {
  expect(limitOf(status, message)).toBeUndefined();
});

test("a body that is too large is one of too many tokens, once nothing else in it can be", () => {
  expect(limitOf(413, "Payload Too Large", request(10_000))).toBeWithin(5_900, 6_000);
  expect(limitOf(413, "Payload Too Large", request(10_000, [image]))).toBeUndefined();
  expect(limitOf(413, "Payload Too Large", request(10_000, [image]), { noImages: true })).toBeWithin(
    5_900,
    6_000,
  );
  expect(limitOf(413, "Payload Too Large", request(1_000))).toBeUndefined();
});
