// `kill -9` while an answer is shown at its place: the next server goes on in the same message, and the outcome is put there.

import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LLMock } from "@copilotkit/aimock";
import { oneDatabase } from "../database.ts";
import { until } from "../until.ts";
import { ADMIN_KEY, ask, killAll, lapse, launch } from "./process.ts";

/** Notes what it is called with; each message gets a new id. */
const DISPATCHER = `
import { registerDispatcher, t } from "heddle/sdk";
import { appendFileSync } from "node:fs";

const note = (kind: string, what: object) =>
  appendFileSync(import.meta.dir + "/noted", JSON.stringify({ kind, ...what }) + "\\n");
registerDispatcher("acme", {
  config: t.Object({ room: t.String() }),
  streamEvery: 0.2,
  stream({ handle, tools, state }, { attempt, stream_id }) {
    note("stream", { handle, state, tools, attempt, stream_id });
    return handle ?? { message: "posted by " + process.pid };
  },
  deliver({ result, streamed }) {
    note("deliver", { result, streamed });
  },
});
`;

/** Only reads, so that it is called again; hangs while the file "hang" exists. */
const TOOL = `
import { register, t } from "heddle/sdk";
import { existsSync } from "node:fs";

register(
  { name: "acme_look", description: "Look", parameters: t.Object({}), annotations: { readOnly: true } },
  async () => {
    if (existsSync(import.meta.dir + "/../hang")) await new Promise(() => undefined);
    return "seen";
  },
);
`;

let model: LLMock;

beforeAll(async () => {
  model = new LLMock({ port: 0, journalMaxEntries: 10 });
  model.on({ hasToolResult: false }, { toolCalls: [{ name: "acme_look", arguments: "{}" }] });
  model.on({ hasToolResult: true }, { content: "Done" });
  await model.start();
});
afterEach(killAll);
afterAll(() => model.stop());

oneDatabase("an answer that is shown while it is written", (open) => {
  test("keeps its place over kill -9", async () => {
    const { home, databaseUrl } = await open.place();
    const folder = join(home, "outside", "acme");
    await mkdir(join(folder, "tools"), { recursive: true });
    await writeFile(join(folder, "dispatcher.ts"), DISPATCHER);
    await writeFile(join(folder, "tools", "look.ts"), TOOL);
    await writeFile(join(folder, "hang"), "");
    await writeFile(join(folder, "noted"), "");
    const start = () =>
      launch({
        arguments: ["--home", home, "--port", "0"],
        environment: {
          ...(databaseUrl && { DATABASE_URL: databaseUrl }),
          OPENAI_BASE_URL: `${model.url}/v1`,
          INTEGRATION_DIRS: join(home, "outside"),
        },
      });
    const noted = async () =>
      (await readFile(join(folder, "noted"), "utf8"))
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));

    const first = start();
    const url = await first.started;
    const send = (path: string, body: object) =>
      fetch(`${url}/api/v1${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
        body: JSON.stringify(body),
        // biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
      }).then((response) => response.json() as any);
    const { session_id } = await send("/sessions", { client_id: "acme:ops", bot_id: "default" });
    const { task_id } = await send(`/sessions/${session_id}/messages`, {
      content: "Go",
      run_agent: true,
      dispatch_config: { type: "acme", room: "ops" },
      execution_config: { tools: ["acme_look"] },
    });
    const place = { message: `posted by ${first.pid}` };
    await until(noted, (lines) => lines.some(({ tools, handle }) => tools?.length === 1 && handle !== null));
    first.kill("SIGKILL");
    await first.ended;
    const before = (await noted()).length;
    await rm(join(folder, "hang"));

    const second = start();
    const again = await second.started;
    if (databaseUrl) await lapse(databaseUrl);
    const all = await until(noted, (lines) => lines.at(-1)?.kind === "deliver");
    expect(all.at(-1)).toEqual({ kind: "deliver", result: "Done", streamed: place });
    for (const { kind, handle, attempt, stream_id } of all.slice(before, -1)) {
      expect({ kind, handle, attempt, stream_id }).toEqual({
        kind: "stream",
        handle: place,
        attempt: 2,
        stream_id: `${task_id}:0`,
      });
    }
    expect((await ask(again, `/api/v1/tasks/${task_id}`)).status).toBe("complete");
    second.kill("SIGTERM");
    await second.ended;
  });
});
