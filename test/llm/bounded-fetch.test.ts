import { expect, test } from "bun:test";
import {
  brotliCompressSync,
  createBrotliCompress,
  createDeflate,
  createGzip,
  createZstdCompress,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
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
    await expect((await ask()).text()).rejects.toMatchObject({ kind: "endless" });
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

/** Serves a body in two pieces, the second once the first has been read. */
async function serve(coding: string, packed: Uint8Array<ArrayBuffer>) {
  const read = Promise.withResolvers<void>();
  const seen: (string | null)[] = [];
  const half = Math.ceil(packed.byteLength / 2);
  async function* pieces() {
    yield packed.subarray(0, half);
    await read.promise;
    yield packed.subarray(half);
  }
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      seen.push(request.headers.get("accept-encoding"));
      return new Response(pieces(), { headers: { "content-encoding": coding } });
    },
  });
  const response = await createBoundedFetch()(server.url);
  return { response, seen, readOn: read.resolve, [Symbol.asyncDispose]: () => server.stop(true) };
}

const TEXT = "data: word\n\n".repeat(1_000);
const PACKED: [string, (text: string) => Uint8Array][] = [
  ["gzip", gzipSync],
  ["x-gzip", gzipSync],
  ["GZIP, identity", gzipSync],
  ["deflate", deflateSync],
  ["deflate", deflateRawSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
  // A proxy that has unpacked it, and a server that means a charset.
  ["gzip", (text) => Buffer.from(text)],
  ["utf-8", (text) => Buffer.from(text)],
];

test.each(PACKED)("a response in %s is unpacked although none was asked for", async (coding, pack) => {
  await using served = await serve(coding, new Uint8Array(pack(TEXT)));
  served.readOn();
  expect(served.response.headers.get("content-encoding")).toBeNull();
  expect(await served.response.text()).toBe(TEXT);
  expect(served.seen).toEqual(["identity"]);
});

test.each([
  ["gzip", createGzip()],
  ["deflate", createDeflate()],
  ["br", createBrotliCompress()],
  ["zstd", createZstdCompress()],
] as const)("an event in %s is read before the next one comes", async (coding, packer) => {
  const parts: Buffer[] = [];
  packer.on("data", (part) => parts.push(part));
  const packed = async (text: string) => {
    packer.write(text);
    await new Promise<void>((done) => packer.flush(() => done()));
    return new Uint8Array(Buffer.concat(parts.splice(0)));
  };
  const first = await packed("data: one\n\n");
  const second = await packed("data: two\n\n");
  const read = Promise.withResolvers<void>();
  async function* pieces() {
    yield first;
    await read.promise;
    yield second;
  }
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response(pieces(), { headers: { "content-encoding": coding } }),
  });
  const reader = (await createBoundedFetch()(server.url)).body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("data: one\n\n");
  read.resolve();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("data: two\n\n");
  await reader?.cancel();
  await server.stop(true);
});

test("a bomb ends at the limit of a line, of all, or of what it can stand for", async () => {
  const mega = 1024 * 1024;
  const bounds = { bytes: 256 * mega, lineBytes: 64 * mega, failureBytes: 1_000 };
  const ask = async (packed: Uint8Array<ArrayBuffer>, init: ResponseInit, most = bounds) => {
    const given = { status: 200, headers: { "content-encoding": "gzip" }, ...init };
    return await createBoundedFetch({ bounds: most, send: async () => new Response(packed, given) })(
      "http://m.test/",
    );
  };
  const zeros = new Uint8Array(gzipSync(Buffer.alloc(48 * mega)));
  await expect((await ask(zeros, {})).text()).rejects.toMatchObject({
    kind: "garbled",
    message: expect.stringContaining("100 times its size"),
  });
  await expect((await ask(zeros, {}, { ...bounds, lineBytes: mega })).text()).rejects.toThrow("too long");
  await expect((await ask(zeros, {}, { ...bounds, bytes: mega })).text()).rejects.toThrow("too long");
  expect(await (await ask(zeros, { status: 500 })).text()).toHaveLength(1_000);
  const twice = { headers: { "content-encoding": "gzip, br" } };
  await expect((await ask(zeros, twice)).text()).rejects.toMatchObject({ kind: "garbled" });
});

test("what is cut or in another coding is told", async () => {
  const packed = new Uint8Array(gzipSync(TEXT));
  await using cut = await serve("gzip", packed.subarray(0, packed.byteLength - 4));
  cut.readOn();
  await expect(cut.response.text()).rejects.toMatchObject({
    kind: "cut",
    message: "The response ends early",
  });
  await using other = await serve("br", new Uint8Array(Buffer.from("data: word\n\n")));
  other.readOn();
  await expect(other.response.text()).rejects.toMatchObject({ kind: "garbled" });
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
