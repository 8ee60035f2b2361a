// `kill -9` while tools run: those that only read are called again, and those that can tell are asked what became of their call.

import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LLMock } from "@copilotkit/aimock";
import { withoutMarks } from "../../src/llm/outside-marks.ts";
import { embeddedDatabase } from "../database.ts";
import { until } from "../until.ts";
import { ADMIN_KEY, ask, killAll, launch } from "./process.ts";

const NAMES = ["acme_reads", "acme_sent", "acme_unsent", "acme_silent"];

/** Each call writes a line, and hangs while the file "hang" exists. */
const TOOLS = `
import { register, t } from "heddle/sdk";
import { appendFileSync, existsSync } from "node:fs";

const line = (...words: string[]) => appendFileSync(import.meta.dir + "/../calls", words.join(" ") + "\\n");
const call = (name: string) => async (_args: object, ctx: { call_id: string }) => {
  line("call", name, ctx.call_id);
  if (existsSync(import.meta.dir + "/../hang")) await new Promise(() => undefined);
  return name + " has run";
};
const ask = (outcome: string) => async (_args: object, ctx: { call_id: string }) => {
  line("ask", outcome, ctx.call_id);
  return { outcome, result: "It was sent." } as never;
};
const about = (name: string) => ({ name, description: name, parameters: t.Object({}) });
register({ ...about("acme_reads"), annotations: { readOnly: true } }, call("acme_reads"));
register({ ...about("acme_sent"), reconcile: ask("done") }, call("acme_sent"));
register({ ...about("acme_unsent"), reconcile: ask("not_done") }, call("acme_unsent"));
register(about("acme_silent"), call("acme_silent"));
`;

let model: LLMock;
let read: (string | null | unknown)[] = [];

beforeAll(async () => {
  model = new LLMock({ port: 0, journalMaxEntries: 10 });
  model.on({ hasToolResult: false }, { toolCalls: NAMES.map((name) => ({ name, arguments: "{}" })) });
  model.on({ hasToolResult: true }, (request) => {
    read = request.messages
      .filter(({ role }) => role === "tool")
      .map(({ content }) => withoutMarks(String(content)));
    return { content: "Done" };
  });
  await model.start();
});
afterEach(killAll);
afterAll(() => model.stop());

const open = embeddedDatabase();

test("calls that kill -9 interrupted are made again, asked about, or told to the model", async () => {
  const { home } = await open.place();
  const outside = join(home, "outside", "acme");
  await mkdir(join(outside, "tools"), { recursive: true });
  await writeFile(join(outside, "tools", "calls.ts"), TOOLS);
  await writeFile(join(outside, "hang"), "");
  await writeFile(join(outside, "calls"), "");
  const start = () =>
    launch({
      arguments: ["--home", home, "--port", "0"],
      environment: { OPENAI_BASE_URL: `${model.url}/v1`, INTEGRATION_DIRS: join(home, "outside") },
    });
  const lines = async () => (await readFile(join(outside, "calls"), "utf8")).split("\n").filter(Boolean);

  const first = start();
  const url = await first.started;
  const inject = async () => {
    const send = (path: string, body: object) =>
      fetch(`${url}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
        body: JSON.stringify(body),
        // biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
      }).then((response) => response.json() as any);
    const { session_id } = await send("/api/v1/sessions", { client_id: "test:1", bot_id: "default" });
    const execution_config = { tools: NAMES };
    return send(`/api/v1/sessions/${session_id}/messages`, {
      content: "Go",
      run_agent: true,
      execution_config,
    });
  };
  const { task_id } = await inject();
  const before = await until(lines, (found) => found.length === NAMES.length);
  first.kill("SIGKILL");
  expect(await first.ended).toBe("SIGKILL");
  await rm(join(outside, "hang"));

  const again = await start().started;
  await until(
    () => ask(again, `/api/v1/tasks/${task_id}`),
    ({ status }) => status === "complete",
  );
  const idOf = (name: string) => before.find((line) => line.startsWith(`call ${name} `))?.split(" ")[2];
  expect((await lines()).slice(NAMES.length).sort()).toEqual(
    [
      `ask done ${idOf("acme_sent")}`,
      `ask not_done ${idOf("acme_unsent")}`,
      `call acme_reads ${idOf("acme_reads")}`,
      `call acme_unsent ${idOf("acme_unsent")}`,
    ].sort(),
  );
  expect(read).toEqual([
    "acme_reads has run",
    "It was sent.",
    "acme_unsent has run",
    expect.stringContaining("outcome is unknown"),
  ]);
});
