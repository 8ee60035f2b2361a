// Runs a server: content of the home folder and of an external integration that is activated in a channel reaches the
// model in order, and a changed skill does so without a restart.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { LLMock } from "@copilotkit/aimock";
import { type Heddle, startServer } from "../../src/compose/server.ts";
import { loadConfig } from "../../src/config/config.ts";
import { type DatabasePlace, oneDatabase } from "../database.ts";
import { temporaryFolder } from "../integrations/harness.ts";
import { until } from "../until.ts";

const KEY = "admin-key-of-the-capabilities-test";
let model: LLMock;

// Starting servers and bundling integrations takes time.
setDefaultTimeout(60_000);

beforeAll(async () => {
  model = new LLMock({ port: 0 });
  model.addFixtures([{ match: { predicate: () => true }, response: { content: "Understood." } }]);
  await model.start();
});
afterAll(() => model.stop());

const startOn = ({ home, databaseUrl }: DatabasePlace, integrations: string): Promise<Heddle> =>
  startServer(
    loadConfig(
      { home, port: "0" },
      {
        ...(databaseUrl && { DATABASE_URL: databaseUrl }),
        API_KEY: KEY,
        LOG_LEVEL: "error",
        OPENAI_BASE_URL: `${model.url}/v1`,
        INTEGRATION_DIRS: integrations,
      },
    ),
  );

// biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
async function call(url: string | null, method: string, path: string, body?: unknown): Promise<any> {
  const response = await fetch(`${url}/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}

oneDatabase("capabilities of a server", (open) => {
  test("content files reach the model, and a changed skill does without a restart", async () => {
    const database = await open.place();
    await using home = await temporaryFolder();
    await home.write({
      "board/setup.ts": `import { defineSetup } from "heddle/sdk";
        export const SETUP = defineSetup({ version: "2.0", activation: { carapaces: ["board"], compatible_templates: ["boards"] } });`,
      "board/tools/move.ts": `import { register } from "heddle/sdk";
        register({ name: "board_move", description: "Moves a card." }, () => "moved");`,
      "board/carapaces/board.yaml":
        "system_prompt_fragment: Keep the board tidy.\nincludes: [writer]\nlocal_tools: [board_move]\nskills: [{ id: rules, mode: pinned }]",
      "board/skills/rules.md": "---\nname: Rules\n---\nFirst rules.",
      "board/prompts/columns.md":
        "---\nname: Columns\ntags: [boards]\ncompatible_integrations: [board]\n---\nThree columns.",
    });
    const heddle = await startOn(database, home.path);
    const get = (path: string) => call(heddle.url, "GET", path);
    const post = (path: string, body?: unknown) => call(heddle.url, "POST", path, body);
    try {
      await until(
        () => get("integrations"),
        ({ integrations }) =>
          ["board", "github"].every((id) =>
            integrations.some(
              (one: { id: string; status: string }) => one.id === id && one.status === "ready",
            ),
          ),
      );
      const { id: channel } = await post("channels", {
        client_id: "test:board",
        template_id: "integrations/board/columns",
      });
      const activated = await post(`channels/${channel}/integrations/board/activate`);
      expect(activated).toMatchObject({
        activated: true,
        manifest: { version: "2.0", carapaces: ["board"], compatible_template_tag: "boards" },
        warnings: [],
      });
      await post(`channels/${channel}/integrations/github/activate`);

      const ask = async (content: string) => {
        const { session_id } = await post("sessions", { client_id: "test:board", bot_id: "default" });
        const { task_id } = await post(`sessions/${session_id}/messages`, {
          content,
          source: "test",
          run_agent: true,
          execution_config: { skills: ["heddle", "nobody"], system_preamble: "Mind the preamble." },
        });
        const task = await until(
          () => get(`tasks/${task_id}`),
          ({ status }) => !["pending", "running"].includes(status),
        );
        expect(task).toMatchObject({ status: "complete", warnings: ['There is no skill "nobody".'] });
        const body = model.getRequests().at(-1)?.body as unknown as {
          messages: { role: string; content: string }[];
          tools: { function: { name: string } }[];
        };
        return {
          system: body.messages[0]?.content ?? "",
          asked: body.messages.at(-1)?.content ?? "",
          tools: body.tools.map(({ function: { name } }) => name),
        };
      };

      const first = await ask("Hello");
      const found = [
        "You write for other people",
        "Keep the board tidy.",
        "You review code.",
        "You can look into GitHub",
        'How the work in this channel is laid out ("Columns"):\n\nThree columns.',
        'Skill "Rules" (integrations/board/rules):\n\nFirst rules.',
        "Skills, which get_skill reads by id when the work calls for one:\n- carapaces/writer/plain-language: Plain language.",
      ];
      const places = found.map((text) => first.system.indexOf(`\n\n${text}`));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(places).not.toContain(-1);
      expect(first.asked).toStartWith('Hello\n\n<heddle_context>\nSkill "How Heddle works" (heddle):');
      expect(first.asked).toContain("\n\nMind the preamble.\n\n");
      expect(first.tools).toContain("board_move");
      expect(first.tools).toContain("github_get_pr");
      expect(first.tools).toContain("get_skill");

      await home.write({ "board/skills/rules.md": "---\nname: Rules\n---\nSecond rules." });
      await until(
        () => get("skills/integrations/board/rules"),
        ({ text }) => text === "Second rules.",
      );
      const second = await ask("Again");
      expect(second.system.match(/Skill "Rules".*\n\n\w+ rules\./g)).toEqual([
        'Skill "Rules" (integrations/board/rules):\n\nSecond rules.',
      ]);

      await post(`channels/${channel}/integrations/board/deactivate`);
      const third = await ask("And now");
      expect(third.system).not.toContain("board tidy");
      expect(third.system).toContain("You can look into GitHub");
      expect(third.tools).not.toContain("board_move");
      expect((await get("templates?integration=board")).templates).toMatchObject([
        { id: "integrations/board/columns", compatible: true, compatible_with: ["board"] },
      ]);
    } finally {
      await heddle.close();
    }
  });
});
