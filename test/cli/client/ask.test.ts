// `heddle ask` against servers that fail in different ways. Each is a real server on a loopback port.

import { afterEach, describe, expect, test } from "bun:test";
import { ask } from "../../../src/cli/client/ask.ts";
import { connect } from "../../../src/cli/client/connect.ts";

type Answer = { status: number; body: string; isOther?: boolean } | "hangs" | "stops half-way";

const HANGS = new Promise<never>(() => {});
const QUESTION = { text: "Hello", isNew: true, timeoutSeconds: 60 };
const json = (value: unknown): Answer => ({ status: 200, body: JSON.stringify(value) });
const SESSION = json({ session_id: "s1" });
const TASK = json({ task_id: "t1" });

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Answers the requests in turn; a body in pieces never ends. */
function serverThat(...answers: Answer[]) {
  const asked: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      asked.push(`${request.method} ${new URL(request.url).pathname}`);
      const answer = answers[asked.length - 1] ?? "hangs";
      if (answer === "hangs") return HANGS;
      if (answer !== "stops half-way") {
        const { body, status, isOther = false } = answer;
        return new Response(body, { status, headers: isOther ? {} : { "x-request-id": "r1" } });
      }
      return new Response(
        new ReadableStream({ start: (piece) => piece.enqueue(Buffer.from('{"session_id"')) }),
      );
    },
  });
  closers.push(() => server.stop(true));
  return { url: `http://127.0.0.1:${server.port}`, asked };
}

const connection = (url: string, answerMs?: number) =>
  connect(
    { url, "api-key": "key-of-the-test" },
    { home: "/nowhere", environment: {}, ...(answerMs !== undefined && { answerMs }) },
  );

/** Returns both the code and the message. */
const failure = (asking: Promise<unknown>) =>
  asking.then(
    (answer) => ({ answer }),
    ({ code, message }) => ({ code, message }),
  );

const ignore = () => {};

describe("a server that accepts a request and never answers", () => {
  for (const [what, answer] of [
    ["nothing comes", "hangs"],
    ["the answer stops half-way", "stops half-way"],
  ] as const) {
    test(`the request has its own time limit: ${what}`, async () => {
      const { url } = serverThat(answer);
      expect(await failure(ask(connection(url, 50), QUESTION, ignore))).toEqual({
        code: "unavailable",
        message: `The server at ${url} took POST /api/v1/sessions and did not answer within 0.05 seconds: look into its log, and restart it if the log is silent.`,
      });
    });
  }

  test("--timeout also applies before the question is accepted", async () => {
    const { url, asked } = serverThat(SESSION, "hangs");
    expect(await failure(ask(connection(url), { ...QUESTION, timeoutSeconds: 0.2 }, ignore))).toEqual({
      code: "timeout",
      message: expect.stringContaining("did not accept the question within 0.2 seconds"),
    });
    expect(asked).toEqual(["POST /api/v1/sessions", "POST /api/v1/sessions/s1/messages"]);
  });

  test("after that, the message names the task, whose answer is not lost", async () => {
    const { url } = serverThat(SESSION, TASK, "hangs");
    expect(await failure(ask(connection(url), { ...QUESTION, timeoutSeconds: 0.2 }, ignore))).toEqual({
      code: "timeout",
      message:
        "There is no answer after 0.2 seconds; task t1 is still running, and GET /api/v1/tasks/t1 will have its answer.",
    });
  });
});

describe("a server that answers", () => {
  test("a redirect is told of, and not followed without the key and the body", async () => {
    const other = serverThat(SESSION);
    const proxy = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request) => Response.redirect(`${other.url}${new URL(request.url).pathname}`, 301),
    });
    closers.push(() => proxy.stop(true));
    const url = `http://127.0.0.1:${proxy.port}`;
    const told = {
      code: "config",
      message: `The server at ${url} redirects to ${other.url}/api/v1/sessions: HEDDLE_URL must be the address of that server.`,
    };
    expect(await failure(ask(connection(url), QUESTION, ignore))).toEqual(told);
    const streaming = connection(url).stream(
      "/api/v1/sessions",
      {},
      { signal: new AbortController().signal },
    );
    expect(await failure(streaming)).toEqual(told);
    expect(other.asked).toEqual([]);
  });

  test("a run that takes too long is reported with its task", async () => {
    const running = json({ status: "running" });
    const { url } = serverThat(SESSION, TASK, ...new Array(100).fill(running));
    expect(await failure(ask(connection(url), { ...QUESTION, timeoutSeconds: 0.3 }, ignore))).toMatchObject({
      code: "timeout",
      message: expect.stringContaining("task t1 is still running"),
    });
  });

  test("a failed run is reported with its reason", async () => {
    const failed = json({ status: "failed", result: null, error: "The model is away." });
    const { url } = serverThat(SESSION, TASK, failed);
    expect(await failure(ask(connection(url), QUESTION, ignore))).toEqual({
      code: "upstream",
      message: "The model is away.",
    });
  });

  test("a run that waits for a person is told of, once", async () => {
    const [waiting, done] = [json({ status: "waiting" }), json({ status: "complete", result: "Sent." })];
    const { url } = serverThat(SESSION, TASK, waiting, waiting, done);
    const told: string[] = [];
    expect(await ask(connection(url), QUESTION, (line) => void told.push(line))).toBe("Sent.");
    expect(told).toEqual(["The run waits, perhaps for you: see heddle approvals list."]);
  });

  test("a limit longer than a timer allows means no limit", async () => {
    const done = json({ status: "complete", result: "Hi!" });
    const { url } = serverThat(SESSION, TASK, done);
    expect(await ask(connection(url), { ...QUESTION, timeoutSeconds: 1e12 }, ignore)).toBe("Hi!");
  });

  test("another program's page and a proxy's error are not mistaken for Heddle's answers", async () => {
    for (const body of ["<h1>Welcome to nginx!</h1>", '{"status":"ok"}']) {
      const page = serverThat({ status: 200, body, isOther: true });
      expect(await failure(ask(connection(page.url), QUESTION, ignore))).toEqual({
        code: "upstream",
        message: `The server at ${page.url} did not answer as Heddle does: check that the address is that of a Heddle server.`,
      });
    }
    const proxy = serverThat({ status: 502, body: "<h1>502 Bad Gateway</h1>" });
    expect(await failure(ask(connection(proxy.url), QUESTION, ignore))).toEqual({
      code: "upstream",
      message: `The server at ${proxy.url} answered 502.`,
    });
  });
});
