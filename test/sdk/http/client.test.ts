import { describe, expect, test } from "bun:test";
import { isPermanent, isRetryable } from "../../../src/sdk/errors.ts";
import { createHttp, sleepFor } from "../../../src/sdk/http/client.ts";
import { failDelivery } from "../../../src/sdk/http/fail-delivery.ts";
import type { HttpOptions } from "../../../src/sdk/http/types.ts";

type Answer = Response | Error | (() => Response);

/** A client whose service gives these answers in turn, then always the last one; waits take no time. */
function client(answers: Answer[], options: Partial<HttpOptions> = {}) {
  const sent: Request[] = [];
  const waits: number[] = [];
  const http = createHttp(
    {
      async fetch(input, init) {
        init?.signal?.throwIfAborted();
        sent.push(new Request(input, init));
        const answer = answers[Math.min(sent.length, answers.length) - 1];
        if (answer instanceof Error) throw answer;
        return typeof answer === "function" ? answer() : (answer ?? Response.error());
      },
      async sleep(seconds, signal) {
        signal?.throwIfAborted();
        waits.push(seconds);
      },
      random: () => 0,
    },
    { baseUrl: "https://api.example/v2/", ...options },
  );
  return { http, sent, waits };
}

const status = (code: number, headers: Record<string, string> = {}) =>
  new Response("why", { status: code, headers });
const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error as Error & { retryAfterSeconds?: number },
  );

test("sends JSON, headers and a query below the base", async () => {
  const { http, sent } = client([Response.json({ id: 7 })], {
    headers: () => ({ authorization: "Bearer t" }),
  });
  const query = { a: "x y", n: 1, none: undefined };
  expect(await http.post("/rooms?b=2", { name: "ops" }, { query }).json<{ id: number }>()).toEqual({ id: 7 });
  const [request] = sent;
  expect(request?.url).toBe("https://api.example/v2/rooms?b=2&a=x+y&n=1");
  expect(request?.headers.get("authorization")).toBe("Bearer t");
  expect(request?.headers.get("content-type")).toBe("application/json");
  expect(await request?.json()).toEqual({ name: "ops" });
});

test("options in the place of the JSON are refused, not sent", async () => {
  const { http, sent } = client([Response.json({})]);
  for (const send of [http.post, http.put, http.patch]) {
    expect(() => send("/a", { json: { id: 7 }, signal: AbortSignal.timeout(1_000) })).toThrow(
      "must be the JSON to send, with options such as signal in the third; got options.",
    );
  }
  expect(sent).toEqual([]);
});

test("an address or headers that are a promise are refused, not left out", async () => {
  const later = async () => ({ authorization: "Bearer t" });
  const { http, sent } = client([Response.json({})], { headers: later as never });
  expect((await errorOf(http.get("/a").text()))?.message).toBe(
    "The headers of http() must return its value at once; got a promise.",
  );
  const elsewhere = client([Response.json({})], {
    baseUrl: (async () => "https://api.example") as never,
    service: { name: "The chat", settings: ["CHAT_URL"] },
  });
  expect((await errorOf(elsewhere.http.get("/a").text()))?.message).toContain("got a promise");
  expect([sent, elsewhere.sent]).toEqual([[], []]);
});

test.each([
  "@evil.example/x",
  "//evil.example/x",
  "https://evil.example/x",
  "/../..//evil.example",
  "\\\\evil.example",
])("the path %p does not lead to another host", async (path) => {
  const { http, sent } = client([Response.json({})]);
  await http.get(path);
  expect(new URL(sent[0]?.url ?? "").host).toBe("api.example");
});

