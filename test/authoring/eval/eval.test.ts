// From a webhook to a regression test, with the real command: a fixture of a GitHub webhook's run fails while the bot's prompt is
// broken, and passes when it is mended.

import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../docs/processes.ts";
import { ADMIN_KEY, ask, killAll, launch } from "../../faults/process.ts";
import { PROGRAM } from "../../program.ts";
import { until } from "../../until.ts";

setDefaultTimeout(120_000);

const dir = await realpath(await mkdtemp(join(tmpdir(), "heddle-evals-")));
const home = join(dir, "home");
const CANARY = "ghp_canary0123456789abcdefghijklmnopqrst";
afterAll(async () => {
  await killAll();
  await rm(dir, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: any JSON
type Answer = any;

const heddle = (...args: string[]) => heddleWith({}, ...args);
const heddleWith = (more: Record<string, string>, ...args: string[]) =>
  run([...PROGRAM, ...args, "--home", home], {
    cwd: dir,
    environment: { PATH: "/usr/bin:/bin", HOME: dir, NO_COLOR: "1", ...more },
  });

const SCRIPT = `
- after: search_documents
  prompt: strict reviewer
  reply: "Changes requested: there are no tests."
- after: search_documents
  reply: Looks good to me!
- tool: search_documents
  arguments: { query: review rules }
`;

test("a fixture of a webhook fails with a broken prompt, and passes with a mended one", async () => {
  const server = launch({
    arguments: ["--port", "0", "--home", home],
    environment: { GITHUB_WEBHOOK_SECRET: "shh-secret-of-the-hook", GITHUB_TOKEN: CANARY },
  });
  const url = (await server.started).replace(/^.* /, "");
  const call = async (method: string, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    return response.json() as Promise<Answer>;
  };
  await until(async () =>
    (await ask(url, "/api/v1/admin/integrations")).integrations.every(
      ({ status }: { status: string }) => status !== "loading",
    ),
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

  // A bot beside the fixtures needs no server.
  server.kill("SIGTERM");
  await server.ended;
  const alone = await heddle("eval", "evals");
  expect(alone.err).toContain('The bot "default" is neither in ');
  await Bun.write(
    join(dir, "evals/bots/default.yaml"),
    "name: D\nsystem_prompt: A strict reviewer.\ntools: [search_documents]\n",
  );
  expect((await heddle("eval", "evals")).status).toBe(0);
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
  text: { contains: "The helper says: It is in Graz." }
  max_model_calls: 3
`;
const LEAD = "name: Lead\ntools: [mcp:shop/*]\ndelegate_bots: [helper]\nmax_tools: 5\n";
const LEADS_SCRIPT = `
- after: delegate_to_agent
  match: "(.+)"
  reply: "The helper says: $1"
- after: find_order
  match: It was sent
  tool: delegate_to_agent
  arguments: { bot_id: helper, prompt: Where is it? }
- tool: find_order
  arguments: { number: 7 }
`;

test("what another bot and the tool of an MCP server answered is recorded, and nobody is asked", async () => {
  await Bun.write(join(dir, "lead/bots/lead.yaml"), LEAD);
  await Bun.write(join(dir, "lead/bots/helper.yaml"), "name: Helper\n");
  await Bun.write(join(dir, "lead/order.yaml"), DELEGATING);
  await Bun.write(join(dir, "lead/eval.script.yaml"), LEADS_SCRIPT);
  const done = await heddle("eval", "lead");
  expect([done.err, done.out]).toEqual(["", expect.stringContaining("1 fixture, all passed")]);
});

const BOT = "name: D\nsystem_prompt: You are kind.\n";
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

test("earlier turns are told again without the model, and the configured model gets nothing but the run", async () => {
  let asked = 0;
  using model = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      asked += 1;
      const { messages, tools = [] } = (await request.json()) as {
        messages: { role: string; content: string }[];
        tools?: { function: { name: string } }[];
      };
      const content = [
        ...messages.map((one) => `${one.role}: ${one.content}`),
        ...tools.map((tool) => `tool: ${tool.function.name}.`),
      ].join("\n");
      const chunk = (body: object) => `data: ${JSON.stringify({ id: "x", model: "m", ...body })}\n\n`;
      return new Response(
        chunk({ choices: [{ index: 0, delta: { role: "assistant", content }, finish_reason: "stop" }] }) +
          chunk({
            choices: [],
            usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, cost: 0.25 },
          }) +
          "data: [DONE]\n\n",
        { headers: { "content-type": "text/event-stream" } },
      );
    },
  });
  await Bun.write(join(dir, "real/bots/echo.yaml"), BOT);
  await Bun.write(join(dir, "real/history.yaml"), WITH_HISTORY);
  await Bun.write(join(dir, "real/bots/many.yaml"), MANY);
  const hidden = '{ contains: ["tool: search_tools."], excludes: ["tool: shop_9."] }';
  await Bun.write(join(dir, "real/many.yaml"), found([], hidden));
  const shown = '{ contains: ["tool: search_tools.", "tool: shop_9."], excludes: ["tool: shop_11."] }';
  await Bun.write(join(dir, "real/many-found.yaml"), found(["shop_9"], shown));
  const environment = { OPENAI_API_KEY: "x", OPENAI_BASE_URL: `${model.url}v1`, DEFAULT_MODEL: "m" };
  const done = await heddleWith(environment, "eval", "real", "--real-model");
  expect([done.err, done.out]).toEqual([
    "",
    expect.stringContaining("1 model call, 0 tool calls, 15 tokens, $0.2500"),
  ]);
  expect([done.out, done.status, asked]).toEqual([expect.stringContaining("3 fixtures, all passed"), 0, 3]);
});
