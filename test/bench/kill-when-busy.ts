// Sends messages into running turns in all four modes and kills the server meanwhile, again and again: each message that was
// accepted must be read by the model and end answered, merged or with a reason, once; no request to the model may have it twice or
// before an earlier one, and each run that is complete has one answer. A message whose answer the kill cut off
// is sent again with its idempotency key, as a client would. With KILL_WORKERS, as many workers share the database with the server, and
// each time one of all these is killed. Run it with
// `[KILL_DATABASE_URL=… [KILL_WORKERS=2]] [KILL_PROGRAM=dist/heddle] bun test/bench/kill-when-busy.ts [messages] [sessions of each mode]`.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const [wanted = 1_000, perMode = 3] = process.argv.slice(2).map(Number);
const MODES = ["queue", "collect", "steer", "interrupt"] as const;
type Mode = (typeof MODES)[number];
const KEY = "bench-key-for-the-kill-test-0123456789";
const home = mkdtempSync(join(tmpdir(), "heddle-kill-"));
/** The compiled program, or this checkout, which must not be changed meanwhile. */
const program = process.env.KILL_PROGRAM ? [process.env.KILL_PROGRAM] : [process.execPath, "src/main.ts"];
const log = (line: string) => process.stderr.write(`${line}\n`);

/** What the model was sent: the marks of the messages. */
const read = new Set<string>();
/** The marks of each request, in its order. */
const requests = new Set<string>();

/** A model that mostly calls a tool, then answers; each call takes a moment. */
const model = Bun.serve({
  port: 0,
  async fetch(request) {
    const body = await request.text();
    const marks = Array.from(body.matchAll(/mark-[a-z0-9-]+-end/g), ([mark]) => mark);
    for (const mark of marks) read.add(mark);
    requests.add(marks.join(" "));
    const { messages } = JSON.parse(body) as { messages: { role: string }[] };
    await pause(80 + Math.random() * 200);
    const steps = messages.length - messages.findLastIndex(({ role }) => role === "user");
    const isDone = steps > 8 || Math.random() < 0.25;
    const delta = isDone
      ? { content: "Answered." }
      : {
          tool_calls: [
            {
              index: 0,
              id: `c${crypto.randomUUID().slice(0, 8)}`,
              type: "function",
              function: { name: "search_documents", arguments: '{"query":"x"}' },
            },
          ],
        };
    const chunk = (choice: object) =>
      `data: ${JSON.stringify({ id: "x", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, ...choice }] })}\n\n`;
    const answer =
      chunk({ delta: { role: "assistant", ...delta }, finish_reason: null }) +
      chunk({ delta: {}, finish_reason: isDone ? "stop" : "tool_calls" }) +
      "data: [DONE]\n\n";
    return new Response(answer, { headers: { "content-type": "text/event-stream" } });
  },
});

const environment = {
  ...process.env,
  API_KEY: KEY,
  OPENAI_API_KEY: "x",
  OPENAI_BASE_URL: `http://127.0.0.1:${model.port}/v1`,
  DEFAULT_MODEL: "m",
  LOG_LEVEL: "error",
  ALLOW_PRIVATE_HOSTS: "127.0.0.1",
  WORKER_CONCURRENCY: "20",
  ...(process.env.KILL_DATABASE_URL && { DATABASE_URL: process.env.KILL_DATABASE_URL }),
};

const startWorker = () =>
  Bun.spawn([...program, "worker", "--home", home], {
    env: environment,
    stdout: "ignore",
    stderr: "inherit",
  });

async function start() {
  const child = Bun.spawn([...program, "serve", "--home", home, "--port", "0"], {
    env: environment,
    stdout: "pipe",
    stderr: "inherit",
  });
  let text = "";
  for await (const chunk of child.stdout) {
    text += new TextDecoder().decode(chunk);
    const url = /listening on (http\S+)/.exec(text)?.[1];
    if (url) return { child, url };
  }
  throw new Error(`The server did not start: ${text}`);
}

let server = await start();
const workers = Array.from({ length: Number(process.env.KILL_WORKERS ?? 0) }, startWorker);

const call = async (method: string, path: string, body?: object) => {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers of several routes
  return { status: response.status, body: (await response.json()) as any };
};

