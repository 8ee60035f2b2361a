// Sends messages into running turns in all four modes and kills the server meanwhile, again and again: each message that was
// accepted must end answered, merged or with a reason. Run it with `bun test/bench/kill-when-busy.ts [kills] [sessions]`.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const [kills = 10, perMode = 25] = process.argv.slice(2).map(Number);
const MODES = ["queue", "collect", "steer", "interrupt"] as const;
const KEY = "bench-key-for-the-kill-test-0123456789";
const home = mkdtempSync(join(tmpdir(), "heddle-kill-"));

/** A model that calls a tool first, then answers; each call takes a moment. */
const model = Bun.serve({
  port: 0,
  async fetch(request) {
    const { messages } = (await request.json()) as { messages: { role: string }[] };
    await pause(40 + Math.random() * 120);
    const isDone = messages.at(-1)?.role === "tool" || Math.random() < 0.3;
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
    const body =
      chunk({ delta: { role: "assistant", ...delta }, finish_reason: null }) +
      chunk({ delta: {}, finish_reason: isDone ? "stop" : "tool_calls" }) +
      "data: [DONE]\n\n";
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  },
});

async function start() {
  const child = Bun.spawn(["bun", "src/main.ts", "serve", "--home", home, "--port", "0"], {
    env: {
      ...process.env,
      API_KEY: KEY,
      OPENAI_API_KEY: "x",
      OPENAI_BASE_URL: `http://127.0.0.1:${model.port}/v1`,
      DEFAULT_MODEL: "m",
      LOG_LEVEL: "error",
      ALLOW_PRIVATE_HOSTS: "127.0.0.1",
      WORKER_CONCURRENCY: "20",
      ...(process.env.KILL_DATABASE_URL && { DATABASE_URL: process.env.KILL_DATABASE_URL }),
    },
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

const call = async (url: string, method: string, path: string, body?: object) => {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers of several routes
  return { status: response.status, body: (await response.json()) as any };
};

let server = await start();
await call(server.url, "PATCH", "/bots/default", { tools: ["search_documents"] });
const accepted = new Map<string, string>();
for (let kill = 0; kill < kills; kill++) {
  const { url, child } = server;
  const send = async (mode: string, session: number, message: string) => {
    const body = { message, client_id: `kill:${mode}:${session}`, when_busy: mode, timeout_seconds: 0 };
    const answer = await call(url, "POST", "/chat", body).catch(() => undefined);
    if (answer?.status === 200 && answer.body.message_id) accepted.set(answer.body.message_id, mode);
  };
  const places = MODES.flatMap((mode) => Array.from({ length: perMode }, (_, at) => [mode, at] as const));
  await Promise.all(places.map(([mode, at]) => send(mode, at, `first ${kill}`)));
  const sending = places.map(([mode, at]) => send(mode, at, `second ${kill}`));
  await pause(200 + Math.random() * 1_500);
  child.kill("SIGKILL");
  await Promise.all([...sending, child.exited]);
  server = await start();
}
const { url, child } = server;
const found = new Map<
  string,
  { id: string; status: string; error: string | null; merged_into: string | null }
>();
for (const deadline = Date.now() + 300_000; ; ) {
  found.clear();
  for (let cursor = ""; ; ) {
    const { body } = await call(url, "GET", `/tasks?limit=500${cursor && `&cursor=${cursor}`}`);
    for (const task of body.tasks) found.set(task.message_id, task);
    if (body.next_cursor === null) break;
    cursor = body.next_cursor;
  }
  const open = [...found.values()].filter(({ status }) => ["pending", "running", "waiting"].includes(status));
  if (open.length === 0) break;
  if (Date.now() > deadline) throw new Error(`${open.length} tasks do not end.`);
  await pause(1_000);
}
const outcomes: Record<string, number> = {};
let lost = 0;
const byId = new Map([...found.values()].map((task) => [task.id, task]));
for (const [message, mode] of accepted) {
  const task = found.get(message);
  const into = task?.merged_into ? byId.get(task.merged_into) : undefined;
  const isWell =
    task?.status === "complete" ||
    (task?.status === "merged" && into !== undefined && into.status !== "pending") ||
    ((task?.status === "failed" || task?.status === "cancelled") && (task.error ?? "") !== "");
  if (!isWell) lost += 1;
  const key = `${mode}: ${task?.status ?? "gone"}`;
  outcomes[key] = (outcomes[key] ?? 0) + 1;
}
console.log(JSON.stringify({ kills, accepted: accepted.size, lost, outcomes }, null, 2));
const after = await call(url, "POST", "/chat", { message: "still there?", client_id: "kill:steer:0" });
console.log("afterwards:", after.status, after.body.text);
child.kill("SIGTERM");
await child.exited;
await model.stop(true);
rmSync(home, { recursive: true, force: true });
process.exit(lost === 0 && after.status === 200 ? 0 : 1);
