// An answer is shown at its place. The next server goes on in the same message, and the outcome is put there.

import { expect } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../until.ts";
import { ask } from "../process.ts";
import { delta, lastText, type Part, posted, spoken } from "./part.ts";

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

const ORDER = "Look around";

export function streamedAnswer(): Part {
  const outside = mkdtempSync(join(tmpdir(), "heddle-streamed-"));
  const folder = join(outside, "acme");
  mkdirSync(join(folder, "tools"), { recursive: true });
  writeFileSync(join(folder, "dispatcher.ts"), DISPATCHER);
  writeFileSync(join(folder, "tools", "look.ts"), TOOL);
  writeFileSync(join(folder, "hang"), "");
  writeFileSync(join(folder, "noted"), "");
  const noted = async () =>
    (await readFile(join(folder, "noted"), "utf8"))
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  let place: object;
  let task = "";
  let before = 0;
  return {
    environment: { INTEGRATION_DIRS: outside },
    answer(asked, response) {
      if (!lastText(asked).includes(ORDER)) return false;
      const call = { index: 0, id: "call_1", function: { name: "acme_look", arguments: "{}" } };
      response.end(
        asked.messages.at(-1)?.role === "tool"
          ? spoken("Done")
          : `${delta({ tool_calls: [call] })}${delta({}, "tool_calls")}data: [DONE]\n\n`,
      );
      return true;
    },
    async begin(server) {
      place = { message: `posted by ${server.pid}` };
      const { session_id } = await posted(server, "/sessions", { client_id: "acme:ops", bot_id: "default" });
      const { task_id } = await posted(server, `/sessions/${session_id}/messages`, {
        content: ORDER,
        run_agent: true,
        dispatch_config: { type: "acme", room: "ops" },
        execution_config: { tools: ["acme_look"] },
      });
      task = task_id;
      await until(noted, (lines) =>
        lines.some(({ tools, handle }) => tools?.length === 1 && handle !== null),
      );
    },
    async whileDown() {
      before = (await noted()).length;
      rmSync(join(folder, "hang"));
    },
    async check({ url }) {
      const all = await until(noted, (lines) => lines.at(-1)?.kind === "deliver");
      expect(all.at(-1)).toEqual({ kind: "deliver", result: "Done", streamed: place });
      for (const { kind, handle, attempt, stream_id } of all.slice(before, -1)) {
        expect({ kind, handle, attempt, stream_id }).toEqual({
          kind: "stream",
          handle: place,
          attempt: 2,
          stream_id: `${task}:0`,
        });
      }
      const { status } = await ask(url, `/api/v1/tasks/${task}`);
      expect(status).toBe("complete");
    },
    close: () => rmSync(outside, { recursive: true, force: true }),
  };
}
