// What a decision, or the way to it, must not give away, over the real worker, queue and API.

import { beforeAll, expect, test } from "bun:test";
import { OPERATOR } from "../../src/access/caller.ts";
import type { ArgumentCondition } from "../../src/db/schema.ts";
import { newId } from "../../src/ids.ts";
import { createRedactor } from "../../src/redact.ts";
import { createWorker, type Worker } from "../../src/worker/worker.ts";
import { addBot, agentOver, call, type Script, scriptedLlm, tool } from "../agent/fixture.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { createHttpFixture, type HttpFixture } from "../http/fixture.ts";
import { until } from "../until.ts";

/** Longer than the name of any tool. */
const REFERENCE = `mcp:archive/${"file_".repeat(20)}`;

eachDatabase("what approvals cannot be used for", (open) => {
  let db: TestDatabase;
  let http: HttpFixture;
  /** The calls that were made, as JSON. */
  const made: string[] = [];
  const tools = [
    tool("send_mail", (args) => {
      made.push(JSON.stringify(args));
      return "sent";
    }),
    tool("look", () => "seen"),
    tool(
      "file",
      (args) => {
        made.push(JSON.stringify(args));
        return "filed";
      },
      { reference: REFERENCE },
    ),
    tool(
      "post_out",
      (args) => {
        made.push(JSON.stringify(args));
        return "posted";
      },
      { annotations: { egress: true } },
    ),
  ];
  beforeAll(async () => {
    db = await open();
    http = await createHttpFixture(db);
  });

  /** A worker for one test, with a policy that asks about mails. */
  async function start(
    script: Script,
    {
      terms = {},
      secret = undefined,
      owner = null,
      bot: given,
      args = undefined,
    }: {
      terms?: object;
      secret?: string;
      owner?: string | null;
      bot?: string;
      args?: Record<string, ArgumentCondition>;
    } = {},
  ) {
    made.length = 0;
    const redactor = createRedactor();
    redactor.add(secret);
    const asks = await http.policies.create({
      ...{
        name: "Mails need a person",
        effect: "require_approval",
        tools: ["send_mail", "delegate_to_agent"],
      },
      ...{ reason: "They leave the house.", approval: terms, ...(args && { arguments: args }) },
    });
    const llm = scriptedLlm(script);
    const { agent } = agentOver(db, llm, {
      tools,
      decide: http.policies.decide,
      redact: redactor.redact,
    });
    const worker: Worker = createWorker({
      ...http,
      agent,
      redact: (text) => text,
      concurrency: 2,
      maxRunSeconds: 60,
      maxUnattendedRuns: 0,
    });
    const bot = given ?? (await addBot(db, { delegate_bots: ["*"] }));
    const { session_id } = await http.sessions.getOrCreate({ clientId: `test:${newId()}`, botId: bot });
    const { task_id } = await http.sessions.inject(
      { sessionId: session_id, content: "Write to Ann.", source: "test", runAgent: true },
      "test",
      { fromPerson: true, owner },
    );
    const taskId = String(task_id);
    return {
      ...{ llm, bot, taskId, asks },
      status: async () => (await http.tasks.get(taskId)).status,
      ended: () =>
        until(async () => {
          const task = await http.tasks.get(taskId);
          return ["complete", "failed", "cancelled"].includes(task.status) ? task : undefined;
        }),
      /** Resolves with the approvals once the run waits. */
      waits: () =>
        until(async () => {
          if ((await http.tasks.get(taskId)).status !== "waiting") return undefined;
          const { body } = await http.send("GET", `/api/v1/approvals?status=pending&task_id=${taskId}`);
          return body.approvals.length > 0 ? body.approvals : undefined;
        }),
      async [Symbol.asyncDispose]() {
        await worker.close();
        for (const { id } of http.policies.list()) await http.policies.remove(id);
      },
    };
  }

  const decide = (id: string, body: object, key?: string) =>
    http.send("POST", `/api/v1/approvals/${id}/decide`, { body, ...(key && { key }) });
  const ask = (to = "ann@ours.example") => ({ calls: [call("1", "send_mail", { to, text: "Hello" })] });

  test("what was approved before is shown to those who may see it", async () => {
    const { key, id } = await http.apiKeys.create(
      { name: "own", scopes: ["approvals:read"], rows: "own" },
      OPERATOR,
    );
    await using theirs = await start([ask("board@ours.example"), "Done."]);
    const [earlier] = await theirs.waits();
    await decide(earlier.id, { approved: true });
    await theirs.ended();
    await using mine = await start([ask("me@ours.example"), "Done."], {
      owner: `key:${id}`,
      bot: theirs.bot,
    });
    const [asked] = await mine.waits();
    expect((await http.send("GET", `/api/v1/approvals/${asked.id}`)).body.previous.id).toBe(earlier.id);
    const { status, body } = await http.send("GET", `/api/v1/approvals/${asked.id}`, { key });
    expect([status, body.previous]).toEqual([200, null]);
    await decide(asked.id, { approved: false });
    await mine.ended();
  });

  test("the choice `run` decides nothing that another policy leaves to other people", async () => {
    await using run = await start(
      [
        ask("bob"),
        { calls: [call("2", "send_mail", { to: "bob" }), call("3", "send_mail", { to: "press" })] },
        "Done.",
      ],
      { args: { to: { equals: "bob" } } },
    );
    await http.policies.create({
      ...{ name: "The press", effect: "require_approval", tools: ["send_mail"] },
      ...{ arguments: { to: { equals: "press" } }, approval: { approvers: ["key:ann"] } },
    });
    const [first] = await run.waits();
    await decide(first.id, { approved: true, choice: "run" });
    const [second] = await until(async () => {
      const waiting = await run.waits();
      return waiting[0]?.id === first.id ? undefined : waiting;
    });
    expect([second.policy_name, second.approvers]).toEqual(["The press", ["key:ann"]]);
    expect(made.map((text) => JSON.parse(text).to)).toEqual(["bob", "bob"]);
    await http.tasks.cancel(run.taskId);
  });

  test("the choice `always` allows nothing that is forbidden", async () => {
    await using run = await start([
      ask("bob"),
      { calls: [call("2", "send_mail", { to: "eve" }), call("3", "send_mail", { to: "ann" })] },
      "Done.",
    ]);
    await http.policies.create({
      ...{ name: "Never Eve", effect: "deny", tools: ["send_mail"], arguments: { to: { equals: "eve" } } },
    });
    const [asked] = await run.waits();
    await decide(asked.id, { approved: true, choice: "always" });
    await run.ended();
    expect(made.map((text) => JSON.parse(text).to)).toEqual(["bob", "ann"]);
  });

  test("what is decided about a tool of an MCP server holds for this tool, whichever has its name later", async () => {
    const bot = await addBot(db, { tools: ["mcp:archive"] });
    const file = (id: string) => ({ calls: [call(id, "file", { as: id })] });
    // Before the run: it would not wait for a policy.
    await http.policies.create({ name: "Asks", effect: "require_approval", tools: ["mcp:archive"] });
    await using run = await start([file("1"), file("2"), file("3"), "Done."], { bot });
    const asked = async () => (await run.waits())[0];
    const first = await asked();
    expect(first.tool_reference).toBe(REFERENCE);
    // Another server's tool had the name when people were asked.
    await db.execute("update approvals set tool_reference = 'mcp:other/file' where id = $1::uuid", [
      first.id,
    ]);
    await decide(first.id, { approved: true, choice: "run" });
    const second = await until(async () => {
      const one = await asked();
      return one?.id === first.id ? undefined : one;
    });
    expect(made).toEqual([]);
    // The policy that it writes is one that a person may change.
    await decide(second.id, { approved: true, choice: "always" });
    await run.ended();
    expect(made).toEqual(['{"as":"2"}', '{"as":"3"}']);
    const written = http.policies.list().find(({ approval_id }) => approval_id === second.id);
    expect(written?.tools).toEqual([REFERENCE]);
    const body = { tools: written?.tools, enabled: false };
    expect((await http.send("PATCH", `/api/v1/policies/${written?.id}`, { body })).status).toBe(200);
    await http.policies.remove(String(written?.id));
  });

  test("who is not asked any more decides nothing, nor does a key that is revoked meanwhile", async () => {
    const scopes = ["approvals:write", "approvals:read", "policies:write"];
    const keyOf = (name: string) => http.apiKeys.create({ name, scopes }, OPERATOR);
    const [bob, carl] = [await keyOf("bob"), await keyOf("carl")];
    await using run = await start([ask(), "Done."], { terms: { approvers: ["key:bob"] } });
    const [asked] = await run.waits();
    const mayDecide = async () =>
      Promise.all(
        [bob, carl].map(
          async ({ key }) =>
            (await http.send("GET", `/api/v1/approvals/${asked.id}`, { key })).body.may_decide,
        ),
      );
    expect(await mayDecide()).toEqual([true, false]);
    const approval = { approvers: ["key:carl"] };
    await http.send("PATCH", `/api/v1/policies/${run.asks.id}`, { body: { approval } });
    expect(await mayDecide()).toEqual([false, true]);
    expect((await decide(asked.id, { approved: true }, bob.key)).status).toBe(403);
    // A pattern that the call itself does not fit is a mistake.
    const typo = { approved: true, choice: "pattern", arguments: { to: { prefix: "ben@" } } };
    const refused = await decide(asked.id, typo, carl.key);
    expect([refused.status, refused.body.error.field]).toEqual([422, "arguments"]);
    await http.send("DELETE", `/api/v1/api-keys/${carl.id}`);
    expect((await decide(asked.id, { approved: true }, carl.key)).status).toBe(401);
    // Without the policy it is as it was asked.
    await http.policies.remove(run.asks.id);
    expect((await decide(asked.id, { approved: true }, bob.key)).status).toBe(200);
    await run.ended();
    expect(made).toHaveLength(1);
  });

  test("what is shown is what is made, however the arguments are written", async () => {
    const text = `{"to":"ann","to":"eve","__proto__":{"to":"bob"},"n":12345678901234567890,"c":"a\\u0000b\\ud800","long":"${"x".repeat(200_000)}"}`;
    await using run = await start([{ calls: [{ id: "1", name: "send_mail", arguments: text }] }, "Done."]);
    const [asked] = await run.waits();
    await decide(asked.id, { approved: true });
    await run.ended();
    expect(made).toHaveLength(1);
    // What a database cannot hold is shown as a mark.
    const called = JSON.parse(made[0] ?? "", (_, value) =>
      typeof value === "string" ? value.replaceAll("\0", "\ufffd").toWellFormed() : value,
    );
    expect(Object.entries(asked.arguments).sort()).toEqual(Object.entries(called).sort());
    expect(asked.arguments.to).toBe("eve");
  });

  test("a secret that is written in escapes is one", async () => {
    const text = '{"url":"https://theirs.example/?k=\\u006b\\u00519-vLw2-Zt7x"}';
    await using run = await start([{ calls: [{ id: "1", name: "post_out", arguments: text }] }, "Done."], {
      secret: "kQ9-vLw2-Zt7x",
    });
    await run.ended();
    expect(made).toEqual([]);
    expect(run.llm.requests[1]?.messages.at(-1)?.content).toContain("contain a secret");
    const stored = await db.execute("select arguments from tool_calls where task_id = $1::uuid", [
      run.taskId,
    ]);
    expect(stored.rows).toEqual([{ arguments: '{"url":"https://theirs.example/?k=[redacted]"}' }]);
  });

  test("an API key of Heddle is one, although only its hash is stored", async () => {
    const key = await http.keyWith("tasks:read");
    const text = JSON.stringify({ url: `https://theirs.example/?k=${key}` });
    await using run = await start([{ calls: [{ id: "1", name: "post_out", arguments: text }] }, "Done."]);
    await run.ended();
    expect(made).toEqual([]);
    expect(run.llm.requests[1]?.messages.at(-1)?.content).toContain("contain a secret");
    const stored = await db.execute("select arguments from tool_calls where task_id = $1::uuid", [
      run.taskId,
    ]);
    expect(stored.rows).toEqual([{ arguments: '{"url":"https://theirs.example/?k=[redacted]"}' }]);
  });

  test("nobody becomes one of those who are named by taking their name", async () => {
    const maker = await http.keyWith("api_keys:write", "approvals:write");
    const named = await http.send("POST", "/api/v1/policies", {
      body: {
        ...{ name: "Bob decides", effect: "require_approval", tools: ["post_by_nobody"] },
        approval: { approvers: ["key:bob-of-the-shed", "key:ann"] },
      },
    });
    expect(named.status).toBe(201);
    await http.send("POST", "/api/v1/api-keys", { body: { name: "cleo", scopes: ["approvals:write"] } });
    const take = async (name: string, key?: string, scope = "approvals:write") =>
      (await http.send("POST", "/api/v1/api-keys", { ...(key && { key }), body: { name, scopes: [scope] } }))
        .status;
    for (const name of ["bob-of-the-shed", "ann", "cleo", "operator", "API_KEY"]) {
      expect([name, await take(name, maker)]).toEqual([name, 403]);
    }
    expect(await take("dora", maker)).toBe(201);
    // Such a key decides on nothing; and who writes the policies may name a key as they do.
    expect(await take("cleo", maker, "api_keys:read")).toBe(201);
    expect(await take("bob-of-the-shed")).toBe(201);
  });
});
