// Runs whose model misbehaves as aimock's chaos does (errors, rate limits, malformed JSON, closed connections, cut streams, latency): each
// must end complete or failed with a reason, once, and its session must answer afterwards. Run it with
// `[CHAOS_DATABASE_URL=…] [CHAOS_PROGRAM=dist/heddle] bun test/bench/chaos.ts [runs] [rate]`.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { LLMock } from "@copilotkit/aimock";
import { api, startServer } from "./server.ts";

const [wanted = 200, rate = 0.3] = process.argv.slice(2).map(Number);
const SESSIONS = 20;
const MINUTES = 60_000;

/** How often each of the faults came that aimock does not count. */
const done: Record<string, number> = {};
const count = (what: string): true => {
  done[what] = (done[what] ?? 0) + 1;
  return true;
};

interface Asked {
  messages: { role: string }[];
}
const hasResult = ({ messages }: Asked): boolean => messages.at(-1)?.role === "tool";

/** As the rates are drawn one after another, each is what leaves `rate` in all. The last of the five kinds is the cut streams. */
const each = 1 - (1 - rate) ** (1 / 5);
const mock = new LLMock({ port: 0 });
let isQuiet = false;
const call = { toolCalls: [{ name: "search_documents", arguments: '{"query":"x"}' }] };
const cut = () => !isQuiet && Math.random() < each && count("cut streams");
const asked = (request: unknown) => request as Asked;
mock.on({ predicate: (request) => !hasResult(asked(request)) && cut() }, call, {
  chunkSize: 2,
  truncateAfterChunks: 2,
});
mock.on(
  { predicate: (request) => hasResult(asked(request)) && cut() },
  { content: "This was cut somewhere." },
  {
    chunkSize: 4,
    truncateAfterChunks: 3,
  },
);
mock.on(
  {
    predicate: (request) => !isQuiet && hasResult(asked(request)) && Math.random() < 0.2 && count("latency"),
  },
  { content: "Answered." },
  { latency: 150 },
);
mock.on({ predicate: (request) => !hasResult(asked(request)) && !isQuiet }, call);
mock.on({ predicate: () => true }, { content: "Answered." }, { chunkSize: 3 });
await mock.start();
mock.setChaos({ dropRate: each, malformedRate: each, rateLimitRate: each, disconnectRate: each });

/** Where answers are delivered: how often each came. */
const delivered = new Map<string, number>();
const receiver = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    const { task_id } = (await request.json()) as { task_id: string };
    delivered.set(task_id, (delivered.get(task_id) ?? 0) + 1);
    return new Response();
  },
});

const home = mkdtempSync(join(tmpdir(), "heddle-chaos-"));
const server = await startServer({
  binary: process.env.CHAOS_PROGRAM ?? "dist/heddle",
  home,
  databaseUrl: process.env.CHAOS_DATABASE_URL,
  environment: {
    OPENAI_API_KEY: "x",
    OPENAI_BASE_URL: `${mock.url}/v1`,
    DEFAULT_MODEL: "m",
    WORKER_CONCURRENCY: "20",
  },
});
const begun = performance.now();
const sessions: string[] = [];
for (let at = 0; at < SESSIONS; at++) {
  const made = await api<{ session_id: string }>(server, "/api/v1/sessions", {
    bot_id: "default",
    client_id: `chaos:${at}`,
  });
  sessions.push(made.session_id);
}

interface Task {
  id: string;
  status: string;
  error: string | null;
  result: string | null;
}
const ids: string[] = [];
for (let at = 0; at < wanted; at++) {
  const { task_id } = await api<{ task_id: string }>(
    server,
    `/api/v1/sessions/${sessions[at % SESSIONS]}/messages`,
    {
      content: `Message ${at}`,
      run_agent: true,
      dispatch_config: { type: "webhook", url: receiver.url.href },
    },
  ).catch((error) => {
    throw error;
  });
  ids.push(task_id);
}

const taskOf = (id: string) => api<Task>(server, `/api/v1/tasks/${id}`);
const hasEnded = ({ status }: Task) => ["complete", "failed", "cancelled"].includes(status);
let tasks: Task[] = [];
for (const deadline = Date.now() + 20 * MINUTES; ; await pause(2_000)) {
  tasks = await Promise.all(ids.map(taskOf));
  const open = tasks.filter((task) => !hasEnded(task)).length;
  if (open === 0) break;
  process.stderr.write(`${open} runs go on\n`);
  if (Date.now() > deadline) throw new Error(`${open} runs do not end.`);
}
const seconds = Math.round((performance.now() - begun) / 1000);

// The deliveries of the last runs are on their way.
for (const deadline = Date.now() + MINUTES; delivered.size < ids.length && Date.now() < deadline; )
  await pause(200);
const messages = (
  await Promise.all(
    sessions.map((id) =>
      api<{ role: string; content: string; task_id: string; tool_calls: unknown }[]>(
        server,
        `/api/v1/sessions/${id}/messages?limit=500`,
      ),
    ),
  )
).flat();
const answersOf = (id: string) =>
  messages.filter(
    ({ role, task_id, tool_calls }) => role === "assistant" && task_id === id && tool_calls === null,
  );
const withoutReason = tasks.filter(({ status, error }) => status !== "complete" && !error);
const wronglyAnswered = tasks.filter(
  ({ id, status, result }) =>
    answersOf(id).length !== (status === "complete" ? 1 : 0) ||
    (status === "complete" && result !== "Answered."),
);
const wronglyDelivered = ids.filter((id) => delivered.get(id) !== 1);

isQuiet = true;
mock.setChaos({});
// A model that failed is left alone for a while.
const afterwards = await Promise.all(
  sessions.map((session_id) =>
    api<{ status: string; text: string }>(server, "/api/v1/chat", {
      session_id,
      message: "Still there?",
      timeout_seconds: 200,
    }),
  ),
);
const silent = afterwards.filter(({ status }) => status !== "complete");
const reasons = Object.entries(
  Object.groupBy(
    tasks.filter(({ error }) => error),
    ({ error }) => String(error),
  ),
).map(([reason, failed]) => `${failed?.length}: ${reason}`);
const ended = (status: string) => tasks.filter((task) => task.status === status).length;
const asks = mock.getRequests().length;
console.log(
  JSON.stringify(
    {
      database: process.env.CHAOS_DATABASE_URL ? "postgres" : "embedded",
      seconds,
      runs: tasks.length,
      requests: asks,
      complete: ended("complete"),
      failed: ended("failed"),
      reasons,
      ...done,
      without_reason: withoutReason.length,
      not_answered_once: wronglyAnswered.length,
      not_delivered_once: wronglyDelivered.length,
      sessions_that_do_not_answer: silent.length,
    },
    null,
    2,
  ),
);
for (const one of [...withoutReason, ...wronglyAnswered, ...wronglyDelivered, ...silent].slice(0, 10))
  process.stderr.write(`${JSON.stringify(one)}\n`);
await server.stop();
await mock.stop();
await receiver.stop(true);
rmSync(home, { recursive: true, force: true });
process.exit(
  withoutReason.length + wronglyAnswered.length + wronglyDelivered.length + silent.length === 0 ? 0 : 1,
);
