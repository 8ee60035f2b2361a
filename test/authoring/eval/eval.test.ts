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

const heddle = (...args: string[]) =>
  run([...PROGRAM, ...args, "--home", home], {
    cwd: dir,
    environment: { PATH: "/usr/bin:/bin", HOME: dir, NO_COLOR: "1" },
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

  const broken = await heddle("eval", "evals", "--junit", "broken.xml");
  expect([broken.err, broken.status]).toEqual(["", 1]);
  expect(broken.out).toContain('The text must contain "changes requested"; got "Looks good to me!"');
  expect(await readFile(join(dir, "broken.xml"), "utf8")).toMatch(
    /tests="1" failures="1"[\s\S]*<failure message="The text/,
  );

  await prompt("You are a strict reviewer.");
  const mended = await heddle("eval", "evals", "--junit", "mended.xml");
  expect([mended.err, mended.status]).toEqual(["", 0]);
  expect(mended.out).toContain("1 fixture, all passed");
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