describe("retries", () => {
  test("after 5xx, 429 and a failed connection, with growing waits", async () => {
    const { http, sent, waits } = client([new TypeError("reset"), () => status(503), Response.json([1])]);
    expect(await http.get("/a").json<number[]>()).toEqual([1]);
    expect([sent.length, waits]).toEqual([3, [0.5, 1]]);
  });

  test("after the time that Retry-After asks for", async () => {
    const { http, waits } = client([() => status(429, { "retry-after": "7" }), Response.json({})]);
    await http.post("/a", {});
    expect(waits).toEqual([7]);
  });

  test("not if the answer asks for a longer wait than allowed; it is returned", async () => {
    const { http, sent, waits } = client([() => status(429, { "retry-after": "3600" })]);
    expect((await http.get("/a")).status).toBe(429);
    expect([sent.length, waits]).toEqual([1, []]);
    const error = await errorOf(http.get("/a").json());
    expect([isRetryable(error), error?.retryAfterSeconds]).toEqual([true, 3600]);
  });

  test("according to tries, statuses and a custom retryAfter", async () => {
    const retry = {
      tries: 2,
      on: [418],
      retryAfter: async (response: Response) => Number(await response.text()),
    };
    const { http, sent, waits } = client([() => new Response("9", { status: 418 })], { retry });
    expect(await (await http.post("/a", {})).text()).toBe("9");
    expect([sent.length, waits]).toEqual([2, [9]]);
  });

  test("and leaves no connection open because of an unread copy", async () => {
    let cancelled = 0;
    const endless = () =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(1024)),
          cancel() {
            cancelled += 1;
          },
        }),
        { status: 503 },
      );
    const retry = { tries: 2, retryAfter: () => Number.NaN };
    const { http, waits } = client([endless, () => status(200)], { retry });
    expect((await http.get("/a")).status).toBe(200);
    // For a value that is not a number, the client's own pause applies.
    expect([cancelled, waits]).toEqual([1, [0.5]]);
  });

  test("neither a POST that may have been carried out nor a stream", async () => {
    for (const answer of [() => status(500), new TypeError("reset")]) {
      const { http, sent } = client([answer]);
      await errorOf(http.post("/a", {}));
      expect(sent.length).toBe(1);
    }
    const { http, sent } = client([() => status(500)]);
    await http.put("/a", undefined, { body: new Blob(["x"]).stream() });
    expect(sent.length).toBe(1);
  });

  test("only until the caller aborts", async () => {
    const stop = new AbortController();
    const { http, sent } = client([
      () => {
        stop.abort(new Error("enough"));
        return status(500);
      },
    ]);
    expect((await errorOf(http.get("/a", { signal: stop.signal })))?.message).toBe("enough");
    expect(sent.length).toBe(1);
    const already = AbortSignal.abort(new Error("too late"));
    expect((await errorOf(sleepFor(100, already)))?.message).toBe("too late");
  });
});

test("only the beginning of an endless failed answer is read", async () => {
  let cancelled = false;
  const bytes = new TextEncoder().encode("no ".repeat(1000));
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(bytes),
    cancel() {
      cancelled = true;
    },
  });
  const { http } = client([new Response(endless, { status: 400 })]);
  const error = await errorOf(http.get("/a").text());
  expect(error?.message).toStartWith("The service answered 400: no no no");
  expect(error?.message.length).toBeLessThan(400);
  expect(cancelled).toBe(true);
});

test("an unsuccessful answer becomes the error that a dispatcher should throw", async () => {
  for (const code of [400, 403, 404, 410, 422]) {
    const error = await errorOf(
      client([() => status(code)])
        .http.get("/a")
        .text(),
    );
    expect([code, isPermanent(error), error?.message]).toEqual([
      code,
      true,
      `The service answered ${code}: why`,
    ]);
  }
  for (const code of [401, 408, 429, 500, 503]) {
    const error = await errorOf(
      client([() => status(code)])
        .http.get("/a")
        .json(),
    );
    expect([code, isRetryable(error)]).toEqual([code, true]);
  }
  const named = client([status(404)], { service: () => ({ name: "The chat" }) });
  expect((await errorOf(named.http.get("/a").text()))?.message).toBe("The chat answered 404: why");
  expect(() => failDelivery(status(410), "gone")).toThrow("answered 410: gone");
});

test.each([0, 21, 1.5, Number.NaN])("%p tries are refused", (tries) => {
  expect(() => client([], { retry: { tries } })).toThrow("retry.tries must be");
});

test.each([
  [{ on: 429 }, 'retry.on must be a list of statuses, "5xx" and "network"; got 429.'],
  [{ on: "5xx" }, 'retry.on must be a list of statuses, "5xx" and "network"; got "5xx".'],
  [{ on: ["netwrk"] }, 'retry.on must be a list of statuses, "5xx" and "network"; got ["netwrk"].'],
  [{ maxWaitSeconds: "60" }, 'retry.maxWaitSeconds must be a number of seconds; got "60".'],
  [{ retryAfter: 5 }, "retry.retryAfter must be a function; got 5."],
])("a retry that nobody could follow is refused: %p", (retry, message) => {
  expect(() => client([], { retry: retry as never })).toThrow(message);
});

test("a wait that is longer than a timer can be is a wait", async () => {
  const stop = new AbortController();
  for (const seconds of [30 * 24 * 3600, Number.POSITIVE_INFINITY]) {
    const waiting = sleepFor(seconds, stop.signal).then(() => "over", String);
    expect(await Promise.any([waiting, sleepFor(0.02, undefined).then(() => "waits")])).toBe("waits");
  }
  stop.abort();
  await expect(sleepFor(30 * 24 * 3600, stop.signal)).rejects.toThrow();
});
