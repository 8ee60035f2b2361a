// What a coding agent asks, against those who would have more allowed than a person or a policy has.

import { expect, test } from "bun:test";
import type { RequestPermissionRequest } from "@agentclientprotocol/sdk";
import { eq } from "drizzle-orm";
import { createPermissions } from "../../src/acp/permissions.ts";
import { suggestionsFor } from "../../src/approvals/policy-from.ts";
import { approvals } from "../../src/db/schema.ts";
import type { HeddleError } from "../../src/errors.ts";
import { newId } from "../../src/ids.ts";
import { DEFAULT_TERMS, type Decision } from "../../src/policies/policy.ts";
import { addBot, addSession, addTask } from "../agent/fixture.ts";
import { embeddedDatabase } from "../database.ts";
import { until } from "../until.ts";

const open = embeddedDatabase();

const OPTIONS = [
  { optionId: "yes", name: "Yes", kind: "allow_once" as const },
  { optionId: "no", name: "No", kind: "reject_once" as const },
];
const wanted = (kind: string, rawInput: object): RequestPermissionRequest =>
  ({
    sessionId: "s",
    options: OPTIONS,
    toolCall: { toolCallId: "1", title: "Tidy up", kind, rawInput },
  }) as RequestPermissionRequest;

async function fixture() {
  const db = await open();
  const session = await addSession(db, await addBot(db));
  const task = await addTask(db, session, "Work.");
  const run = {
    ...{ task_id: task.id, bot_id: session.bot_id, session_id: session.id, channel_id: session.channel_id },
    correlation_id: task.correlation_id,
  };
  let decision: Decision = { effect: "allow", rule: null, reason: null, approval: DEFAULT_TERMS };
  const asked: string[] = [];
  const told: string[] = [];
  const permissions = createPermissions({
    db,
    decide: async ({ tool }) => {
      asked.push(tool.name);
      return decision;
    },
    askPlaces: async () => undefined,
    tellPlaces: async (_, { status }) => void told.push(status),
    onCommit: () => undefined,
    redact: (text) => text,
    now: Date.now,
  });
  const refused: string[] = [];
  const failed: HeddleError[] = [];
  const how = {
    signal: new AbortController().signal,
    onRefused: (reason: string) => void refused.push(reason),
    onFail: (error: HeddleError) => void failed.push(error),
  };
  return {
    db,
    asked,
    told,
    refused,
    failed,
    cancelOf: (tool: string) => permissions.cancelOf(tool, run.task_id),
    decideBy: (given: Partial<Decision>) => {
      decision = { ...decision, ...given };
    },
    ask: async (kind: string, input: object = {}) => {
      const outcome = await permissions.ask("code_with_it", run, wanted(kind, input), how);
      return outcome.outcome === "selected" ? outcome.optionId : outcome.outcome;
    },
    waiting: async () =>
      (
        await until(
          () => db.query.select().from(approvals).where(eq(approvals.status, "pending")),
          (all) => all.length === 1,
        )
      )[0] as typeof approvals.$inferSelect,
    answer: (id: string, choice: "once" | "run") =>
      db.query.update(approvals).set({ status: "approved", choice }).where(eq(approvals.id, id)),
  };
}

test("what is decided for a run holds for what the same policy asks, and not for what another leaves to others", async () => {
  const it = await fixture();
  const first = it.ask("edit");
  await it.answer((await it.waiting()).id, "run");
  expect(await first).toBe("yes");
  expect(await it.ask("edit")).toBe("yes");
  const id = newId();
  const terms = { ...DEFAULT_TERMS, approvers: ["key:bob"] };
  it.decideBy({ effect: "require_approval", rule: { id, name: "Bob decides" }, approval: terms });
  const second = it.ask("edit");
  const { id: bobs, approvers } = await it.waiting();
  expect(approvers).toEqual(["key:bob"]);

  // What is forbidden meanwhile stays undone.
  it.decideBy({ effect: "deny" });
  await it.answer(bobs, "once");
  expect(await second).toBe("no");
});

