// Misbehaving models under a whole server: each run ends with a clear outcome that is delivered as such, and does not
// hold back the session's next run.

import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import type { IncomingMessage, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { LLMock } from "@copilotkit/aimock";
import { eachDatabase } from "../database.ts";
import { createFakeGitHub, type FakeGitHub } from "../github/fake-github.ts";
import { until } from "../until.ts";
import { closeAll, startOn } from "./in-process.ts";
import { ask } from "./process.ts";
import { readStored, type Stored } from "./stored.ts";
import { pullRequests, send } from "./webhooks.ts";

const KEY = "sk-secret-key-of-the-model-test";
/** Longer than the other runs need together, at once and on a busy machine. */
const MAX_RUN_SECONDS = 25;

interface Request {
  messages: { role: string; content: unknown }[];
  tool_choice?: unknown;
}

/** Answers the nth request (0-based) of one run. */
type Model = (res: ServerResponse, nth: number, request: Request) => void;

const sse = { "content-type": "text/event-stream" };
const data = (content: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: content, finish_reason }] })}\n\n`;
const END = `${data({}, "stop")}data: [DONE]\n\n`;
const toolCall = (name: string, args: string) =>
  data({ tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name, arguments: args } }] });

const answers: Model = (res) => void res.writeHead(200, sse).end(data({ content: "All is well." }) + END);
const says =
  (status: number, headers: Record<string, string>, body: string): Model =>
  (res) =>
    void res.writeHead(status, headers).end(body);
const error = (status: number, headers: Record<string, string> = {}): Model =>
  says(
    status,
    { "content-type": "application/json", ...headers },
    JSON.stringify({ error: { message: `No, ${KEY}, not now.` } }),
  );
const breaksOff =
  (text: string): Model =>
  (res) =>
    void res.writeHead(200, sse).write(text, () => res.destroy());
const calls = (name: string, args: string): Model =>
  says(200, sse, `${toolCall(name, args)}${data({}, "tool_calls")}data: [DONE]\n\n`);
/** First these responses, one per request; then a proper answer. */
const first =
  (...models: Model[]): Model =>
  (res, nth, request) =>
    (models[nth] ?? answers)(res, nth, request);
const HTML = "<html><head><style>p { color: red }</style></head><body><p>Sign in</p></body></html>";
const html = { "content-type": "text/html" };

type Outcome = { status: "complete" } | { status: "failed"; code: string; says: RegExp };

const COMPLETE: Outcome = { status: "complete" };
const failed = (says: RegExp, code = "model_failed"): Outcome => ({ status: "failed", code, says });

const CASES: [name: string, model: Model, outcome: Outcome][] = [
  [
    "429, then an answer",
    first(error(429, { "retry-after": "0" }), error(429, { "retry-after": "1" })),
    COMPLETE,
  ],
  ["429 for ever", error(429, { "retry-after": "1" }), failed(/HTTP 429/)],
  ["500, then an answer", first(error(500)), COMPLETE],
  ["500 for ever", error(500), failed(/HTTP 500/)],
  ["a wrong key", error(401), failed(/HTTP 401/)],
  ["garbage instead of a stream", says(200, sse, "data: {]\n\n"), failed(/No model answered/)],
  ["JSON of another kind", says(200, sse, 'data: {"hello":1}\n\n'), failed(/not a chat completion/)],
  ["a page instead of a stream", says(200, html, HTML), failed(/No model answered/)],
  ["a page of a proxy", says(502, html, HTML), failed(/HTTP 502/)],
  [
    "an error within the stream",
    says(200, sse, 'data: {"error":{"message":"Overloaded"}}\n\n'),
    failed(/Overloaded/),
  ],
  ["a cut stream, then an answer", first(breaksOff(data({ content: "All is" }))), COMPLETE],
  ["a stream that is always cut", breaksOff(data({ content: "All is" })), failed(/No model answered/)],
  ["a stream that ends early", says(200, sse, data({ content: "All is" })), failed(/ended early/)],
  ["a tool call that is cut", first(breaksOff(toolCall("github_get_pr", '{"owner":"ac'))), COMPLETE],
  ["a connection that is dropped", (res) => void res.destroy(), failed(/No model answered/)],
  ["an unknown tool", first(calls("rm_rf", "{}")), COMPLETE],
  ["invalid arguments", first(calls("github_get_pr", '{"owner":7}')), COMPLETE],
  ["arguments that are no JSON", first(calls("github_get_pr", '{"owner":')), COMPLETE],
  [
    "arguments that are too large",
    first(calls("github_get_pr", `{"owner":"${"x".repeat(3_000_000)}"}`)),
    COMPLETE,
  ],
  [
    "tool calls for ever",
    (res, nth, request) =>
      (request.tool_choice !== "none"
        ? calls("github_get_pr", '{"owner":"a","repo":"b","pull_number":1}')
        : answers)(res, nth, request),
    COMPLETE,
  ],
  ["tool calls even when it must answer, until it gets no tools", calls("nothing", "{}"), COMPLETE],
  ["nothing to say", says(200, sse, END), failed(/empty/)],
  ["no answer at all", () => undefined, failed(/longer than 25 seconds/, "timeout")],
  [
    "an answer that stops and never ends",
    (res) => void res.writeHead(200, sse).write(data({ content: "All" })),
    failed(/longer than 25 seconds/, "timeout"),
  ],
];

/** The requesting repository; its number is the case's index. */
const caseOf = (request: Request) => Number(/acme\/repo-(\d+)/.exec(askedIn(request)[1] ?? "")?.[1]);
/** The text of the message to answer, and the instructions behind it. */
function askedIn({ messages }: Request): string[] {
  const text = String(messages.findLast(({ role }) => role === "user")?.content);
  // An earlier message that is joined with this one has instructions of its own.
  const at = text.lastIndexOf("<heddle_context>");
  return [text.slice(0, at), text.slice(at)];
}
const requestsOf = new Map<string, number>();

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const request = (await json(req)) as Request;
  const [prompt = ""] = askedIn(request);
  // A message whose run failed without an answer is joined with the next one.
  const run = Number([...prompt.matchAll(/Change (\d+)/g)].at(-1)?.[1]);
  const index = caseOf(request);
  const key = `${index}/${run}`;
  const nth = requestsOf.get(key) ?? 0;
  requestsOf.set(key, nth + 1);
  // Of a case's two runs, the first gets the misbehaving model and the second a healthy one.
  const model = run <= CASES.length ? CASES[index]?.[1] : answers;
  model?.(res, nth, request);
}

let mock: LLMock;
let github: FakeGitHub;

beforeAll(async () => {
  github = createFakeGitHub({ token: "ghp_of_the_test" });
  mock = new LLMock({ port: 0 });
  mock.mount("/raw", {
    async handleRequest(req, res) {
      await answer(req, res);
      return true;
    },
  });
  await mock.start();
});
afterEach(closeAll);
afterAll(async () => {
  await mock.stop();
  await github.close();
});

eachDatabase("under a whole server", (open) => {
  let stored: Stored;

  beforeAll(async () => {
    requestsOf.clear();
    github.comments.length = 0;
    const database = await open.place();
    const heddle = await startOn(
      database,
      { modelUrl: `${mock.url}/raw/v1`, githubUrl: github.url },
      {
        OPENAI_API_KEY: KEY,
        TASK_MAX_RUN_SECONDS: String(MAX_RUN_SECONDS),
        WORKER_CONCURRENCY: String(CASES.length * 2),
      },
    );
    const webhooks = pullRequests(CASES.length * 2, CASES.length);
    for (const webhook of webhooks) expect((await send(heddle.url, webhook)).status).toBe(200);
    await until(
      () => ask(heddle.url, "/api/v1/deliveries?status=delivered&limit=200"),
      ({ deliveries }) => deliveries.length === webhooks.length,
      { everyMs: 100, withinSeconds: 150 },
    );
    await heddle.close();
    stored = await readStored(database);
  }, 150_000);

  test.each(CASES.map(([name, , outcome], index) => ({ name, index, outcome })))(
    "$name",
    ({ index, outcome }) => {
      const issue = `acme/repo-${index}#${index + 1}`;
      const task = stored.tasks.find(({ content }) => content.includes(`Change ${index + 1}\n`))?.task;
      const comments = github.commentsOn(issue).map(({ body }) => body);
      expect(comments).toHaveLength(1);
      if (outcome.status === "complete") {
        expect(task).toMatchObject({
          status: "complete",
          result: "All is well.",
          error: null,
          error_code: null,
        });
        // Nothing remains of a truncated answer.
        expect(comments[0]).toEndWith("\nAll is well.");
      } else {
        expect(task).toMatchObject({ status: "failed", result: null, error_code: outcome.code });
        expect(task?.error).toMatch(outcome.says);
        expect(task?.error).not.toMatch(/<\w+>|sk-secret/);
        expect(comments[0]).toContain("No answer: the run failed.");
        expect(comments[0]).toMatch(outcome.says);
      }
      const next = `acme/repo-${index}#${index + 1 + CASES.length}`;
      expect(github.commentsOn(next).map(({ body }) => body)).toEqual([
        expect.stringContaining("All is well."),
      ]);
    },
  );

  test("every run has ended, and every call has an outcome", () => {
    expect(stored.tasks).toHaveLength(CASES.length * 2);
    expect(stored.tasks.filter(({ task }) => !["complete", "failed"].includes(task.status))).toEqual([]);
    expect(stored.deliveries.map(({ status }) => status)).toEqual(stored.tasks.map(() => "delivered"));
    expect(stored.toolCalls.filter(({ status }) => status === "running")).toEqual([]);
    expect(stored.jobs).toEqual([]);
  });
});
