// `kill -9` of a server on which many things are in progress: the next one goes on with each. They share the servers, because a start
// takes longer than any of them.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { oneDatabase } from "../database.ts";
import { compaction } from "./in-progress/compaction.ts";
import type { Asked, Part, Running } from "./in-progress/part.ts";
import { reindex } from "./in-progress/reindex.ts";
import { stream } from "./in-progress/stream.ts";
import { streamedAnswer } from "./in-progress/streamed-answer.ts";
import { type HeddleProcess, killAll, lapse, launch } from "./process.ts";

const PARTS: Record<string, () => Part> = {
  "a stream that a client reads": stream,
  "an answer that is shown while it is written": streamedAnswer,
  "a compaction": compaction,
  "a re-embedding": reindex,
};

oneDatabase("kill -9 during", (open) => {
  const parts = new Map(Object.entries(PARTS).map(([name, make]) => [name, make()]));
  const each = <Result>(work: (part: Part) => Result): Result[] => [...parts.values()].map(work);
  let model: Server;
  let second: HeddleProcess;
  let again: Running;

  beforeAll(async () => {
    model = createServer(async (request, response) => {
      let body = "";
      for await (const part of request) body += part;
      response.writeHead(200, { "content-type": "text/event-stream" });
      const asked = JSON.parse(body) as Asked;
      if (!each((part) => part).some((part) => part.answer?.(asked, response))) response.end();
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => model.once("listening", resolve));
    const { home, databaseUrl } = await open.place();
    const environment = {
      ...(databaseUrl && { DATABASE_URL: databaseUrl }),
      OPENAI_BASE_URL: `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1`,
      ...Object.assign({}, ...each((part) => part.environment ?? {})),
    };
    const start = () => launch({ arguments: ["--home", home, "--port", "0"], environment });

    const first = start();
    const server = { url: await first.started, pid: first.pid };
    await Promise.all(each((part) => part.begin(server)));
    first.kill("SIGKILL");
    expect(await first.ended).toBe("SIGKILL");
    await Promise.all(each((part) => part.whileDown?.()));
    // On PostgreSQL a job comes back when its heartbeat has lapsed, which takes longer than a test should.
    if (databaseUrl) await lapse(databaseUrl);
    second = start();
    again = { url: await second.started, pid: second.pid };
  }, 240_000);

  afterAll(async () => {
    await killAll();
    await Promise.all(each((part) => part.close?.()));
    model.closeAllConnections();
    model.close();
  });

  for (const [name, part] of parts) test(name, () => part.check(again), 120_000);

  test("and the next server ends by itself", async () => {
    second.kill("SIGTERM");
    expect(await second.ended).toBe(0);
  });
});
