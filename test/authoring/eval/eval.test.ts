// From a webhook to a regression test, with the real commands: a fixture of a GitHub webhook's run fails while the bot's prompt is
// broken, and passes when it is mended. What needs no command runs in this process, on one server for all fixtures.

import { afterAll, expect, onTestFinished, setDefaultTimeout, test } from "bun:test";
import { readFile, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runEval } from "../../../src/authoring/eval/eval.ts";
import { table } from "../../../src/authoring/eval/report.ts";
import { startServer } from "../../../src/compose/server.ts";
import { loadConfig } from "../../../src/config/config.ts";
import { makeHome } from "../../databases-of-run.ts";
import { run } from "../../docs/processes.ts";
import { PROGRAM } from "../../program.ts";
import { until } from "../../until.ts";

setDefaultTimeout(300_000);

const dir = await realpath(makeHome());
const KEY = "admin-key-of-the-test-of-evals";
const CANARY = "ghp_canary0123456789abcdefghijklmnopqrst";
afterAll(() => rm(dir, { recursive: true, force: true }));

// biome-ignore lint/suspicious/noExplicitAny: any JSON
type Answer = any;

const SCRIPT = `
- after: search_documents
  prompt: strict reviewer
  reply: "Changes requested: there are no tests."
- after: search_documents
  reply: Looks good to me!
- tool: search_documents
  arguments: { query: review rules }
`;

/** Evals without a running server, in this process. */
const evalAlone = (path: string, environment: Record<string, string> = {}) =>
  runEval(
    { path: join(dir, path), realModel: environment.DEFAULT_MODEL !== undefined, home: dir },
    {
      environment,
      startServer,
      serverBots: () => Promise.reject(new Error("No server is running.")),
      payer: async () => undefined,
    },
  );

