// A run that waits for a person outlives `kill -9`: what was asked before is answered after it, and the run goes on once.

import { afterAll, expect, test } from "bun:test";
import { type DatabasePlace, oneDatabase } from "../database.ts";
import { fakeEndpoint, type Received, type Reply } from "../providers/fake-endpoint.ts";
import { until } from "../until.ts";
import { ADMIN_KEY, ask, killAll, launch } from "./process.ts";

afterAll(killAll);

const SCHEDULE = { name: "Report", content: "What is new?", cron: "0 8 * * 1" };

/** Asks for a schedule, and says what became of it. */
function model({ body }: Received): Reply {
  const last = body.messages.at(-1);
  const finish = (delta: object, finish_reason: string) => ({
    events: [
      { choices: [{ index: 0, delta, finish_reason: null }] },
      { choices: [{ index: 0, delta: {}, finish_reason }] },
    ],
  });
  if (last.role === "tool") return finish({ content: `It says: ${last.content}` }, "stop");
  const call = { name: "create_schedule", arguments: JSON.stringify(SCHEDULE) };
  return finish({ tool_calls: [{ index: 0, id: "call_1", function: call }] }, "tool_calls");
}

oneDatabase("an approval", (open) => {
  test("is asked before kill -9 and answered after it, and the call is made once", async () => {
    await using endpoint = await fakeEndpoint(model);
    const place: DatabasePlace = await open.place();
    const start = () =>
      launch({
        arguments: ["--home", place.home, "--port", "0"],
        environment: {
          ...(place.databaseUrl && { DATABASE_URL: place.databaseUrl }),
          OPENAI_BASE_URL: endpoint.url,
        },
      });
    const post = async (url: string, path: string, body: object, method = "POST") => {
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      // biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
      return { status: response.status, body: (await response.json()) as any };
    };

    const first = start();
    const url = await first.started;
    await post(url, "/bots/default", { tools: ["create_schedule"] }, "PATCH");
    const policy = {
      name: "Schedules need a person",
      effect: "require_approval",
      tools: ["create_schedule"],
    };
    expect((await post(url, "/policies", policy)).status).toBe(201);
    const { body: session } = await post(url, "/sessions", { client_id: "test:room", bot_id: "default" });
    const sent = await post(url, `/sessions/${session.session_id}/messages`, {
      content: "A report, please.",
      run_agent: true,
    });
    const task = `/api/v1/tasks/${sent.body.task_id}`;
    await until(async () => (await ask(url, task)).status === "waiting");
    first.kill("SIGKILL");
    await first.ended;

    const second = start();
    const again = await second.started;
    expect((await ask(again, task)).status).toBe("waiting");
    const { approvals } = await ask(again, "/api/v1/approvals?status=pending");
    expect(approvals).toMatchObject([{ tool_name: "create_schedule", arguments: { name: "Report" } }]);
    const answers = await Promise.all(
      [true, true].map((approved) => post(again, `/approvals/${approvals[0].id}/decide`, { approved })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    // The decision is on disk: the run goes on in whichever server is there.
    second.kill("SIGKILL");
    await second.ended;

    const third = start();
    const last = await third.started;
    const done = await until(
      () => ask(last, task),
      ({ status }) => status === "complete" || status === "failed",
    );
    const { schedules } = await ask(last, "/api/v1/schedules");
    // Killed while the call ran, its outcome is unknown, and it is not made again.
    expect([done.status, schedules.length <= 1]).toEqual(["complete", true]);
    if (!done.result.includes("outcome is unknown")) expect(schedules).toHaveLength(1);
    const after = await ask(last, `/api/v1/approvals/${approvals[0].id}`);
    expect([after.status, after.begun_at === null]).toEqual(["approved", false]);
    third.kill("SIGTERM");
    await third.ended;
  });
});
