// What was reserved in a budget for a model call does not outlive `kill -9`: the run makes its call again, and the runs that had to wait
// for it go on.

import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type DatabasePlace, embeddedDatabase, oneDatabase } from "../database.ts";
import { run } from "../docs/processes.ts";
import { PROGRAM } from "../program.ts";
import { until } from "../until.ts";
import { ADMIN_KEY, ask, killAll, lapse, launch } from "./process.ts";

afterAll(killAll);

/** What calls outside of runs use, as the endpoint says. */
const TOKENS_OF = { text: 7, recording: 50 };

const USAGE = { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 };

/** Holds its first answer for ever. */
function holdingModel({ holds = true } = {}) {
  const asked = { count: 0, texts: 0, recordings: 0 };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      if (request.url.endsWith("/embeddings")) {
        const { input } = (await request.json()) as { input: string[] };
        asked.texts += input.length;
        const data = input.map((_, index) => ({ index, embedding: [1, index] }));
        const tokens = TOKENS_OF.text * input.length;
        return Response.json({ data, usage: { prompt_tokens: tokens, total_tokens: tokens } });
      }
      if (request.url.endsWith("/audio/transcriptions")) {
        asked.recordings += 1;
        return Response.json({
          text: "Said.",
          usage: { type: "tokens", input_tokens: 40, output_tokens: 10 },
        });
      }
      if (!request.url.endsWith("/chat/completions")) return Response.json({ data: [] });
      asked.count += 1;
      if (asked.count === 1 && holds) await new Promise(() => undefined);
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

oneDatabase("a budget", (open) => {
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

const embedded = embeddedDatabase();

test("a budget is charged for embeddings, recordings and evals, which end at its cap as well", async () => {
  await using model = holdingModel({ holds: false });
  const place = await embedded.place();
  const server = launch({
    arguments: ["--home", place.home, "--port", "0"],
    environment: {
      OPENAI_BASE_URL: model.url,
      EMBEDDING_MODEL: "vectors",
    },
  });
  const url = await server.started;
  // biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
  const send = async (method: string, path: string, body: object | Uint8Array): Promise<any> => {
    const isBytes = body instanceof Uint8Array;
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${ADMIN_KEY}`,
        "content-type": isBytes ? "application/octet-stream" : "application/json",
      },
      body: isBytes ? new Uint8Array(body) : JSON.stringify(body),
    });
    return { status: response.status, ...((await response.json()) as object) };
  };
  const evaluate = () =>
    run([...PROGRAM, "eval", "evals", "--real-model", "--home", place.home], {
      cwd: place.home,
      environment: { PATH: "/usr/bin:/bin", HOME: place.home, OPENAI_BASE_URL: model.url, NO_COLOR: "1" },
    });
  await Bun.write(
    join(place.home, "evals/one.yaml"),
    "bot: default\nmessage: { content: Go, from_person: true }\nexpect: { text: { contains: done } }\n",
  );
  const budget = { metric: "tokens", period: "day", amount: 1_000_000 };
  const all = await send("POST", "/budgets", { scope: "server", ...budget });
  const bots = await send("POST", "/budgets", { scope: "bot", subject: "default", ...budget });
  const used = async ({ id }: { id: string }) => (await ask(url, `/api/v1/budgets/${id}`)).current.used;
  const said = () => model.asked.texts * TOKENS_OF.text + model.asked.recordings * TOKENS_OF.recording;

  const document = (title: string) => send("POST", "/documents", { title, content: `${title} of the house` });
  await document("Rules");
  expect(await send("POST", "/transcribe", new Uint8Array(6_400))).toEqual({ status: 200, text: "Said." });
  await until(async () => model.asked.texts > 0 && (await used(all)) === said());
  const evaluated = await evaluate();
  expect([evaluated.err, evaluated.status]).toEqual(["", 0]);
  expect([(await used(all)) - said(), await used(bots)]).toEqual([150, 150]);

  await send("PATCH", `/budgets/${all.id}`, { amount: await used(all) });
  const before = { ...model.asked };
  const late = await send("POST", "/transcribe", new Uint8Array(6_400));
  expect([late.status, late.error.code]).toEqual([402, "usage_limit_exceeded"]);
  expect(late.error.message).toStartWith("The call was not made, because the budget of the server");
  await document("Menu");
  // Its words are found all the same.
  const results = await ask(url, "/api/v1/documents/search?q=menu");
  expect(results[0].title).toBe("Menu");
  const refused = await send("POST", "/evals/calls", { fixture_bot: "default", model: "m", tokens: 9 });
  expect([refused.status, refused.error.code]).toEqual([402, "usage_limit_exceeded"]);
  const renewed = await send("POST", "/evals/calls/renew", { id: crypto.randomUUID() });
  expect(renewed.status).toBe(200);
  expect(model.asked).toEqual(before);
  server.kill("SIGTERM");
  await server.ended;
}, 120_000);
