// `kill -9` while a model writes the summary of a long conversation: after the restart the run goes on, and nothing is lost.

import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { eachDatabase } from "../database.ts";
import { until } from "../until.ts";
import { ADMIN_KEY, ask, killAll, launch } from "./process.ts";

interface Asked {
  messages: { role: string; content: string }[];
}

let server: Server;
let url: string;
let asked: Asked[] = [];
/** Whether requests for a summary get no answer. */
let stalls = false;

const isSummary = ({ messages }: Asked): boolean =>
  (messages[0]?.content ?? "").startsWith("You keep the notes of an agent");
const summaries = (): number => asked.filter(isSummary).length;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    const given = JSON.parse(body) as Asked;
    asked.push(given);
    if (isSummary(given) && stalls) return;
    const content = isSummary(given) ? "They counted." : "Noted.";
    const event = { choices: [{ index: 0, delta: { content }, finish_reason: "stop" }] };
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(`data: ${JSON.stringify(event)}\n\ndata: [DONE]\n\n`);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterEach(killAll);
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

eachDatabase("kill -9 during a compaction", (open) => {
  test("the run goes on with one summary, and every message is kept", async () => {
    asked = [];
    const { home, databaseUrl } = await open.place();
    const start = () =>
      launch({
        arguments: ["--home", home, "--port", "0"],
        environment: {
          ...(databaseUrl && { DATABASE_URL: databaseUrl }),
          OPENAI_BASE_URL: url,
          CONTEXT_WINDOW: "3000",
        },
      });
    const post = async (at: string, path: string, body: object) => {
      const response = await fetch(`${at}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      expect(response.status).toBeLessThan(300);
      return (await response.json()) as { session_id: string; task_id: string };
    };
    const first = start();
    const address = await first.started;
    const { session_id } = await post(address, "/api/v1/sessions", {
      bot_id: "default",
      client_id: "kill:1",
    });
    const say = (at: string, content: string) =>
      post(at, `/api/v1/sessions/${session_id}/messages`, { content, run_agent: true });
    const over = (at: string, id: string) =>
      until(
        () => ask(at, `/api/v1/tasks/${id}`),
        ({ status }) => status === "complete" || status === "failed",
        { withinSeconds: 60 },
      );
    stalls = true;
    // One of them makes the conversation too long.
    const waiting: string[] = [];
    for (let turn = 1; turn <= 10; turn++) {
      waiting.push((await say(address, `${turn}: ${"count on and on, ".repeat(90)}`)).task_id);
    }
    await until(summaries, (count) => count > 0, { withinSeconds: 30 });
    first.kill("SIGKILL");
    expect(await first.ended).toBe("SIGKILL");

    stalls = false;
    const second = start();
    const again = await second.started;
    for (const id of waiting)
      expect(await over(again, id)).toMatchObject({ status: "complete", result: "Noted." });
    const messages = await ask(again, `/api/v1/sessions/${session_id}/messages?limit=100`);
    expect(messages.map(({ role }: { role: string }) => role)).toHaveLength(20);
    const last = asked.filter((one) => !isSummary(one)).at(-1)?.messages ?? [];
    expect(last[1]?.content).toContain("They counted.");
    second.kill("SIGTERM");
    expect(await second.ended).toBe(0);
  }, 120_000);
});
