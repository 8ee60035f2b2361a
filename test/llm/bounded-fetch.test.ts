import { expect, test } from "bun:test";
import { createBoundedFetch } from "../../src/llm/bounded-fetch.ts";
import { createAnswer } from "../../src/llm/chat-completions/answer.ts";

const BOUNDS = { bytes: 1_000, lineBytes: 100, failureBytes: 50 };

/** Serves an endless response, and reports whether it was cancelled. */
function endless(piece: string, init: ResponseInit = {}) {
  const seen = { pieces: 0, isCancelled: false };
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      seen.pieces++;
      controller.enqueue(new TextEncoder().encode(piece));
    },
    cancel() {
      seen.isCancelled = true;
    },
  });
  const sent: RequestInit[] = [];
  const ask = createBoundedFetch({
    bounds: BOUNDS,
    send: async (_, given) => {
      sent.push(given ?? {});
      return new Response(body, init);
    },
  });
  return { ask: () => ask("http://model.test/", { headers: { "x-mine": "kept" } }), seen, sent };
}

test("an endless response is cancelled at the byte limit, and one without line breaks sooner", async () => {
  for (const [piece, most] of [
    ["data: word\n\n", 100],
    ["x", 120],
  ] as const) {
    const { ask, seen } = endless(piece);
    await expect((await ask()).text()).rejects.toMatchObject({ kind: "garbled" });
    expect(seen.isCancelled).toBe(true);
    expect(seen.pieces).toBeLessThan(most);
  }
});

test("only the start of an error response is read", async () => {
  const { ask, seen } = endless("no! ", { status: 500, headers: { "retry-after": "7" } });
  const answer = await ask();
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([500, "7"]);
  expect(await answer.text()).toHaveLength(50);
  expect(seen.isCancelled).toBe(true);
});

test("a compressed response is not decompressed", async () => {
  const { ask, seen, sent } = endless("gzip", { headers: { "content-encoding": "gzip" } });
  await expect(ask()).rejects.toMatchObject({ kind: "garbled" });
  expect(seen.isCancelled).toBe(true);
  expect(Object.fromEntries(new Headers(sent[0]?.headers))).toEqual({
    "accept-encoding": "identity",
    "x-mine": "kept",
  });
  // A valid response whose few bytes expand to a million.
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () =>
      new Response(Bun.gzipSync(Buffer.alloc(1_000_000)), { headers: { "content-encoding": "gzip" } }),
  });
  await expect(createBoundedFetch()(server.url)).rejects.toMatchObject({ kind: "garbled" });
  await server.stop(true);
});

test("limits the number of tool calls in one chunk, before they are put together", () => {
  const answer = createAnswer({ origin: "m", offered: new Set(["look"]), isRepeated: () => false });
  const pieces = Array.from({ length: 100_000 }, (_, at) => ({ id: `${at}`, function: { name: `n${at}` } }));
  expect(() => answer.add({ choices: [{ delta: { tool_calls: pieces } }] })).toThrow(
    "more than 128 tool calls",
  );
});

test("limits the number of tool calls and characters of an answer", () => {
  const add = (delta: object) => completion.add({ choices: [{ index: 0, delta }] });
  let completion = createAnswer({ origin: "m", offered: new Set(["look"]), isRepeated: () => false });
  const call = (index: number, text = "{}") => ({
    tool_calls: [{ index, id: `${index}`, function: { name: "look", arguments: text } }],
  });
  for (let index = 0; index < 128; index++) add(call(index));
  expect(() => add(call(128))).toThrow("more than 128 tool calls");
  completion = createAnswer({ origin: "m", offered: new Set(["look"]), isRepeated: () => false });
  const half = "x".repeat(2_000_000);
  add({ content: half });
  add(call(0, half));
  expect(() => add(call(0, "y"))).toThrow("longer than 4000000 characters");
});
