// The running program against the fake ntfy server: what was written while it was down, or just before it was killed, is answered once.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { LLMock } from "@copilotkit/aimock";
import { eachDatabase } from "../database.ts";
import { createFakeNtfy, type FakeNtfy } from "../fakes/ntfy.ts";
import { ask, killAll, lapse, launch } from "../faults/process.ts";
import { until } from "../until.ts";

let model: LLMock;
let ntfy: FakeNtfy;

beforeAll(async () => {
  model = new LLMock({ port: 0, journalMaxEntries: 100 });
  model.on({}, { content: "Half full." });
  await model.start();
});
beforeEach(() => {
  ntfy = createFakeNtfy();
});
afterEach(async () => {
  await killAll();
  await ntfy.close();
});
afterAll(() => model.stop());

eachDatabase("the program at ntfy", (open) => {
  test("answers what was written while it was down, each message once, and over kill -9", async () => {
    const { home, databaseUrl } = await open.place();
    const start = () =>
      launch({
        arguments: ["--home", home, "--port", "0"],
        environment: {
          ...(databaseUrl && { DATABASE_URL: databaseUrl }),
          OPENAI_BASE_URL: `${model.url}/v1`,
          OPENAI_API_KEY: "x",
          ALLOW_PRIVATE_HOSTS: "127.0.0.1",
          NTFY_URL: ntfy.url,
          NTFY_LISTEN: "ops",
        },
      });
    const first = start();
    await first.started;
    await until(() => ntfy.subscriptions.length > 0);
    ntfy.say("ops", "Are you there?");
    await until(() => ntfy.shown("ops").length > 1 || model.getRequests().length > 0);
    first.kill("SIGKILL");
    await first.ended;
    for (let number = 0; number < 19; number += 1) ntfy.say("ops", `Question ${number}`);
    if (databaseUrl) await lapse(databaseUrl);
    const url = await start().started;
    await until(
      async () => (await ask(url, "/api/v1/tasks?limit=100")).tasks,
      (tasks) =>
        tasks.length === 20 && tasks.every(({ status }: { status: string }) => status === "complete"),
    );
    const answers = () => ntfy.shown("ops").filter(({ tags }) => tags?.includes("heddle")).length;
    await until(answers, (number) => number >= 20);
    // Of the one that was being published when the server was killed, nobody knows whether it was.
    expect(answers()).toBeLessThanOrEqual(21);
    const { connections } = await ask(url, "/api/v1/integrations/ntfy/connections");
    expect(connections[0]).toMatchObject({ name: "topics", status: "connected", detail: "to ops." });
  }, 120_000);
});
