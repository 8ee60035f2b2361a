// What was reserved in a budget for a model call does not outlive `kill -9`: the run makes its call again, and the runs that had to wait
// for it go on.

import { afterAll, expect, test } from "bun:test";
import { type DatabasePlace, eachDatabase } from "../database.ts";
import { until } from "../until.ts";
import { ADMIN_KEY, ask, killAll, lapse, launch } from "./process.ts";

afterAll(killAll);

const USAGE = { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 };

/** Holds its first answer for ever. */
function holdingModel() {
  const asked = { count: 0 };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      if (!request.url.endsWith("/chat/completions")) return Response.json({ data: [] });
      asked.count += 1;
      if (asked.count === 1) await new Promise(() => undefined);
      const delta = { role: "assistant", content: "Done." };
      const events = [
        { choices: [{ index: 0, delta, finish_reason: "stop" }] },
        { choices: [], usage: USAGE },
      ];
      const lines = [...events.map((event) => JSON.stringify(event)), "[DONE]"];
      return new Response(lines.map((line) => `data: ${line}\n\n`).join(""), {
        headers: { "content-type": "text/event-stream" },
      });
    },
  });
  return {
    asked,
    url: `http://127.0.0.1:${server.port}/v1`,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

eachDatabase("a budget", (open) => {
  test("is not charged for a call that kill -9 ended, and lets others call", async () => {
    await using model = holdingModel();
    const place: DatabasePlace = await open.place();
    const start = () =>
      launch({
        arguments: ["--home", place.home, "--port", "0"],
        environment: {
          ...(place.databaseUrl && { DATABASE_URL: place.databaseUrl }),
          OPENAI_BASE_URL: model.url,
        },
      });
    const post = async (url: string, path: string, body: object) => {
      const response = await fetch(`${url}/api/v1${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      // biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
      return (await response.json()) as any;
    };
    const send = async (url: string, room: string): Promise<string> => {
      const { session_id } = await post(url, "/sessions", { client_id: `test:${room}`, bot_id: "default" });
      const body = { content: "Go", run_agent: true };
      return `/api/v1/tasks/${(await post(url, `/sessions/${session_id}/messages`, body)).task_id}`;
    };

    const first = start();
    const url = await first.started;
    const budget = { scope: "server", metric: "tokens", period: "day", amount: 250 };
    const { id } = await post(url, "/budgets", budget);
    const held = await send(url, "held");
    await until(() => model.asked.count === 1);
    // Nobody knows yet what a call uses, so that this one waits for the other.
    const waiting = await send(url, "waiting");
    await until(async () => (await ask(url, waiting)).status === "running");
    first.kill("SIGKILL");
    await first.ended;
    // On PostgreSQL a job comes back when its heartbeat has lapsed, which takes longer than a test should.
    if (place.databaseUrl) await lapse(place.databaseUrl);

    const second = start();
    const again = await second.started;
    const ended = (task: string) =>
      until(
        () => ask(again, task),
        ({ completed_at }) => completed_at !== null,
      );
    expect([(await ended(held)).status, (await ended(waiting)).status]).toEqual(["complete", "complete"]);
    const { current } = await ask(again, `/api/v1/budgets/${id}`);
    expect([current.used, model.asked.count]).toEqual([300, 3]);
    expect((await ended(await send(again, "late"))).error_code).toBe("usage_limit_exceeded");
    second.kill("SIGTERM");
    await second.ended;
  }, 120_000);
});
