import { afterAll, beforeEach, expect, test } from "bun:test";
import { getLogger, type Logger } from "@logtape/logtape";
import { Webhook } from "standardwebhooks";
import { createGuardedFetch } from "../../src/guarded-fetch/fetch.ts";
import { createGuardedPost } from "../../src/guarded-fetch/post.ts";
import { createHookWebhooks, type HookWebhooksOptions } from "../../src/hooks/webhooks.ts";
import type { AnyHookContext } from "../../src/sdk/backend.ts";
import { until } from "../until.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

interface Received {
  headers: Record<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: checked field by field
  body: any;
  text: string;
}

const received: Received[] = [];
/** The answers to the next requests; 200 after the last one. */
let answers: (number | Response | Promise<number>)[] = [];
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    const text = await request.text();
    received.push({ headers: Object.fromEntries(request.headers), body: JSON.parse(text), text });
    const answer = (await answers.shift()) ?? 200;
    return answer instanceof Response ? answer : new Response(null, { status: answer });
  },
});
const url = `http://127.0.0.1:${server.port}/secret-path`;
afterAll(() => server.stop(true));
beforeEach(() => {
  received.length = 0;
  answers = [];
});

function make(options: Partial<HookWebhooksOptions> = {}) {
  const lines: string[] = [];
  const line = (level: string) => (message: unknown, facts?: unknown) =>
    void lines.push(`${level} ${message} ${JSON.stringify(facts)}`);
  const log = Object.assign(Object.create(getLogger("heddle")) as Logger, {
    debug: line("debug"),
    info: line("info"),
    warning: line("warning"),
  });
  const webhooks = createHookWebhooks({
    urls: [url],
    secret: undefined,
    post: createGuardedPost(createGuardedFetch({ allowPrivateHosts: ["127.0.0.1"] })),
    log,
    retryDelaysMs: [1, 1],
    ...options,
  });
  const loud = () => lines.filter((line) => !line.startsWith("debug"));
  return { webhooks, lines, loud };
}

const ctx = (extra: Record<string, unknown> = {}, session_id = "session"): AnyHookContext => ({
  bot_id: "my-bot",
  session_id,
  channel_id: null,
  client_id: "web:123",
  correlation_id: "correlation",
  extra,
});

test("an event is posted in the guide's format", async () => {
  const { webhooks } = make();
  const data = { tool_name: "web_search", tool_args: { query: "hello" }, duration_ms: 450 };
  const before = Date.now();
  webhooks.send("after_tool_call", ctx(data));
  await webhooks.close();
  expect(received.length).toBe(1);
  const { body, headers } = received[0] as Received;
  expect(Object.keys(body)).toEqual(["event", "timestamp", "context", "data"]);
  expect(body).toEqual({
    event: "after_tool_call",
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/),
    context: {
      bot_id: "my-bot",
      session_id: "session",
      channel_id: null,
      client_id: "web:123",
      correlation_id: "correlation",
    },
    data,
  });
  expect(Date.parse(body.timestamp)).toBeWithin(before, Date.now() + 1);
  expect(headers["content-type"]).toBe("application/json");
  expect(headers["webhook-signature"]).toBeUndefined();
});

test("with a secret it is signed, and a second attempt has the same id", async () => {
  answers = [500];
  const { webhooks } = make({ secret: SECRET });
  webhooks.send("after_response", ctx({ response_length: 3, tool_calls_made: 0 }));
  await webhooks.close();
  expect(received.length).toBe(2);
  for (const { text, headers } of received) {
    expect(new Webhook(SECRET).verify(text, headers)).toMatchObject({ event: "after_response" });
  }
  expect(received[0]?.headers["webhook-id"]).toBe(received[1]?.headers["webhook-id"] as string);
});

test("every URL gets every event, even while another is down", async () => {
  const { webhooks } = make({ urls: ["http://127.0.0.1:1/", url] });
  for (let n = 0; n < 20; n++) webhooks.send("after_response", ctx({ n }));
  await webhooks.close();
  expect(received.map(({ body }) => body.data.n).toSorted((a, b) => a - b)).toEqual([...Array(20).keys()]);
});

