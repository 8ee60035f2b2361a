// Bodies over a real connection: in pieces, too large, and cut off.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect } from "node:net";
import { type Listener, serve } from "../../src/runtime/serve.ts";
import { embeddedDatabase } from "../database.ts";
import { createHttpFixture, type HttpFixture, STATIC_KEY } from "./fixture.ts";

const open = embeddedDatabase();
const MB = 1024 * 1024;
let http: HttpFixture;
let listener: Listener;
let url: string;
const handled: number[] = [];

beforeAll(async () => {
  http = await createHttpFixture(await open(), {
    integrations: {
      hook: {
        publicPaths: ["/webhook"],
        handle: async (request) => {
          const size = (await request.arrayBuffer()).byteLength;
          handled.push(size);
          return Response.json({ size });
        },
      },
    },
  });
  listener = serve({ hostname: "127.0.0.1", port: 0, maxBodyBytes: 64 * MB, fetch: http.app.fetch });
  url = `http://127.0.0.1:${listener.port}`;
});

afterAll(() => listener.close());

function chunked(pieces: number, size: number): ReadableStream<Uint8Array> {
  let left = pieces;
  return new ReadableStream({
    pull(controller) {
      if (left-- > 0) controller.enqueue(new Uint8Array(size).fill(97));
      else controller.close();
    },
  });
}

/** Sends raw bytes and returns the answer once either side has ended the connection. */
function raw(text: string, end: (socket: ReturnType<typeof connect>) => void): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(listener.port, "127.0.0.1", () => {
      socket.write(text, () => end(socket));
    });
    socket.on("data", (data) => {
      answer += data;
      // Bun answers and keeps the connection open, but the test needs no more.
      if (answer.includes("\r\n\r\n")) socket.destroy();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer));
  });
}

test("a chunked body arrives whole", async () => {
  const response = await fetch(`${url}/integrations/hook/webhook`, {
    method: "POST",
    body: chunked(50, 1000),
  });
  expect(await response.json()).toEqual({ size: 50_000 });
});

test("30 MB are refused, announced or chunked, and the handler never runs", async () => {
  handled.length = 0;
  const path = `${url}/integrations/hook/webhook`;
  const announced = await fetch(path, { method: "POST", body: new Uint8Array(30 * MB) });
  expect(announced.status).toBe(413);
  expect(await announced.json()).toMatchObject({ error: { code: "payload_too_large" } });
  const streamed = await fetch(path, { method: "POST", body: chunked(30, MB) });
  expect(streamed.status).toBe(413);
  expect(handled).toEqual([]);
});

test("the API accepts 10 MB at most", async () => {
  const response = await fetch(`${url}/api/v1/documents`, {
    method: "POST",
    headers: { authorization: `Bearer ${STATIC_KEY}`, "content-type": "application/json" },
    body: chunked(11, MB),
  });
  expect(response.status).toBe(413);
});

test("without a key, the answer does not wait for the body", async () => {
  const head = "POST /api/v1/documents HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  const answer = await raw(`${head}Content-Length: 1000000\r\n\r\n{`, () => undefined);
  expect(answer).toStartWith("HTTP/1.1 401");
});

test.each([
  ["chunked", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"],
  ["in the middle of a chunk", "Transfer-Encoding: chunked\r\n\r\nff\r\nhel"],
  ["announced", "Content-Length: 1000\r\n\r\nhello"],
])("a body that is cut off (%s) reaches no handler, and the server keeps working", async (_, rest) => {
  handled.length = 0;
  const head = "POST /integrations/hook/webhook HTTP/1.1\r\nHost: localhost\r\n";
  const answer = await raw(head + rest, (socket) => socket.end());
  expect(answer === "" || answer.startsWith("HTTP/1.1 400")).toBe(true);
  expect(handled).toEqual([]);
  const after = await fetch(`${url}/integrations/hook/webhook`, { method: "POST", body: "again" });
  expect(await after.json()).toEqual({ size: 5 });
});

test("invalid chunks are 400", async () => {
  const head = "POST /integrations/hook/webhook HTTP/1.1\r\nHost: localhost\r\n";
  const answer = await raw(
    `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n`,
    () => undefined,
  );
  expect(answer === "" || answer.startsWith("HTTP/1.1 400")).toBe(true);
});

test("an answer that cannot be sent is reported to the server and not to the sender", async () => {
  const told: unknown[] = [];
  const broken = serve({
    hostname: "127.0.0.1",
    port: 0,
    maxBodyBytes: MB,
    fetch: async () => {
      const read = new Response("a secret");
      await read.text();
      return read;
    },
    onError: (error) => void told.push(error),
  });
  const answer = await fetch(`http://127.0.0.1:${broken.port}/`);
  expect([answer.status, await answer.text()]).toEqual([
    500,
    '{"error":{"code":"internal","message":"Something went wrong."}}',
  ]);
  expect(told).toHaveLength(1);
  await broken.close();
});