test("the bot learns why something was refused, since its agent only learns that it was", async () => {
  const it = await fixture();
  const decided = (set: object) =>
    it.db.query.update(approvals).set(set).where(eq(approvals.status, "pending"));
  const first = it.ask("edit");
  await it.waiting();
  await decided({ status: "denied", choice: "run", decided_by_name: "Ann", note: "Not on Fridays." });
  expect([await first, await it.ask("edit")]).toEqual(["no", "no"]);
  const second = it.ask("execute");
  await it.waiting();
  await decided({ status: "expired" });
  expect(await second).toBe("no");
  it.decideBy({ effect: "deny", rule: { id: null, name: "Nothing runs" }, reason: "Ask Bob." });
  expect(await it.ask("execute")).toBe("no");
  expect(it.refused).toEqual([
    '"Tidy up" was refused: Ann denied it. Not on Fridays.',
    '"Tidy up" was refused: Ann denied it. Not on Fridays.',
    '"Tidy up" was refused: nobody decided in time.',
    '"Tidy up" was refused: The policy "Nothing runs" forbids this call of code_with_it/execute; it was not made. Ask Bob.',
  ]);
});

test("what a process that is gone had asked is taken back, whichever policy had it ask", async () => {
  const it = await fixture();
  it.decideBy({ effect: "require_approval", rule: { id: null, name: "Somebody decides" } });
  const left = it.ask("edit");
  await it.waiting();
  await it.cancelOf("code_with_other");
  await it.cancelOf("codeXwithXit");
  await it.waiting();
  expect(it.told).toEqual([]);
  await it.cancelOf("code_with_it");
  expect(await left).toBe("cancelled");
  // A chat in which it was asked must not go on asking.
  expect(it.told).toEqual(["cancelled"]);
});

test("a kind of the agent's own is another, and stands for no others", async () => {
  const it = await fixture();
  it.decideBy({ effect: "deny" });
  for (const kind of ["*", "edit*", "constructor", "__proto__"]) expect(await it.ask(kind)).toBe("no");
  expect(new Set(it.asked)).toEqual(new Set(["code_with_it/other"]));
});

test("suggestions go by what an agent is given, not by its title, and do not claim more than they hold to", () => {
  const labels = (tool_name: string, args: object) =>
    suggestionsFor({ tool_name, arguments: args as never }).map(({ label }) => label);
  const made = suggestionsFor({
    tool_name: "code_with_it/execute",
    arguments: { action: "Tidy up", input: { command: "make", env: { A: "b" } } } as never,
  });
  expect(made.map(({ conditions }) => conditions)).toEqual([{ "input.command": { equals: "make" } }]);
  expect(labels("code_with_it/edit", { action: "Tidy up", changes: [] })).toEqual([]);
  expect(labels("write", { path: "a/b", content: "x".repeat(400) })[0]).toBe(
    "The same path, with any other arguments",
  );
  expect(labels("write", { path: "ab", content: "x" })[0]).toBe("The same arguments");
});

test("a question on which nobody decides in time ends as its policy says, and ends the run if it says so", async () => {
  const it = await fixture();
  for (const [on_timeout, answer] of [
    ["deny", "no"],
    ["allow", "yes"],
    ["fail", "cancelled"],
  ] as const) {
    const rule = { id: null, name: `Then ${on_timeout}` };
    it.decideBy({ effect: "require_approval", rule, approval: { ...DEFAULT_TERMS, on_timeout } });
    const asked = it.ask("edit");
    const { id } = await it.waiting();
    expect(it.failed).toEqual([]);
    await it.db.query.update(approvals).set({ status: "expired" }).where(eq(approvals.id, id));
    expect(await asked).toBe(answer);
  }
  expect(it.failed).toMatchObject([
    { code: "timeout", message: expect.stringContaining('the policy "Then fail" leaves to a person') },
  ]);
});

test("an agent that asks without end is refused beyond twenty questions at once", async () => {
  const it = await fixture();
  const all = Array.from({ length: 25 }, (_, at) => it.ask("edit", { at }));
  await until(() => it.refused.length === 5);
  const open = () => it.db.query.select().from(approvals).where(eq(approvals.status, "pending"));
  expect((await until(open, (rows) => rows.length === 20)).length).toBe(20);
  await it.cancelOf("code_with_it");
  const answers = await Promise.all(all);
  expect(answers.filter((one) => one === "no").length).toBe(5);
  expect(answers.filter((one) => one === "cancelled").length).toBe(20);
});
