import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { Webhook } from "standardwebhooks";
import { createInternalDispatcher } from "../../src/dispatch/core/internal.ts";
import { createWebhookDispatcher } from "../../src/dispatch/core/webhook.ts";
import { notFound } from "../../src/errors.ts";
import { createGuardedFetch } from "../../src/guarded-fetch/fetch.ts";
import { createGuardedPost } from "../../src/guarded-fetch/post.ts";
import { isPermanent, Permanent } from "../../src/sdk/errors.ts";
import { dispatchContext } from "../../src/sdk/testing.ts";
import type { DeliverInput, InjectMessage } from "../../src/sdk/types.ts";

const SERVER_SECRET = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const OWN_SECRET = `whsec_${Buffer.alloc(32, 2).toString("base64")}`;

let answer = 200;
let answerHeaders: Record<string, string> = {};
const received: { body: string; headers: Record<string, string> }[] = [];
const receiver = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    received.push({ body: await request.text(), headers: Object.fromEntries(request.headers) });
    return new Response("", { status: answer, headers: answerHeaders });
  },
});
const url = `http://127.0.0.1:${receiver.port}/hook`;
afterAll(() => receiver.stop(true));
beforeEach(() => {
  answer = 200;
  answerHeaders = {};
  received.length = 0;
});

const ctx = dispatchContext({ signal: AbortSignal.timeout(10_000) });
const finished = (dispatch_config: Record<string, unknown>, isError = false): DeliverInput => ({
  task: {
    id: "task-1",
    status: isError ? "failed" : "complete",
    bot_id: "default",
    session_id: "session-1",
    channel_id: "channel-1",
    client_id: "test:1",
    correlation_id: "correlation-1",
    dispatch_type: "webhook",
    dispatch_config,
  },
  config: dispatch_config,
  result: "The answer",
  isError,
  clientActions: [],
  extraMetadata: {},
});
const failureOf = (promise: unknown) =>
  Promise.resolve(promise).then(
    () => undefined,
    (error: unknown) => error,
  );

describe("webhook", () => {
  const webhook = createWebhookDispatcher({
    post: createGuardedPost(createGuardedFetch({ allowPrivateHosts: ["127.0.0.1"] })),
    signingSecret: SERVER_SECRET,
  });

  test("sends the result with the headers of Standard Webhooks", async () => {
    expect(await webhook.deliver(finished({ url }), ctx)).toEqual({ receipt: { status: 200 } });
    const [request] = received;
    expect(request?.headers["webhook-id"]).toBe("delivery-1");
    // The library itself checks signature and timestamp.
    expect(new Webhook(SERVER_SECRET).verify(request?.body ?? "", request?.headers ?? {})).toMatchObject({
      type: "task.finished",
      task_id: "task-1",
      status: "complete",
      result: "The answer",
      error: null,
    });
  });

  test("signs with the target's own secret if it has one, and distinguishes errors from answers", async () => {
    await webhook.deliver(finished({ url, secret: OWN_SECRET }, true), ctx);
    const [request] = received;
    const verify = (secret: string) =>
      new Webhook(secret).verify(request?.body ?? "", request?.headers ?? {});
    expect(() => verify(SERVER_SECRET)).toThrow();
    expect(verify(OWN_SECRET)).toMatchObject({ status: "failed", result: null, error: "The answer" });
  });

  test("posts a text without a task", async () => {
    await webhook.postMessage?.(
      { dispatchConfig: { url }, config: { url }, text: "News", botId: "default" },
      ctx,
    );
    expect(JSON.parse(received[0]?.body ?? "")).toMatchObject({ type: "message.posted", text: "News" });
  });

  test("includes author and session of a posted text", async () => {
    const target = { dispatchConfig: { url }, config: { url }, text: "News", sessionId: "s-1" };
    await webhook.postMessage?.({ ...target, username: "Ada" }, ctx);
    await webhook.postMessage?.(target, ctx);
    expect(received.map(({ body }) => JSON.parse(body))).toMatchObject([
      { author: { display_name: "Ada" }, session_id: "s-1" },
      { author: null, session_id: "s-1" },
    ]);
  });

  test.each([
    [404, true],
    [410, true],
    [429, false],
    [500, false],
    [302, false],
  ])("an answer of %i is final: %p", async (status, isFinal) => {
    answer = status;
    const failure = await failureOf(webhook.deliver(finished({ url }), ctx));
    expect(String(failure)).toContain(String(status));
    expect(isPermanent(failure)).toBe(isFinal);
  });

  test("the receiver's Retry-After is passed on, and a redirect is reported without its path", async () => {
    answer = 429;
    answerHeaders = { "retry-after": "40" };
    expect(await failureOf(webhook.deliver(finished({ url }), ctx))).toMatchObject({ retryAfterSeconds: 40 });
    answer = 302;
    answerHeaders = { location: "https://login.example/secret-path?token=1" };
    const redirected = await failureOf(webhook.deliver(finished({ url }), ctx));
    expect(String(redirected)).toContain("a redirect to https://login.example,");
  });

  test("a private address that is not allowed is refused permanently", async () => {
    const guarded = createWebhookDispatcher({
      post: createGuardedPost(createGuardedFetch({ allowPrivateHosts: [] })),
      signingSecret: SERVER_SECRET,
    });
    expect(isPermanent(await failureOf(guarded.deliver(finished({ url }), ctx)))).toBe(true);
    expect(received).toEqual([]);
  });
});

describe("internal", () => {
  test("adds the result to the session once per delivery", async () => {
    const injected: InjectMessage[] = [];
    const internal = createInternalDispatcher({
      inject: async (message) => {
        injected.push(message);
        return { message_id: "message-2", session_id: message.sessionId, task_id: null, duplicate: false };
      },
      callBack: () => expect.unreachable(),
      answer: () => expect.unreachable(),
    });
    expect(await internal.deliver(finished({ session_id: "session-2" }), ctx)).toEqual({
      receipt: { message_id: "message-2", session_id: "session-2" },
    });
    expect(injected).toEqual([
      {
        sessionId: "session-2",
        content: "Task task-1 of default finished:\n\nThe answer",
        source: "internal",
        notify: false,
        idempotencyKey: "delivery-1",
      },
    ]);
  });
});

test("internal: a deleted session causes no retry", async () => {
  const toGone = createInternalDispatcher({
    inject: async () => {
      throw notFound("session", "s1", "session_id");
    },
    callBack: () => expect.unreachable(),
    answer: () => expect.unreachable(),
  });
  const posted = toGone.postMessage?.(
    { dispatchConfig: { session_id: "s1" }, text: "x" } as never,
    {} as never,
  );
  await expect(posted as Promise<unknown>).rejects.toBeInstanceOf(Permanent);
});