type Kind = "first" | "into a running turn" | "after the restart";
interface Sent {
  mode: Mode;
  kind: Kind;
  mark: string;
  messageId: string;
  again: boolean;
}
const sent: Sent[] = [];
let numbers = 0;

/** Sends until the server has accepted it. */
async function send(mode: Mode, client: string, kind: Kind): Promise<string> {
  const mark = `mark-${mode}-${++numbers}-end`;
  const body = {
    message: mark,
    client_id: client,
    when_busy: mode,
    timeout_seconds: 0,
    idempotency_key: mark,
  };
  for (let again = false; ; again = true) {
    const answer = await call("POST", "/chat", body).catch(() => undefined);
    if (answer?.status === 200) {
      sent.push({ mode, kind, mark, messageId: answer.body.message_id, again });
      return mark;
    }
    // An interrupted run is answered with its end, which names its task.
    const [, ended] = /\(task ([0-9a-f-]{36})\)/.exec(answer?.body.error?.message ?? "") ?? [];
    if (ended !== undefined) {
      const found = await call("GET", `/tasks/${ended}`).catch(() => undefined);
      if (found?.status !== 200) continue;
      sent.push({ mode, kind, mark, messageId: found.body.message_id, again });
      return mark;
    }
    if (answer && answer.status < 500) throw new Error(`Not accepted: ${JSON.stringify(answer.body)}`);
    await pause(100);
  }
}

async function isRead(mark: string): Promise<void> {
  for (const deadline = Date.now() + 60_000; !read.has(mark); await pause(10)) {
    if (Date.now() > deadline) throw new Error(`${mark} does not reach the model.`);
  }
}

await call("PATCH", "/bots/default", { tools: ["search_documents"] });
const begun = performance.now();
let kills = 0;
let before: [Mode, string][] = [];
while (sent.filter(({ kind }) => kind !== "first").length < wanted) {
  const places = MODES.flatMap((mode) =>
    Array.from({ length: perMode }, (_, at) => [mode, `kill:${mode}:${kills}:${at}`] as [Mode, string]),
  );
  const { child } = server;
  // Into runs that go on after the last kill.
  const resumed = before.map(([mode, client]) => send(mode, client, "after the restart"));
  // Into runs of which the model has been asked already.
  const into = places.map(async ([mode, client]) => {
    await isRead(await send(mode, client, "first"));
    await Promise.all([1, 2].map(() => send(mode, client, "into a running turn")));
  });
  // At any moment: before, while and after the messages arrive.
  await Promise.race([Promise.all(into), pause(300 + Math.random() * 2_500)]);
  await pause(Math.random() * 400);
  const place = Math.floor(Math.random() * (workers.length + 1)) - 1;
  const killed = workers[place] ?? child;
  killed.kill("SIGKILL");
  await killed.exited;
  kills += 1;
  if (killed === child) server = await start();
  else workers[place] = startWorker();
  await Promise.all([...into, ...resumed]);
  before = places;
  if (kills % 5 === 0) log(`${kills} kills, ${sent.length} messages`);
}

interface Task {
  id: string;
  session_id: string;
  message_id: string;
  status: string;
  error: string | null;
  merged_into: string | null;
}

async function allTasks(): Promise<Task[]> {
  const found: Task[] = [];
  for (let cursor = ""; ; ) {
    const { body } = await call("GET", `/tasks?limit=500${cursor && `&cursor=${cursor}`}`);
    found.push(...body.tasks);
    if (body.next_cursor === null) return found;
    cursor = body.next_cursor;
  }
}

let tasks = await allTasks();
const OPEN = ["pending", "running", "waiting"];
for (const deadline = Date.now() + 600_000; ; tasks = await allTasks()) {
  const open = tasks.filter(({ status }) => OPEN.includes(status)).length;
  if (open === 0) break;
  if (Date.now() > deadline) throw new Error(`${open} tasks do not end.`);
  log(`${open} tasks go on`);
  await pause(2_000);
}

/** How often the run was begun, as its stream tells. */
async function attemptsOf(task: string): Promise<number> {
  const response = await fetch(`${server.url}/api/v1/tasks/${task}/stream`, {
    headers: { authorization: `Bearer ${KEY}` },
  });
  const starts = (await response.text()).matchAll(/"type":"started","attempt":(\d+)/g);
  return Math.max(1, ...Array.from(starts, ([, number]) => Number(number)));
}
const attempts = new Map<string, number>();
for (const { id, status } of tasks) if (status !== "merged") attempts.set(id, await attemptsOf(id));

