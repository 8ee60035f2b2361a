// Policies over the API, over two servers of one database, and on every way on which a tool can be called.

import { beforeAll, describe, expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { OPERATOR } from "../../src/access/caller.ts";
import { newId } from "../../src/ids.ts";
import { decideInRun, toRules } from "../../src/policies/decide.ts";
import { openPolicies } from "../../src/policies/policies.ts";
import { type Policy, UNTAINTED } from "../../src/policies/policy.ts";
import { addBot, addSession, addTask, agentOver, call, scriptedLlm, tool } from "../agent/fixture.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { createHttpFixture, type HttpFixture } from "../http/fixture.ts";
import { until } from "../until.ts";
import { policy } from "./fixture.ts";

const by =
  (...policies: Partial<Policy>[]): typeof decideOf =>
  async (made, taint) =>
    decideInRun(toRules(policies.map(policy)), made, taint);
declare const decideOf: Awaited<ReturnType<typeof openPolicies>>["decide"];

eachDatabase("policies", (open) => {
  let db: TestDatabase;
  let http: HttpFixture;
  beforeAll(async () => {
    db = await open();
    http = await createHttpFixture(db);
  });

  const sent = async (method: string, path: string, body?: object, key?: string) =>
    http.send(method, `/api/v1/policies${path}`, { ...(body && { body }), ...(key && { key }) });

  test("a rule is created, changed, listed in its order, and deleted", async () => {
    const made = await sent("POST", "", {
      name: "No merges",
      effect: "deny",
      tools: ["github_merge"],
      reason: "By hand.",
    });
    expect([made.status, made.body.priority, made.body.approval, made.body.warnings]).toEqual([
      201,
      100,
      { timeout_seconds: 3600, on_timeout: "deny", approvers: [] },
      ['There is no tool "github_merge".'],
    ]);
    // What exists besides the registry: delegated work, and what coding agents ask.
    const others = ["delegate_to_agent", "delegate_*", "code_with_nobody/edit"];
    const besides = await sent("POST", "", { name: "Others", effect: "deny", tools: others });
    expect(besides.body.warnings).toEqual(['There is no tool "code_with_nobody".']);
    await sent("DELETE", `/${besides.body.id}`);
    const first = await sent("POST", "", { name: "First", effect: "allow", priority: 1 });
    const names = async () => (await sent("GET", "")).body.policies.map((one: { name: string }) => one.name);
    expect(await names()).toEqual(["First", "No merges"]);
    const changed = await sent("PATCH", `/${first.body.id}`, {
      enabled: false,
      approval: { on_timeout: "fail" },
    });
    expect(changed.body.approval).toEqual({ timeout_seconds: 3600, on_timeout: "fail", approvers: [] });
    expect(await names()).toEqual(["No merges", "First"]);
    for (const { body } of [made, first]) expect((await sent("DELETE", `/${body.id}`)).status).toBe(204);
    expect(await names()).toEqual([]);
    expect((await sent("DELETE", `/${first.body.id}`)).status).toBe(404);
  });

  test("what is not valid is refused with its field", async () => {
    const refused = async (more: object) => {
      const { status, body } = await sent("POST", "", { name: "x", effect: "deny", ...more });
      return [status, body.error?.field];
    };
    expect(await refused({ effect: "forbid" })).toEqual([422, "effect"]);
    expect((await refused({ arguments: { x: {} } }))[0]).toBe(422);
    expect((await refused({ arguments: { x: { pattern: "(a+)+" } } }))[0]).toBe(422);
    expect((await refused({ approval: { approvers: ["somebody"] } }))[0]).toBe(422);
    expect(await refused({ bot_id: "nobody" })).toEqual([400, "bot_id"]);
    expect(await refused({ integration_id: "gihtub" })).toEqual([404, "integration_id"]);
    expect((await sent("GET", "")).body.policies).toEqual([]);
  });

  test("an integration's key cannot write policies, whatever its scopes; readers only read", async () => {
    const { key } = http.apiKeys.issueEphemeral({
      name: "p",
      scopes: ["policies:write"],
      integrationId: "mine",
    });
    expect((await sent("POST", "", { name: "x", effect: "allow" }, key)).status).toBe(403);
    const reader = await http.keyWith("policies:read");
    expect((await sent("GET", "", undefined, reader)).status).toBe(200);
    expect((await sent("POST", "", { name: "x", effect: "allow" }, reader)).status).toBe(403);
  });

  test("a dry run says what becomes of a call, and what a rule would have done", async () => {
    const made = await sent("POST", "", { name: "Ask first", effect: "require_approval", tools: ["send_*"] });
    const asked = await sent("POST", "/dry-run", { call: { tool: "send_mail", arguments: { to: "ann" } } });
    expect(asked.body).toEqual({
      decision: {
        effect: "require_approval",
        policy_id: made.body.id,
        policy_name: "Ask first",
        reason: null,
      },
      recent: null,
    });
    const bot = await addBot(db);
    const session = await addSession(db, bot);
    const { agent } = agentOver(
      db,
      scriptedLlm([
        { calls: [call("1", "send_mail", { to: "eve" }), call("2", "send_mail", { to: "ann" })] },
        "done",
      ]),
      { tools: [tool("send_mail", () => "sent", { parameters: { type: "object" } })] },
    );
    await agent.runTurn(await addTask(db, session, "Write to them"), new AbortController().signal);
    const draft = { name: "Not to eve", effect: "deny", priority: 1, arguments: { to: { equals: "eve" } } };
    const tried = await sent("POST", "/dry-run", {
      policy: draft,
      call: { tool: "send_mail", arguments: { to: "eve" } },
    });
    expect(tried.body.decision).toMatchObject({ effect: "deny", policy_name: "Not to eve" });
    expect(tried.body.recent).toMatchObject({ fitting: 1, deciding: 1 });
    expect(tried.body.recent.examples[0]).toMatchObject({
      tool_name: "send_mail",
      bot_id: bot,
      decides: true,
    });
    const later = await sent("POST", "/dry-run", { policy: { ...draft, effect: "allow", priority: 500 } });
    expect(later.body.recent).toMatchObject({ fitting: 1, deciding: 0 });
    // A key that reaches only its own runs learns nothing about those of others.
    const { key: own } = await http.apiKeys.create(
      { name: "own", scopes: ["policies:read", "chat:write"], rows: "own" },
      OPERATOR,
    );
    expect((await sent("POST", "/dry-run", { policy: draft }, own)).body.recent).toMatchObject({
      checked: 0,
      fitting: 0,
    });
    await sent("DELETE", `/${made.body.id}`);
  });

  test("a dry run of what a person once allowed is as strict as the rule will be", async () => {
    const never = await sent("POST", "", { name: "Never", effect: "deny", tools: ["send_money"] });
    await using all = Object.assign(await openPolicies({ db, log: getLogger("heddle") }), {
      async [Symbol.asyncDispose]() {
        await all.close();
      },
    });
    const learned = { name: "Allow", effect: "allow" as const, tools: ["send_money"], priority: 1 };
    const id = await db.query.transaction((tx) => all.add(tx, { ...learned, approval_id: newId() }));
    await until(async () => (await sent("GET", `/${id}`)).status === 200);
    const tried = async (body: object) =>
      (await sent("POST", "/dry-run", { call: { tool: "send_money" }, ...body })).body.decision.policy_name;
    expect(await tried({})).toBe("Never");
    expect(await tried({ policy: learned, replaces: id })).toBe("Never");
    expect(await tried({ policy: learned })).toBe("Allow");
    for (const one of [id, never.body.id]) await sent("DELETE", `/${one}`);
  });

  test("every server of the database knows a change", async () => {
    await using other = Object.assign(await openPolicies({ db, log: getLogger("heddle") }), {
      async [Symbol.asyncDispose]() {
        await other.close();
      },
    });
    const made = await sent("POST", "", { name: "New", effect: "deny", tools: ["a_tool"] });
    const facts = {
      tool: { name: "a_tool", kinds: [], integration_id: null },
      args: {},
      bot_id: null,
      channel_id: null,
    };
    const effect = async () => (await other.decide(facts, UNTAINTED)).effect;
    await until(async () => (await effect()) === "deny");
    await sent("DELETE", `/${made.body.id}`);
    await until(async () => (await effect()) === "allow");
  });

  test("a person who tries a tool is refused by the same rules", async () => {
    http.tools.replaceOwner("core", [tool("dangerous", () => "done")]);
    const tried = () => http.send("POST", "/api/v1/tools/dangerous/try", { body: {} });
    expect((await tried()).body.content).toBe("done");
    const made = await sent("POST", "", { name: "Never", effect: "deny", tools: ["dangerous"] });
    expect((await tried()).body.error).toContain('The policy "Never" forbids this call of dangerous');
    await sent("DELETE", `/${made.body.id}`);
  });

  describe("in a run", () => {
    const outcomes = async (id: string) =>
      (await db.execute("select tool_name, status, error from tool_calls where task_id = $1::uuid", [id]))
        .rows;

    test("a call that is forbidden is not made, is recorded as failed, and the run goes on", async () => {
      let calls = 0;
      const llm = scriptedLlm([{ calls: [call("1", "count", {})] }, "Then not."]);
      const { agent, fired } = agentOver(db, llm, {
        tools: [tool("count", () => String(++calls))],
        decide: by({ name: "No counting", tools: ["count"] }),
      });
      const task = await addTask(db, await addSession(db, await addBot(db)), "Count");
      expect((await agent.runTurn(task, new AbortController().signal)).text).toBe("Then not.");
      expect(calls).toBe(0);
      expect(await outcomes(task.id)).toEqual([
        { tool_name: "count", status: "failed", error: expect.stringContaining('"No counting" forbids') },
      ]);
      expect(fired.map(({ event }) => event)).not.toContain("before_tool_execution");
      expect(llm.requests[1]?.messages.at(-1)?.content).toContain("forbids this call");
    });

    test("the work that a bot delegates, and the client's own tools, are calls as well", async () => {
      const other = await addBot(db, { id: `other_${crypto.randomUUID().slice(0, 8)}` });
      const bot = await addBot(db, { delegate_bots: [other] });
      const begun: string[] = [];
      const { agent } = agentOver(
        db,
        scriptedLlm([
          {
            calls: [
              call("1", "delegate_to_agent", { bot_id: other, prompt: "Do it." }),
              call("2", "open_door", { door: "front" }),
            ],
          },
          "Neither.",
        ]),
        { delegate: async ({ to }) => void begun.push(to), decide: by({ name: "Nothing" }) },
      );
      const task = await addTask(db, await addSession(db, bot), "Go", {
        execution_config: {
          client_tools: [{ name: "open_door", description: "Opens a door.", parameters: { type: "object" } }],
        },
      });
      expect((await agent.runTurn(task, new AbortController().signal)).text).toBe("Neither.");
      expect(begun).toEqual([]);
      expect((await outcomes(task.id)).map(({ status }) => status)).toEqual(["failed", "failed"]);
    });
  });
});