test("an outage is logged once, without the URL's path, and so is its end", async () => {
  answers = [503, 503, 503, 400];
  const { webhooks, lines, loud } = make({ concurrency: 1 });
  webhooks.send("after_response", ctx());
  webhooks.send("after_response", ctx());
  webhooks.send("after_response", ctx());
  await webhooks.close();
  expect(loud().length).toBe(2);
  expect(loud()[0]).toStartWith("warning");
  expect(loud()[1]).toStartWith("info");
  expect(lines.join()).not.toContain("secret-path");
});

test("a refused event is not retried; a failed one is attempted at most three times", async () => {
  answers = [400];
  const refused = make();
  refused.webhooks.send("after_response", ctx());
  await refused.webhooks.close();
  expect(received.length).toBe(1);
  answers = [500, 500, 500, 500];
  const failing = make();
  failing.webhooks.send("after_response", ctx());
  await failing.webhooks.close();
  expect(received.length).toBe(1 + 3);
});

test("a private address that is not allowed gets nothing", async () => {
  const { webhooks, loud } = make({
    post: createGuardedPost(createGuardedFetch({ allowPrivateHosts: [] })),
  });
  webhooks.send("after_response", ctx());
  await webhooks.close();
  expect(received).toEqual([]);
  expect(loud()[0]).toContain("ALLOW_PRIVATE_HOSTS");
});

test.each([[{ queueLimit: 3 }], [{ queueCharacters: 3 * 220 }]])(
  "if too many events wait (%p), the oldest are dropped with one warning",
  async (limit) => {
    const gate = Promise.withResolvers<number>();
    answers = [gate.promise];
    const { webhooks, loud } = make({ concurrency: 1, ...limit });
    webhooks.send("after_response", ctx({ n: 0 }));
    for (let n = 1; n < 10; n++) webhooks.send("after_response", ctx({ n }));
    const closed = webhooks.close();
    gate.resolve(200);
    await closed;
    expect(received.map(({ body }) => body.data.n)).toEqual([0, 7, 8, 9]);
    expect(loud().length).toBe(1);
  },
);

test("close ends although a receiver does not answer, and nothing is sent after it", async () => {
  const never = Promise.withResolvers<number>();
  answers = [never.promise];
  const { webhooks, loud } = make({ timeoutMs: 50 });
  webhooks.send("after_response", ctx());
  await webhooks.close();
  webhooks.send("after_response", ctx());
  await webhooks.close();
  expect(received.length).toBeLessThanOrEqual(3);
  expect(loud().join()).toContain("do not reach");
  never.resolve(200);
});

test("a session's events arrive in order, even if one is retried; other sessions' are not delayed", async () => {
  const gate = Promise.withResolvers<number>();
  answers = [gate.promise];
  const { webhooks } = make();
  for (let n = 0; n < 3; n++) webhooks.send("after_response", ctx({ n }, "first"));
  for (let n = 3; n < 6; n++) webhooks.send("after_response", ctx({ n }, "second"));
  const arrived = () => received.map(({ body }) => body.data.n);
  await until(() => received.length >= 4);
  expect(arrived()).toEqual([0, 3, 4, 5]);
  gate.resolve(500);
  await until(() => received.length >= 7);
  expect(arrived().slice(4)).toEqual([0, 1, 2]);
  await webhooks.close();
});

test("a receiver that asks for a pause gets no event of any session until it is over", async () => {
  answers = [new Response(null, { status: 429, headers: { "retry-after": "3600" } })];
  const { webhooks, loud } = make();
  webhooks.send("after_response", ctx({ n: 0 }, "first"));
  await until(() => loud().length !== 0);
  webhooks.send("after_response", ctx({ n: 1 }, "second"));
  // Anything that the lane sent at once would have arrived before this.
  await fetch(url, { method: "POST", body: '{"data":{"n":"barrier"}}' });
  expect(received.map(({ body }) => body.data.n)).toEqual([0, "barrier"]);
  // Shutting down cuts the pause short, and they are attempted once more.
  await webhooks.close();
  expect(received.map(({ body }) => body.data.n).toSorted()).toEqual([0, 0, 1, "barrier"]);
});
