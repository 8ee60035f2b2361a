// Bodies that their senders compress, at the REST API and at webhooks.

import { beforeAll, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { Elysia } from "elysia";
import { HeddleError } from "../../../src/errors.ts";
import { createIntake } from "../../../src/http/gateway/intake.ts";
import { readBody } from "../../../src/http/gateway/read-body.ts";
import { incomingVerifierHost } from "../../../src/inbox/incoming.ts";
import { createRouter } from "../../../src/integrations/routing/router.ts";
import { createVerifiers } from "../../../src/sdk/signatures/verifiers.ts";
import { embeddedDatabase, type TestDatabase } from "../../database.ts";
import { createHttpFixture, STATIC_KEY } from "../fixture.ts";

const open = embeddedDatabase();
let shared: TestDatabase;

beforeAll(async () => {
  shared = await open();
});

const MB = 1024 * 1024;

const packed = (coding: string, body: Uint8Array): Request =>
  new Request("http://localhost/", {
    method: "POST",
    body: new Uint8Array(body),
    headers: { "content-encoding": coding, "content-length": String(body.byteLength) },
  });

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "read",
    (error) => (error instanceof HeddleError ? error.code : String(error)),
  );

test("gzip and deflate are decompressed, whatever their sender calls them", async () => {
  const text = JSON.stringify({ text: "ü".repeat(100_000) });
  const senders: [string, Uint8Array][] = [
    ["gzip", gzipSync(text)],
    ["x-gzip", gzipSync(text)],
    ["GZip", gzipSync(text)],
    ["deflate", deflateSync(text)],
    ["deflate", deflateRawSync(text)],
    ["identity", Buffer.from(text)],
    // A charset, which is no coding.
    ["utf-8", Buffer.from(text)],
  ];
  for (const [coding, bytes] of senders) {
    const read = await readBody(packed(coding, bytes), { limit: MB });
    expect([coding, Buffer.from(read).toString() === text]).toEqual([coding, true]);
  }
});

test("the limit and the share of a sender count what comes out", async () => {
  const zeros = (bytes: number) => gzipSync(new Uint8Array(bytes));
  expect(await codeOf(readBody(packed("gzip", zeros(MB)), { limit: MB }))).toBe("read");
  expect(await codeOf(readBody(packed("gzip", zeros(MB + 1)), { limit: MB }))).toBe("payload_too_large");
  const intake = createIntake({ bytes: 100 * MB, bodiesPerSender: 16 });
  const lease = intake.open("a");
  const bomb = zeros(30 * MB);
  expect(bomb.byteLength).toBeLessThan(100_000);
  expect(await codeOf(readBody(packed("gzip", bomb), { limit: 40 * MB, lease }))).toBe("rate_limited");
  lease.close();
  const next = intake.open("a");
  expect(await codeOf(readBody(packed("gzip", zeros(2 * MB)), { limit: 40 * MB, lease: next }))).toBe("read");
});

test("a body that is not in its coding, or is cut off, is refused", async () => {
  const whole = gzipSync(JSON.stringify({ a: "b".repeat(1000) }));
  const bodies: [string, Uint8Array][] = [
    ["gzip", Buffer.from("{}")],
    ["gzip", whole.subarray(0, whole.byteLength - 9)],
    ["gzip", whole.subarray(0, 1)],
    ["deflate", Buffer.from('{"a": 1}')],
  ];
  for (const [coding, bytes] of bodies) {
    const error = await readBody(packed(coding, bytes), { limit: MB }).catch((failure: unknown) => failure);
    expect(error).toMatchObject({
      code: "bad_request",
      message: `The body must be compressed with ${coding}, as its Content-Encoding says.`,
    });
  }
});

test("the API reads compressed JSON, and says which codings it reads", async () => {
  const { fetch } = await createHttpFixture(shared, {});
  const post = (coding: string, body: Uint8Array) =>
    fetch(
      new Request("http://localhost/api/v1/channels", {
        method: "POST",
        headers: {
          authorization: `Bearer ${STATIC_KEY}`,
          "content-type": "application/json",
          "content-encoding": coding,
        },
        body: new Uint8Array(body),
      }),
    );
  const json = JSON.stringify({ client_id: "web:compressed" });
  expect((await post("gzip", gzipSync(json))).status).toBe(201);
  expect((await post("deflate", deflateSync(json))).status).toBe(200);
  for (const [coding, bytes] of [
    ["br", brotliCompressSync(json)],
    ["gzip, gzip", gzipSync(gzipSync(json))],
  ] as const) {
    const refused = await post(coding, bytes);
    expect([refused.status, refused.headers.get("accept-encoding")]).toEqual([
      415,
      "gzip, deflate, identity",
    ]);
    expect(await refused.json()).toEqual({
      error: {
        code: "unsupported_media_type",
        message: `Content-Encoding must be gzip, deflate or identity; got "${coding}".`,
      },
    });
  }
});

test("a webhook's signature is that of its text; it is recorded as text, and can be replayed", async () => {
  const SECRET = "of-the-sender";
  const seen: unknown[] = [];
  const { verifyHmac } = createVerifiers(incomingVerifierHost);
  const router = new Elysia().post("/webhook", async ({ request }) => {
    const event = await verifyHmac(request, { secret: SECRET, header: "x-signature" });
    const { headers } = request;
    seen.push([event.body, headers.get("content-encoding"), headers.get("content-length")]);
    return { ok: true };
  });
  const made = createRouter(router);
  if (!made) throw new Error("no router");
  const { fetch, send, inbox } = await createHttpFixture(shared, {
    integrations: { packed: { handle: made.handle, publicPaths: ["/webhook"] } },
  });
  const text = JSON.stringify({ number: 7 });
  const answer = await fetch(
    new Request("http://localhost/integrations/packed/webhook", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "content-encoding": "gzip",
        "x-signature": createHmac("sha256", SECRET).update(text).digest("hex"),
      },
      body: new Uint8Array(gzipSync(text)),
    }),
  );
  expect(answer.status).toBe(200);
  await inbox.list({});
  const { events } = (await send("GET", "/api/v1/inbox?integration=packed")).body;
  expect(events).toMatchObject([{ verified: true }]);
  const { body: recorded } = await send("GET", `/api/v1/inbox/${events[0].id}`);
  expect([recorded.body, recorded.headers["content-encoding"]]).toEqual([text, "gzip"]);
  const { status } = await send("POST", `/api/v1/inbox/${events[0].id}/replay`);
  expect(status).toBe(200);
  expect(seen).toEqual([
    [text, null, String(text.length)],
    [text, null, null],
  ]);
});
