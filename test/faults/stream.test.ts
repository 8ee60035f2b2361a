// `kill -9` while a client reads a stream: after the restart the client gets the rest with the place that it had last.

import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { eachDatabase } from "../database.ts";
import { readEvents } from "../events/sse.ts";
import { until } from "../until.ts";
import { ADMIN_KEY, killAll, lapse, launch } from "./process.ts";

let server: Server;
let modelUrl: string;
/** Answers that the model has begun. */
let open: ServerResponse[] = [];

const delta = (content: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: content, finish_reason }] })}\n\n`;
const finish = (response: ServerResponse, text: string): void =>
  void response.end(`${delta({ content: text })}${delta({}, "stop")}data: [DONE]\n\n`);

beforeAll(async () => {
  server = createServer(async (request, response) => {
    for await (const _ of request);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(delta({ content: "Once upon " }));
    open.push(response);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  modelUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterEach(async () => {
  await killAll();
  open = [];
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

eachDatabase("a killed server", (places) => {
  test("goes on with a stream where its client was", async () => {
    const { home, databaseUrl } = await places.place();
    const start = () =>
      launch({
        arguments: ["--home", home, "--port", "0"],
        environment: {
          ...(databaseUrl && { DATABASE_URL: databaseUrl }),
          OPENAI_BASE_URL: modelUrl,
          OPENAI_API_KEY: "x",
          ALLOW_PRIVATE_HOSTS: "127.0.0.1",
        },
      });
    const follow = async (url: string, place?: string) =>
      readEvents(
        await fetch(`${url}/api/v1/chat/stream`, {
          method: "POST",
          headers: {
            authorization: `Bearer ${ADMIN_KEY}`,
            "content-type": "application/json",
            ...(place !== undefined && { "last-event-id": place }),
          },
          body: JSON.stringify({ message: "Tell me a story", client_id: "web:anna" }),
        }),
      );
    const first = start();
    const before = await (await follow(await first.started)).until(({ event }) => event === "text_delta");
    expect(before.map(({ event }) => event)).toEqual(["accepted", "started", "text_delta"]);
    first.kill("SIGKILL");
    await first.ended;
    // On PostgreSQL a job comes back when its heartbeat has lapsed, which takes longer than a test should.
    if (databaseUrl) await lapse(databaseUrl);

    const second = start();
    const stream = await follow(await second.started, before.at(-1)?.id);
    const again = stream.until(({ event }) => event === "text_delta");
    await until(() => open.length === 2);
    const seen = await again;
    expect(seen.map(({ event }) => event).filter((event) => event !== "queued")).toEqual([
      "text_reset",
      "started",
      "text_delta",
    ]);
    expect(seen.find(({ event }) => event === "started")?.data.attempt).toBe(2);
    finish(open[1] as ServerResponse, "a time.");
    const rest = await stream.until(({ event }) => event === "response");
    expect(rest.at(-1)?.data).toMatchObject({ status: "complete", text: "Once upon a time." });
    const shown = [...seen.slice(seen.findIndex(({ event }) => event === "text_reset")), ...rest];
    const text = shown.flatMap(({ event, data }) => (event === "text_delta" ? [data.text] : [])).join("");
    expect(text).toBe("Once upon a time.");
    // The message was sent once, whatever the second request said.
    expect(open).toHaveLength(2);
  }, 180_000);
});
