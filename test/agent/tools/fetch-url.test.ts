import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { createFetchUrlTool } from "../../../src/agent/tools/builtin/fetch-url.ts";
import { callTool } from "../../../src/agent/tools/call.ts";
import { compileTool } from "../../../src/agent/tools/registry.ts";
import { createGuardedFetch } from "../../../src/guarded-fetch/fetch.ts";
import { createPdfReader } from "../../../src/runtime/read-pdf.ts";
import { pdf } from "../../attachments/files.ts";
import { call } from "../fixture.ts";

const home = mkdtempSync(join(tmpdir(), "heddle-pdf-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const readPdf = createPdfReader({
  home,
  confine: async () => ({
    kind: "none",
    reason: null,
    wrap: ({ command, cwd, environment }) => ({ command, cwd, environment }),
  }),
  mostCharacters: 1_000,
});

const PAGES: Record<string, { type?: string; body: string | Buffer; status?: number; headers?: object }> = {
  "/page": {
    type: "text/html; charset=utf-8",
    body: "<title>Hi</title><h1>Grüße</h1><a href=/next>next</a>",
  },
  "/old": { type: "text/html; charset=iso-8859-1", body: Buffer.from("<p>Grüße</p>", "latin1") },
  "/meta": { type: "text/html", body: Buffer.from('<meta charset="windows-1252"><p>Grüße</p>', "latin1") },
  "/data": { type: "application/json", body: '{"a":1}' },
  "/gone": { type: "text/html", body: "<p>Not here</p>", status: 404 },
  "/image": { type: "image/png", body: "PNG" },
  "/binary": { type: "application/octet-stream", body: Buffer.from([0, 1, 2, 0, 3]) },
  "/bomb": {
    type: "text/plain",
    body: gzipSync(Buffer.alloc(50 * 1024 * 1024, "a")),
    headers: { "content-encoding": "gzip" },
  },
  "/away": { body: "", status: 302, headers: { location: "http://127.0.0.2:1/secret" } },
  "/moved": { body: "", status: 301, headers: { location: "/page" } },
};
/** A whole PDF between five and ten megabytes, and one that is longer. */
const big = (mb: number) => Buffer.concat([pdf("Big"), Buffer.alloc(mb * 1024 * 1024, " ")]);
let server: Server;
let origin = "";

beforeAll(async () => {
  server = createServer((request, response) => {
    const { type, body, status = 200, headers } = PAGES[request.url ?? ""] ?? { body: "", status: 500 };
    response.writeHead(status, { ...(type && { "content-type": type }), ...headers });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

const RUN = {
  ...{ bot_id: "b", session_id: "s", channel_id: "c", client_id: "x:1", correlation_id: "k" },
  ...{ task_id: "t", call_id: "call" },
};

async function fetched(url: string, allowPrivateHosts: string[] = ["127.0.0.1"]) {
  const tool = compileTool("core", createFetchUrlTool(createGuardedFetch({ allowPrivateHosts }), readPdf));
  const { content, error } = await callTool(call("id", tool.name, { url }), {
    tools: new Map([[tool.name, tool]]),
    run: RUN,
    signal: new AbortController().signal,
    redact: (text) => text,
    permit: async () => undefined,
    now: () => 0,
  });
  return { content, error };
}

test("a page comes as Markdown, marked as text from outside", async () => {
  const { content } = await fetched(`${origin}/page`);
  expect(content).toBe(
    `{"untrusted":true,"url":"${origin}/page","title":"Hi"}\n\n# Grüße\n\n[next](${origin}/next)`,
  );
  expect((await fetched(`${origin}/moved`)).content).toBe(content);
  expect((await fetched(`${origin}/old`)).content).toEndWith("\n\nGrüße");
  expect((await fetched(`${origin}/meta`)).content).toEndWith("\n\nGrüße");
  expect((await fetched(`${origin}/data`)).content).toEndWith('\n\n{"a":1}');
  expect((await fetched(`${origin}/gone`)).content).toContain('"status":404}\n\nNot here');
});

test("what is no text, too much or not to be reached is refused", async () => {
  expect((await fetched(`${origin}/image`)).error).toContain("image/png, which is not text");
  expect((await fetched(`${origin}/binary`)).error).toContain("not text (application/octet-stream)");
  const bomb = await fetched(`${origin}/bomb`);
  expect(bomb.error).toBeNull();
  expect(bomb.content).toContain("its end is left out");
  for (const url of ["file:///etc/passwd", "nonsense", "https://user:pass@a.example/"])
    expect((await fetched(url)).error).toStartWith("url must");
});

test("a PDF comes as its text, marked as text from outside; one that is too large or damaged is refused", async () => {
  PAGES["/paper"] = { type: "application/pdf", body: pdf("Hello world", "Second page") };
  PAGES["/unnamed"] = { type: "application/octet-stream", body: big(6) };
  PAGES["/huge"] = { type: "application/pdf", body: big(11) };
  PAGES["/damaged"] = { type: "application/pdf", body: "%PDF-1.7 nothing more" };
  expect((await fetched(`${origin}/paper`)).content).toBe(
    `{"untrusted":true,"url":"${origin}/paper","pages":2}\n\nHello world\n\nSecond page`,
  );
  expect((await fetched(`${origin}/unnamed`)).content).toEndWith("\n\nBig");
  expect((await fetched(`${origin}/huge`)).error).toContain("a PDF of more than 10 MB");
  expect((await fetched(`${origin}/damaged`)).error).toContain("cannot be read: it");
});

test("no private network is reached, neither directly nor by a redirect", async () => {
  expect((await fetched(`${origin}/page`, [])).error).toContain("cannot be read");
  expect((await fetched(`${origin}/away`)).error).toContain("cannot be read");
  expect((await fetched("http://169.254.169.254/latest/meta-data", [])).error).toContain("cannot be read");
});