test("a fixture of a webhook fails with a broken prompt, and passes with a mended one", async () => {
  const home = join(dir, "home");
  const heddle = (...args: string[]) =>
    run([...PROGRAM, ...args, "--home", home], {
      cwd: dir,
      environment: { PATH: "/usr/bin:/bin", HOME: dir, NO_COLOR: "1" },
    });
  const environment = {
    ...{ API_KEY: KEY, LOG_LEVEL: "error", GITHUB_API_URL: "http://127.0.0.1:9" },
    ...{ GITHUB_WEBHOOK_SECRET: "shh-secret-of-the-hook", GITHUB_TOKEN: CANARY },
  };
  const server = await startServer(loadConfig({ home, port: "0" }, environment));
  onTestFinished(server.close);
  const call = async (method: string, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${server.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    return response.json() as Promise<Answer>;
  };
  await until(
    () => call("GET", "/admin/integrations/github"),
    ({ status }) => status === "ready",
    { withinSeconds: 100 },
  );
  const prompt = (system_prompt: string) => call("PATCH", "/bots/default", { system_prompt });
  await call("PATCH", "/bots/default", { tools: ["search_documents"] });
  await prompt("You are a poet.");
  await call("POST", "/admin/integrations/github/receive", {
    event: "pull_request",
    body: {
      action: "opened",
      number: 42,
      pull_request: {
        number: 42,
        title: "Add dark mode",
        body: `Deployed with ${CANARY}`,
        user: { login: "ada" },
        head: { ref: "dark" },
        base: { ref: "main" },
      },
      repository: { full_name: "octo-org/loom", name: "loom", owner: { login: "octo-org" } },
      sender: { login: "ada" },
    },
  });
  const { events } = await call("GET", "/inbox?limit=1");
  const [{ id: event_id }] = events;
  const { outcomes } = await call("GET", `/inbox/${event_id}`);
  const [{ task_id }] = outcomes;
  await until(async () => (await call("GET", `/tasks/${task_id}`)).completed_at !== null);

  const made = await heddle("fixture", event_id, "--dir", "evals");
  expect([made.err, made.status]).toEqual(["", 0]);
  const file = join(dir, /Wrote (\S+\.yaml)/.exec(made.out)?.[1] ?? "");
  const text = await readFile(file, "utf8");
  expect(text).toContain("Add dark mode");
  expect(text).toContain("from_person: false");
  expect(text).not.toContain(CANARY);
  expect(text).not.toContain("shh-secret");
  expect((await heddle("fixture", task_id, "--dir", "evals")).err).toContain("exists already");

  await writeFile(join(dir, "evals/eval.script.yaml"), SCRIPT);
  const expected = `expect:
  tools: [search_documents]
  calls: [{ tool: search_documents, arguments: { query: review rules } }]
  text: { contains: changes requested, excludes: [looks good], matches: "changes*tests*" }
  max_model_calls: 2
  max_cost_usd: 0.01
`;
  await writeFile(file, text.slice(0, text.indexOf("expect:")) + expected);

  const broken = await heddle("eval", "evals", "--junit", "broken.xml", "--store");
  expect([broken.err, broken.status]).toEqual(["", 1]);
  const stored = async (id: string) => call("GET", `/evals/${/Stored as (\S+);/.exec(id)?.[1]}`);
  expect(await stored(broken.out)).toMatchObject({
    ...{ name: "evals", model: null, passed: 0, failed: 1, previous_id: null },
    results: [{ bot_id: "default", tools: ["search_documents"], answer: "Looks good to me!", before: null }],
  });
  expect(broken.out).toContain('The text must contain "changes requested"; got "Looks good to me!"');
  expect(await readFile(join(dir, "broken.xml"), "utf8")).toMatch(
    /tests="1" failures="1"[\s\S]*<failure message="The text/,
  );

  await prompt("You are a strict reviewer.");
  const mended = await heddle("eval", "evals", "--junit", "mended.xml", "--store");
  expect([mended.err, mended.status]).toEqual(["", 0]);
  expect(mended.out).toContain("1 fixture, all passed");
  expect(await stored(mended.out)).toMatchObject({
    ...{ passed: 1, failed: 0 },
    results: [{ problems: [], before: { passed: false, same_answer: false } }],
  });
  expect(await readFile(join(dir, "mended.xml"), "utf8")).toContain('tests="1" failures="0"');
  await expect(evalAlone("evals")).rejects.toThrow('The bot "default" is neither in ');
});

const DELEGATING = `bot: lead
message: { content: Where is order 7?, source: mail }
tools:
  - name: find_order
    reference: mcp:shop/find_order
    description: Finds an order.
    parameters: { type: object, properties: { number: { type: integer } } }
recorded:
  - { tool: find_order, arguments: { number: 7 }, result: "It was sent." }
  - { tool: delegate_to_agent, arguments: { bot_id: helper, prompt: Where is it? }, result: "It is in Graz." }
expect:
  tools: [find_order, delegate_to_agent]
  text: { contains: ["The helper says:", "It is in Graz."] }
  max_model_calls: 3
`;
const LEAD =
  "name: Lead\nsystem_prompt: You ask the helper.\ntools: [mcp:shop/*]\ndelegate_bots: [helper]\nmax_tools: 5\n";

const WITH_HISTORY = `bot: echo
message: { content: And my colour?, from_person: true }
history:
  - { message: My colour is blue., answer: I will remember that. }
recorded: []
expect:
  text: { contains: ["user: My colour is blue.", "assistant: I will remember that.", "user: And my colour?"] }
  max_model_calls: 1
  max_cost_usd: 0.5
`;

const MANY = "name: M\nsystem_prompt: You have many tools.\ntools: [shop_*]\nmax_tools: 5\n";
/** A run in which the model is shown few of its many tools, and of its session those that it had found. */
const found = (names: string[], expected: string) => `bot: many
message: { content: Which tools have you?, from_person: true }
${names.length > 0 ? `found_tools: [${names.join(", ")}]` : ""}
tools:
${Array.from({ length: 12 }, (_, at) => `  - { name: shop_${at}, description: It does., parameters: { type: object } }`).join("\n")}
recorded: []
expect:
  text: ${expected}
`;

interface Asked {
  messages: { role: string; content: string }[];
  tools?: { function: { name: string } }[];
}

/** Bots of which one asks another, and the others say what they were sent. */
function answerOf({ messages, tools = [] }: Asked) {
  if (!messages[0]?.content.includes("You ask the helper.")) {
    const said = messages.map(({ role, content }) => `${role}: ${content}`);
    return { content: [...said, ...tools.map((tool) => `tool: ${tool.function.name}.`)].join("\n") };
  }
  const last = messages.at(-1);
  const calls = (name: string, args: object) => ({
    tool_calls: [
      { index: 0, id: name, type: "function", function: { name, arguments: JSON.stringify(args) } },
    ],
  });
  if (last?.role !== "tool") return calls("find_order", { number: 7 });
  if (!last.content.includes("It was sent")) return { content: `The helper says: ${last.content}` };
  return calls("delegate_to_agent", { bot_id: "helper", prompt: "Where is it?" });
}

test("the model gets nothing but the run: earlier turns, other bots and tools answer what was recorded", async () => {
  let asked = 0;
  using model = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      asked += 1;
      const answer = answerOf((await request.json()) as Asked);
      const finish_reason = "tool_calls" in answer ? "tool_calls" : "stop";
      const chunk = (body: object) => `data: ${JSON.stringify({ id: "x", model: "m", ...body })}\n\n`;
      return new Response(
        chunk({ choices: [{ index: 0, delta: { role: "assistant", ...answer }, finish_reason }] }) +
          chunk({
            choices: [],
            usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, cost: 0.25 },
          }) +
          "data: [DONE]\n\n",
        { headers: { "content-type": "text/event-stream" } },
      );
    },
  });
  const files = {
    "bots/lead.yaml": LEAD,
    "bots/helper.yaml": "name: Helper\n",
    "order.yaml": DELEGATING,
    "bots/echo.yaml": "name: D\nsystem_prompt: You are kind.\n",
    "history.yaml": WITH_HISTORY,
    "bots/many.yaml": MANY,
    "many.yaml": found([], '{ contains: ["tool: search_tools."], excludes: ["tool: shop_9."] }'),
    "many-found.yaml": found(
      ["shop_9"],
      '{ contains: ["tool: search_tools.", "tool: shop_9."], excludes: ["tool: shop_11."] }',
    ),
  };
  for (const [name, text] of Object.entries(files)) await Bun.write(join(dir, "real", name), text);
  const results = await evalAlone("real", {
    ...{ OPENAI_API_KEY: "x", OPENAI_BASE_URL: `${model.url}v1`, DEFAULT_MODEL: "m" },
  });
  const out = table(results);
  expect(out).toContain("1 model call, 0 tool calls, 15 tokens, $0.2500");
  expect([out, asked]).toEqual([expect.stringContaining("4 fixtures, all passed"), 6]);
});

test("a script that cannot be used, or has no entry for a message, answers nothing", async () => {
  const fixture =
    "bot: plain\nmessage: { content: Hello, from_person: true }\nexpect: { text: { excludes: [no] } }\n";
  const files = {
    "bots/plain.yaml": "name: Plain\n",
    "hello.yaml": fixture,
    "eval.script.yaml": "- match: hello\n  answer: Hi\n",
  };
  for (const [name, text] of Object.entries(files)) await Bun.write(join(dir, "scripts", name), text);
  await expect(evalAlone("scripts", {})).rejects.toThrow("eval.script.yaml:2: 0.answer is not known here");
  await Bun.write(join(dir, "scripts/eval.script.yaml"), "- match: goodbye\n  reply: Bye\n");
  const out = table(await evalAlone("scripts"));
  expect(out).toContain("No entry of eval.script.yaml matches the message: Hello");
});
