// Calls that wait for a person, over the real worker, queue and API.

import { beforeAll, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { OPERATOR } from "../../src/access/caller.ts";
import { createApprovals } from "../../src/approvals/approvals.ts";
import { approvals as approvalsTable } from "../../src/db/schema.ts";
import { newId } from "../../src/ids.ts";
import { createDelegation } from "../../src/sessions/delegation.ts";
import { createWorker, type Worker } from "../../src/worker/worker.ts";
import { addBot, agentOver, call, log, type Script, scriptedLlm, tool } from "../agent/fixture.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { createHttpFixture, type HttpFixture } from "../http/fixture.ts";
import { until } from "../until.ts";

eachDatabase("approvals", (open) => {
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
  ];
  beforeAll(async () => {
    db = await open();
    http = await createHttpFixture(db);
  });

  /** A worker for one test, with a policy that asks about mails. */
  async function start(
    script: Script,
    { terms = {}, secret = "" }: { terms?: object; secret?: string } = {},
  ) {
    made.length = 0;
    const asks = await http.policies.create({
      ...{
        name: "Mails need a person",
        effect: "require_approval",
        tools: ["send_mail", "delegate_to_agent"],
      },
      ...{ reason: "They leave the house.", approval: terms },
    });
    const llm = scriptedLlm(script);
    const { agent } = agentOver(db, llm, {
      tools,
      decide: http.policies.decide,
      delegate: createDelegation({ db, inject: http.sessions.inject }),
      redact: (text) => (secret === "" ? text : text.replaceAll(secret, "[redacted]")),
    });
    const worker: Worker = createWorker({
      ...http,
      agent,
      redact: (text) => text,
      concurrency: 2,
      maxRunSeconds: 60,
      maxUnattendedRuns: 0,
    });
    const bot = await addBot(db, { delegate_bots: ["*"] });
    const { session_id } = await http.sessions.getOrCreate({ clientId: `test:${newId()}`, botId: bot });
    const { task_id } = await http.sessions.inject(
      { sessionId: session_id, content: "Write to Ann.", source: "test", runAgent: true },
      "test",
      { fromPerson: true },
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

  test("the run waits, is asked about over the API, and goes on with the call once somebody approves", async () => {
    await using run = await start([ask(), "Done."]);
    const [asked] = await run.waits();
    expect(made).toEqual([]);
    expect(asked).toMatchObject({
      ...{ tool_name: "send_mail", bot_id: run.bot, status: "pending", policy_name: "Mails need a person" },
      ...{ arguments: { to: "ann@ours.example", text: "Hello" }, reason: "They leave the house." },
      ...{ on_timeout: "deny", decided_by: null },
    });
    const answer = await decide(asked.id, { approved: true });
    expect(answer.body).toMatchObject({ status: "approved", choice: "once", decided_by: "key:API_KEY" });
    expect((await run.ended())?.result).toBe("Done.");
    expect(made).toEqual(['{"to":"ann@ours.example","text":"Hello"}']);
    const { body } = await http.send("GET", `/api/v1/approvals/${asked.id}`);
    expect([body.status, body.begun_at !== null, body.may_decide]).toEqual(["approved", true, false]);
    const events = await db.execute(
      "select type from events where task_id = $1::uuid and type like 'approval.%' order by id",
      [run.taskId],
    );
    expect(events.rows.map(({ type }) => type)).toEqual(["approval.requested", "approval.approved"]);
    // In the trace, the wait for the person is apart from the call.
    const { spans } = (await http.send("GET", `/api/v1/tasks/${run.taskId}/trace`)).body;
    const spanOf = (name: string) => spans.find((one: { name: string }) => one.name === name);
    const [wait, sent] = [spanOf("await_approval send_mail"), spanOf("execute_tool send_mail")];
    expect(wait.attributes).toMatchObject({
      "heddle.approval.id": asked.id,
      "heddle.approval.status": "approved",
    });
    expect(sent.attributes["heddle.approval.id"]).toBe(asked.id);
    expect(Date.parse(sent.started_at)).toBeGreaterThanOrEqual(Date.parse(wait.ended_at));
  });

  test("a call that is denied is not made; the model is told by whom and why", async () => {
    await using run = await start([ask(), "Then not."]);
    const [asked] = await run.waits();
    await decide(asked.id, { approved: false, note: "Ann is on holiday." });
    expect((await run.ended())?.result).toBe("Then not.");
    expect(made).toEqual([]);
    expect(run.llm.requests[1]?.messages.at(-1)?.content).toContain(
      "API_KEY denied this call of send_mail; it was not made. Ann is on holiday.",
    );
  });

  test("of two people who answer at once, one decides, and the other is told who", async () => {
    await using run = await start([ask(), "Done."]);
    const [asked] = await run.waits();
    const [ann, bob] = await Promise.all(
      ["ann", "bob"].map(
        async (name) => (await http.apiKeys.create({ name, scopes: ["approvals:write"] }, OPERATOR)).key,
      ),
    );
    const answers = await Promise.all([
      decide(asked.id, { approved: true }, ann),
      decide(asked.id, { approved: false }, bob),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const winner = answers[0]?.status === 200 ? "ann" : "bob";
    const loser = answers.find(({ status }) => status === 409);
    expect(loser?.body.error.message).toContain(
      `${winner} has ${winner === "ann" ? "approved" : "denied"} it already`,
    );
    await run.ended();
    expect(made.length).toBe(winner === "ann" ? 1 : 0);
    expect((await decide(asked.id, { approved: true }, ann)).status).toBe(409);
  });

  test("only those who are asked may decide; an integration's key never may", async () => {
    await using run = await start([ask(), "Done."], { terms: { approvers: ["key:carla", "chat:eve"] } });
    const [asked] = await run.waits();
    const keyOf = async (name: string) =>
      (await http.apiKeys.create({ name, scopes: ["approvals:write"] }, OPERATOR)).key;
    const { key: process } = http.apiKeys.issueEphemeral({
      ...{ name: "carla", scopes: ["approvals:write", "approvals:read"], integrationId: "mine" },
    });
    expect((await decide(asked.id, { approved: true }, process)).status).toBe(404);
    expect((await decide(asked.id, { approved: true }, await keyOf("dora"))).status).toBe(403);
    const reader = await http.keyWith("approvals:read");
    expect((await decide(asked.id, { approved: true }, reader)).status).toBe(403);
    const carla = await keyOf("carla");
    const always = await decide(asked.id, { approved: true, choice: "always" }, carla);
    expect([always.status, always.body.error.field]).toEqual([403, "choice"]);
    expect(made).toEqual([]);
    expect((await decide(asked.id, { approved: true }, carla)).body.decided_by).toBe("key:carla");
    await run.ended();
  });

  test("the choice `run` holds for the tool in this run only", async () => {
    await using run = await start([ask("ann"), { calls: [call("2", "send_mail", { to: "bob" })] }, "Done."]);
    const [asked] = await run.waits();
    await decide(asked.id, { approved: true, choice: "run" });
    await run.ended();
    expect(made.map((text) => JSON.parse(text).to)).toEqual(["ann", "bob"]);
    await using again = await start([ask("ann"), "Done."]);
    expect(await again.waits()).toHaveLength(1);
  });

  test("a choice for more than one call holds for those of the run that wait as well", async () => {
    const mails = (...names: string[]) => ({
      calls: names.map((to, index) => call(String(index), "send_mail", { to })),
    });
    const order = (asked: { id: string; arguments: { to: string } }[], to: string) =>
      String(asked.find((one) => one.arguments.to === to)?.id);
    {
      await using run = await start([mails("ann", "bob", "cora"), "Done."]);
      const asked = await run.waits();
      await decide(order(asked, "bob"), { approved: true, choice: "once" });
      expect(await run.status()).toBe("waiting");
      await decide(order(asked, "ann"), { approved: true, choice: "run" });
      await run.ended();
      expect(made).toHaveLength(3);
      const { body } = await http.send("GET", `/api/v1/approvals/${order(asked, "cora")}`);
      expect(body).toMatchObject({ status: "approved", choice: "run", decided_by: "key:API_KEY" });
    }
    {
      await using run = await start([mails("ann@ours", "eve@theirs", "bob@ours"), "Done."]);
      const asked = await run.waits();
      const ours = { to: { suffix: "@ours" } };
      await decide(order(asked, "ann@ours"), { approved: true, choice: "pattern", arguments: ours });
      expect(await run.waits()).toMatchObject([{ arguments: { to: "eve@theirs" } }]);
      await decide(order(asked, "eve@theirs"), { approved: false });
      await run.ended();
      expect(made.map((text) => JSON.parse(text).to).sort()).toEqual(["ann@ours", "bob@ours"]);
    }
    await using run = await start([mails("ann", "bob"), "Then not."]);
    const [asked] = await run.waits();
    await decide(asked.id, { approved: false, choice: "always", note: "No mails." });
    await run.ended();
    expect(made).toEqual([]);
    const told = run.llm.requests[1]?.messages.filter(({ role }) => role === "tool") ?? [];
    expect(told.filter(({ content }) => String(content).includes("No mails."))).toHaveLength(2);
  });

  test("the choices `pattern` and `always` write a policy that comes before the one that asked", async () => {
    await using run = await start([
      ask("ann@ours.example"),
      {
        calls: [
          call("2", "send_mail", { to: "bob@ours.example" }),
          call("3", "send_mail", { to: "x@theirs.example" }),
        ],
      },
      "Done.",
    ]);
    const [asked] = await run.waits();
    const empty = await decide(asked.id, { approved: true, choice: "pattern" });
    expect([empty.status, empty.body.error.field]).toEqual([422, "arguments"]);
    const all = await decide(asked.id, {
      approved: true,
      choice: "pattern",
      arguments: { to: { like: "**" } },
    });
    expect([all.status, all.body.error.message]).toEqual([422, expect.stringContaining('choose "always"')]);
    await decide(asked.id, {
      approved: true,
      choice: "pattern",
      arguments: { to: { suffix: "@ours.example" } },
    });
    const [other] = await until(async () => {
      const waiting = await run.waits();
      return waiting[0]?.id === asked.id ? undefined : waiting;
    });
    expect(other.arguments.to).toBe("x@theirs.example");
    expect(http.policies.list()[0]).toMatchObject({
      ...{ effect: "allow", bot_id: run.bot, tools: ["send_mail"], approval_id: asked.id },
      ...{ priority: 50, arguments: { to: { suffix: "@ours.example" } } },
    });
    const detail = await http.send("GET", `/api/v1/approvals/${other.id}`);
    expect(detail.body.previous).toMatchObject({
      id: asked.id,
      arguments: { to: "ann@ours.example", text: "Hello" },
    });
    expect(detail.body.suggestions).toContainEqual({
      label: "The same arguments",
      conditions: { to: { equals: "x@theirs.example" } },
    });
    await decide(other.id, { approved: false, choice: "always", note: "Never to them." });
    await run.ended();
    expect(run.llm.requests.at(-1)?.messages.at(-1)?.content).toContain("Decided by API_KEY. Never to them.");
    expect(made.map((text) => JSON.parse(text).to)).toEqual(["ann@ours.example", "bob@ours.example"]);
    expect(http.policies.list().map(({ effect }) => effect)).toEqual(["deny", "allow", "require_approval"]);
  });

  test("calls beside it are made at once, and of several that are asked about each has its own decision", async () => {
    await using run = await start([
      {
        calls: [
          call("1", "send_mail", { to: "ann" }),
          call("2", "look"),
          call("3", "send_mail", { to: "bob" }),
        ],
      },
      "Done.",
    ]);
    const asked = await run.waits();
    expect(asked).toHaveLength(2);
    const results = await db.execute(
      "select content from messages where task_id = $1::uuid and role = 'tool'",
      [run.taskId],
    );
    expect(results.rows).toEqual([{ content: "seen" }]);
    await decide(asked[0].id, { approved: false });
    expect(await run.status()).toBe("waiting");
    await decide(asked[1].id, { approved: true });
    await run.ended();
    expect(made).toHaveLength(1);
  });

  test("delegated work begins after the approval, and the run goes on with its result", async () => {
    const poet = await addBot(db, { id: `poet_${newId()}` });
    await using run = await start((request) => {
      const last = request.messages.at(-1)?.content ?? "";
      if (last.includes("Write a poem")) return "A poem.";
      if (request.messages.some(({ role }) => role === "tool")) return `Got: ${last}`;
      return { calls: [call("1", "delegate_to_agent", { bot_id: poet, prompt: "Write a poem" })] };
    });
    const [asked] = await run.waits();
    expect(asked.tool_name).toBe("delegate_to_agent");
    await decide(asked.id, { approved: true });
    expect((await run.ended())?.result).toContain("A poem.");
  });

  test("a secret is not in what is shown, and the call that is made has it", async () => {
    await using run = await start([ask("s3cret-word"), "Done."], { secret: "s3cret-word" });
    const [asked] = await run.waits();
    expect(asked.arguments.to).toBe("[redacted]");
    const { body } = await http.send("GET", `/api/v1/approvals/${asked.id}`);
    expect(JSON.stringify(body)).not.toContain("s3cret-word");
    expect(body.suggestions.map(({ label }: { label: string }) => label)).not.toContain("The same to");
    await decide(asked.id, { approved: true });
    await run.ended();
    expect(made[0]).toContain("s3cret-word");
  });

  test("a call that is no longer the one that was decided on is not made", async () => {
    await using run = await start([ask("ann"), "Done."]);
    const [asked] = await run.waits();
    await db.execute(
      `update messages set tool_calls = jsonb_set(tool_calls, '{0,arguments}', '"{\\"to\\":\\"eve\\"}"') where id = $1::uuid`,
      [asked.message_id],
    );
    await decide(asked.id, { approved: true });
    await run.ended();
    expect(made).toEqual([]);
    expect(run.llm.requests[1]?.messages.at(-1)?.content).toContain("is not the one that was decided on");
  });

  test("what a policy forbids meanwhile is not made, whoever approved it", async () => {
    await using run = await start([ask("ann"), "Done."]);
    const [asked] = await run.waits();
    await http.policies.create({ name: "Not any more", effect: "deny", tools: ["send_mail"], priority: 1 });
    await decide(asked.id, { approved: true });
    await run.ended();
    expect(made).toEqual([]);
  });

  test("nobody decides: denied, failed or allowed, once over two servers", async () => {
    for (const [on_timeout, status, calls] of [
      ["deny", "complete", 0],
      ["fail", "failed", 0],
      ["allow", "complete", 1],
    ] as const) {
      await using run = await start([ask("ann"), "Done."], { terms: { on_timeout, timeout_seconds: 60 } });
      const [asked] = await run.waits();
      const servers = [1, 2].map(() =>
        createApprovals({
          ...{ db, queue: http.queue, policies: http.policies, onCommit: () => undefined, log },
          now: () => Date.now() + 61_000,
        }),
      );
      expect(await http.approvals.expire()).toBe(0);
      const ended = await Promise.all(servers.map((server) => server.expire()));
      expect(ended.reduce((sum, one) => sum + one)).toBe(1);
      expect((await run.ended())?.status).toBe(status);
      expect(made).toHaveLength(calls);
      const late = await decide(asked.id, { approved: true });
      expect([late.status, late.body.error.message]).toEqual([
        409,
        expect.stringContaining("The time to decide was over"),
      ]);
    }
  });

  test("who decides too late is told so, even before the server has looked", async () => {
    await using run = await start([ask("ann"), "Done."]);
    const [asked] = await run.waits();
    await db.query
      .update(approvalsTable)
      .set({ expires_at: new Date(Date.now() - 1) })
      .where(eq(approvalsTable.id, asked.id));
    expect((await decide(asked.id, { approved: true })).status).toBe(409);
    await run.ended();
    expect(made).toEqual([]);
  });

  test("a run that is cancelled takes its question back", async () => {
    await using run = await start([ask("ann"), "Done."]);
    const [asked] = await run.waits();
    await http.tasks.cancel(run.taskId);
    const late = await decide(asked.id, { approved: true });
    expect([late.status, late.body.error.message]).toEqual([
      409,
      expect.stringContaining("The run has ended"),
    ]);
    expect((await http.send("GET", `/api/v1/approvals/${asked.id}`)).body.status).toBe("cancelled");
    expect(made).toEqual([]);
  });

  test("others' approvals are out of reach", async () => {
    await using run = await start([ask("ann"), "Done."]);
    const [asked] = await run.waits();
    const { key } = await http.apiKeys.create(
      { name: "own", scopes: ["approvals:write", "chat:write"], rows: "own" },
      OPERATOR,
    );
    expect((await http.send("GET", "/api/v1/approvals", { key })).body.approvals).toEqual([]);
    expect((await http.send("GET", `/api/v1/approvals/${asked.id}`, { key })).status).toBe(404);
    expect((await decide(asked.id, { approved: true }, key)).status).toBe(404);
    await decide(asked.id, { approved: false });
    await run.ended();
  });
});