const byId = new Map(tasks.map((task) => [task.id, task]));
const byMessage = Map.groupBy(tasks, (task) => task.message_id);
const outcomes: Record<string, number> = {};
const count = (key: string) => {
  outcomes[key] = (outcomes[key] ?? 0) + 1;
};
const lost: object[] = [];
for (const one of sent) {
  const [task, ...others] = byMessage.get(one.messageId) ?? [];
  let last = task;
  while (last?.status === "merged" && last.merged_into) last = byId.get(last.merged_into);
  const isAnswered = last?.status === "complete" && read.has(one.mark);
  const hasReason = ["failed", "cancelled"].includes(last?.status ?? "") && (last?.error ?? "") !== "";
  if (!task || others.length > 0 || !(isAnswered || hasReason)) lost.push({ ...one, task, last });
  count(`${one.mode}, ${one.kind}: ${task?.status ?? "gone"}`);
  if (task?.status === "merged" && (attempts.get(last?.id ?? "") ?? 1) > 1)
    count(`${one.mode}: merged into a resumed run`);
}

// The ids of tasks are in the order in which the messages were accepted.
const taskOf = new Map(sent.map(({ mark, messageId }) => [mark, byMessage.get(messageId)?.[0]?.id ?? ""]));
const outOfOrder = [...requests].filter((marks) => {
  const ids = marks.split(" ").map((mark) => taskOf.get(mark) ?? mark);
  return ids.join() !== [...new Set(ids)].sort().join();
});

/** Tasks whose number of answers is not the right one. */
async function wronglyAnswered(): Promise<string[]> {
  const answers = new Map<string, number>();
  for (const session of new Set(tasks.map(({ session_id }) => session_id))) {
    const { body } = await call("GET", `/sessions/${session}/messages?limit=500`);
    for (const { role, task_id, content } of body)
      if (role === "assistant" && content === "Answered.")
        answers.set(task_id, (answers.get(task_id) ?? 0) + 1);
  }
  const expected = ({ status }: Task): number => (status === "complete" ? 1 : 0);
  return tasks.flatMap((task) => ((answers.get(task.id) ?? 0) === expected(task) ? [] : task.id));
}
const wrong = await wronglyAnswered();
const twice = sent.length - new Set(sent.map(({ messageId }) => messageId)).size;
const sum = (test: (one: Sent) => boolean) => sent.filter(test).length;
console.log(
  JSON.stringify(
    {
      database: process.env.KILL_DATABASE_URL ? "postgres" : "embedded",
      seconds: Math.round((performance.now() - begun) / 1000),
      kills,
      workers: workers.length,
      accepted: sent.length,
      into_running_turns: sum(({ kind }) => kind !== "first"),
      sent_again_after_a_cut_answer: sum(({ again }) => again),
      resumed_runs: [...attempts.values()].filter((attempt) => attempt > 1).length,
      merged: tasks.filter(({ status }) => status === "merged").length,
      lost: lost.length,
      stored_twice: twice,
      requests_with_several: [...requests].filter((marks) => marks.includes(" ")).length,
      requests_out_of_order_or_with_one_twice: outOfOrder.length,
      not_answered_once: wrong.length,
      outcomes: Object.fromEntries(Object.entries(outcomes).sort()),
    },
    null,
    2,
  ),
);
for (const one of [...lost, ...outOfOrder, ...wrong].slice(0, 20)) log(JSON.stringify(one));
const after = await Promise.all(
  MODES.map((mode) => call("POST", "/chat", { message: "still there?", client_id: `kill:${mode}:0:0` })),
);
console.log("afterwards:", after.map(({ status }) => status).join(" "));
for (const child of [server.child, ...workers]) {
  child.kill("SIGTERM");
  await child.exited;
}
await model.stop(true);
rmSync(home, { recursive: true, force: true });
process.exit(
  lost.length + twice + outOfOrder.length + wrong.length === 0 && after.every(({ status }) => status === 200)
    ? 0
    : 1,
);
