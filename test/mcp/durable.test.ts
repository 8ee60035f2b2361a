// Calls of MCP servers that wait for a person, or for a task of the server, hold no place in the worker and survive `kill -9`.

import { afterAll, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type DatabasePlace, oneDatabase } from "../database.ts";
import { ADMIN_KEY, ask, killAll, lapse, launch } from "../faults/process.ts";
import { fakeEndpoint, type Received, type Reply } from "../providers/fake-endpoint.ts";
import { until } from "../until.ts";
import { BOOK, everythingServer, modernServer } from "./example-servers.ts";
import { taskServer, WEAVE } from "./task-server.ts";

afterAll(killAll);

/** Calls the tool that it is told to, and says what came back. */
function model({ body }: Received): Reply {
  const last = body.messages.at(-1);
  const finish = (delta: object, finish_reason: string) => ({
    events: [
      { choices: [{ index: 0, delta, finish_reason: null }] },
      { choices: [{ index: 0, delta: {}, finish_reason }] },
    ],
  });
  if (last.role === "tool") return finish({ content: `It says: ${last.content}` }, "stop");
  const [, name] = /CALL ([\w-]+)/.exec(JSON.stringify(last.content)) ?? [];
  const call = { name, arguments: "{}" };
  return finish({ tool_calls: [{ index: 0, id: "call_1", function: call }] }, "tool_calls");
}

oneDatabase("calls of MCP servers that wait", (open) => {
  test("go on after kill -9, are made once, and end with their run", async () => {
    await using endpoint = await fakeEndpoint(model);
    await using seats = await modernServer([BOOK]);
    await using looms = await taskServer();
    await using old = await everythingServer();
    const place: DatabasePlace = await open.place();
    // Trusted, so that no call waits for an approval because of what the other servers say of their tools.
    const server = (url: string) => ({ url, allow_private: true, trust_annotations: true });
    const servers = { seats: server(seats.url), looms: server(looms.url), old: server(old.url) };
    await writeFile(join(place.home, "mcp.yaml"), JSON.stringify({ servers }));
    const start = () =>
      launch({
        arguments: ["--home", place.home, "--port", "0"],
        environment: {
          ...(place.databaseUrl && { DATABASE_URL: place.databaseUrl }),
          OPENAI_BASE_URL: endpoint.url,
          WORKER_CONCURRENCY: "1",
        },
      });
    const first = start();
    let url = await first.started;
    const call = async (path: string, body: object, method = "POST") => {
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      // biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
      return { status: response.status, body: (await response.json()) as any };
    };
    let rooms = 0;
    const send = async (tool: string): Promise<string> => {
      const room = { client_id: `test:room${rooms++}`, bot_id: "default" };
      const { body: session } = await call("/sessions", room);
      const given = { content: `CALL ${tool}`, run_agent: true };
      return (await call(`/sessions/${session.session_id}/messages`, given)).body.task_id;
    };
    const reaches = (task: string, ...statuses: string[]) =>
      until(
        () => ask(url, `/api/v1/tasks/${task}`),
        ({ status }) => statuses.includes(status),
      );
    const connected = () =>
      until(
        () => ask(url, "/api/v1/admin/mcp-servers"),
        ({ mcp_servers }) => mcp_servers.every(({ state }: { state: string }) => state === "connected"),
      );
    await connected();
    await call("/bots/default", { tools: ["mcp:seats", "mcp:looms", "mcp:old"] }, "PATCH");
    // One place in the worker: each run must leave it to the next.
    const runs = [await send(BOOK), await send(WEAVE), await send(WEAVE)] as [string, string, string];
    for (const run of runs) await reaches(run, "waiting");
    const questions = async () => (await ask(url, "/api/v1/mcp-questions?status=pending")).mcp_questions;
    const [asked] = await questions();
    expect(asked).toMatchObject({ task_id: runs[0], message: "How many seats?", server_id: "seats" });
    // A question of the older era holds its connection, and ends with it.
    const held = await send("trigger-elicitation-request");
    const [heldQuestion] = await until(questions, ([one]) => one?.server_id === "old");
    first.kill("SIGKILL");
    await first.ended;
    // On PostgreSQL the job of a run that was going comes back when its heartbeat has lapsed.
    if (place.databaseUrl) await lapse(place.databaseUrl);

    const second = start();
    url = await second.started;
    await connected();
    const gone = await reaches(held, "complete", "failed");
    expect([gone.status, gone.result]).toEqual(["complete", expect.stringContaining("unknown")]);
    const tooLate = await call(`/mcp-questions/${heldQuestion.id}/answer`, { action: "decline" });
    expect([tooLate.status, tooLate.body.error.message]).toEqual([
      409,
      expect.stringContaining("Nobody waits"),
    ]);
    expect((await questions()).map(({ id }: { id: string }) => id)).toEqual([asked.id]);
    const answer = { action: "accept", content: { seats: 4 } };
    const answers = await Promise.all([1, 2].map(() => call(`/mcp-questions/${asked.id}/answer`, answer)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const booked = await reaches(runs[0], "complete", "failed");
    expect([booked.status, booked.result]).toEqual(["complete", expect.stringContaining("Booked 4.")]);

    const [woven, dropped] = looms.tasks as [string, string];
    await looms.finish(woven, "Woven to the end.");
    const [done, open_] = [await reaches(runs[1], "complete"), await ask(url, `/api/v1/tasks/${runs[2]}`)];
    expect([done.result, open_.status]).toEqual([expect.stringContaining("Woven to the end."), "waiting"]);
    await call(`/tasks/${runs[2]}/cancel`, {});
    await until(
      () => looms.statusOf(dropped),
      (status) => status === "cancelled",
    );
    expect(looms.methods.filter((method) => method === "tools/call")).toHaveLength(2);
    expect(looms.methods.filter((method) => method === "tasks/result")).toHaveLength(1);
    second.kill("SIGTERM");
    await second.ended;
  });
});
