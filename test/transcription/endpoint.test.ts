import { afterAll, beforeEach, expect, test } from "bun:test";
import { LLMock } from "@copilotkit/aimock";
import { readRecording } from "../../src/transcription/audio.ts";
import { createTranscriptionEndpoint } from "../../src/transcription/endpoint.ts";

interface Seen {
  path: string;
  authorization: string | null;
  fields: Record<string, string>;
  file: File;
}

let seen: Seen[] = [];
let answers: Response[] = [];
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    const form = await request.formData();
    const { file, ...fields } = Object.fromEntries(form) as Record<string, string> & { file: File };
    seen.push({
      path: new URL(request.url).pathname,
      authorization: request.headers.get("authorization"),
      fields,
      file,
    });
    return answers.shift() ?? Response.json({ text: "hello there" });
  },
});
afterAll(() => server.stop(true));
beforeEach(() => {
  seen = [];
  answers = [];
});

const make = (apiKey: string | undefined, baseUrl = `http://127.0.0.1:${server.port}/v1`) =>
  createTranscriptionEndpoint({
    apiKey,
    baseUrl,
    model: "whisper-1",
    redact: (text) => text.replaceAll("sk-canary", "[redacted]"),
  });
const recording = readRecording(null, new Uint8Array(6400));
const signal = () => new AbortController().signal;
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

test("sends the file, the model and the key", async () => {
  expect(await make("sk-1")(recording, signal())).toBe("hello there");
  expect(seen[0]).toMatchObject({
    path: "/v1/audio/transcriptions",
    authorization: "Bearer sk-1",
    fields: { model: "whisper-1", response_format: "json" },
  });
  expect([seen[0]?.file.name, seen[0]?.file.size]).toEqual(["recording.wav", 44 + 3200]);
  await make(undefined)(readRecording("audio/ogg", new Uint8Array([9])), signal());
  expect([seen[1]?.authorization, seen[1]?.file.name]).toEqual([null, "recording.ogg"]);
});

test("what a recording took is told, in tokens or in seconds", async () => {
  const tokens = { type: "tokens", input_tokens: 40, output_tokens: 10 };
  const usages = [tokens, { type: "duration", seconds: 9 }, { type: "duration", seconds: "9" }, undefined];
  answers = usages.map((usage) => Response.json({ text: "hello", usage }));
  const used: unknown[] = [];
  const baseUrl = `http://127.0.0.1:${server.port}/v1`;
  const transcribe = createTranscriptionEndpoint({
    ...{ apiKey: "sk-1", baseUrl, model: "whisper-1", redact: (text) => text },
    async spend(_, made) {
      const { value, used: said } = await made();
      used.push(said);
      return value;
    },
  });
  for (const _ of usages) await transcribe(recording, signal());
  expect(used).toEqual([
    { prompt_tokens: 40, completion_tokens: 10 },
    { prompt_tokens: 0, completion_tokens: 0, seconds: 9 },
    null,
    null,
  ]);
});

test("works with any endpoint that speaks the protocol", async () => {
  const mock = new LLMock({ port: 0 });
  mock.addFixtures([
    { match: { endpoint: "transcription" }, response: { transcription: { text: "from aimock" } } },
  ]);
  await mock.start();
  expect(await make("sk-1", `${mock.url}/v1`)(recording, signal())).toBe("from aimock");
  await mock.stop();
});

test("a recording the endpoint rejects is the caller's error, any other failure is not; keys are hidden", async () => {
  const refused = Response.json({ error: { message: "bad file for sk-canary" } }, { status: 400 });
  answers = [refused];
  const error = await failureOf(make("sk-canary")(recording, signal()));
  expect(error).toMatchObject({ code: "bad_request", field: "body" });
  expect(String(error)).not.toContain("sk-canary");
  answers = [Response.json({ error: { message: "no such key" } }, { status: 401 })];
  expect(await failureOf(make("sk-1")(recording, signal()))).toMatchObject({ code: "upstream" });
  answers = [Response.json({ words: [] })];
  expect(await failureOf(make("sk-1")(recording, signal()))).toMatchObject({ code: "upstream" });
});

test("a temporary failure is retried", async () => {
  answers = [new Response("busy", { status: 503, headers: { "retry-after-ms": "1" } })];
  expect(await make("sk-1")(recording, signal())).toBe("hello there");
  expect(seen.length).toBe(2);
});

test("is aborted by its signal", async () => {
  const controller = new AbortController();
  controller.abort();
  expect(await failureOf(make("sk-1")(recording, controller.signal))).toMatchObject({ code: "cancelled" });
  expect(seen.length).toBe(0);
});
