// A server asks a person something in the middle of a call.

import { expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { mcpQuestions, tasks } from "../../src/db/schema.ts";
import { newId } from "../../src/ids.ts";
import { createLimit } from "../../src/mcp/client/limit.ts";
import { addBot, addSession, addTask } from "../agent/fixture.ts";
import { oneDatabase, type TestDatabase } from "../database.ts";
import { until } from "../until.ts";
import { BOOK, EVERYTHING, everythingServer, FLOOD, MODERN, modernServer } from "./example-servers.ts";
import { type TestMcp, testMcp } from "./fixture.ts";

async function run(db: TestDatabase) {
  const task = await addTask(db, await addSession(db, await addBot(db)), "Book it.");
  return { task_id: task.id };
}

const asked = async ({ servers }: TestMcp) =>
  (
    await until(
      () => servers.questions.list({ status: "pending", limit: 10 }),
      (all) => all.length > 0,
    )
  )[0] as Awaited<ReturnType<TestMcp["servers"]["questions"]["list"]>>[number];

const ASK = "trigger-elicitation-request";
const PAGE = "trigger-url-elicitation";

oneDatabase("questions of MCP servers", (open) => {
  test("2026-07-28 over HTTP: a person answers on any server of the database, or declines", async () => {
    const db = await open();
    await using example = await modernServer([BOOK, FLOOD]);
    await using mcp = await testMcp(db);
    await using other = await testMcp(db);
    await mcp.servers.create({ id: "seats", transport: "http", url: example.url, allow_private: true });
    await mcp.reaches("seats", "connected");
    const context = await run(db);
    const booked = mcp.call(BOOK, {}, context);
    const question = await asked(other);
    expect(question).toMatchObject({
      ...{ ...context, server_id: "seats", tool_reference: "mcp:seats/book", message: "How many seats?" },
      ...{ status: "pending", schema: { properties: { seats: { type: "integer" } } } },
    });
    const { answer } = other.servers.questions;
    const reply = (seats: unknown) =>
      answer(question.id, { action: "accept", content: { seats } as never }, "Ann", undefined);
    await expect(reply("many")).rejects.toThrow("content.seats must be an integer; got a string");
    await expect(reply(0)).rejects.toThrow("content.seats");
    await reply(4);
    expect(await booked).toContain("Booked 4.");
    await expect(reply(5)).rejects.toThrow("Ann answered it already");
    const rows = await db.execute("select status, answer, answered_by from mcp_questions");
    expect(rows.rows).toEqual([{ status: "answered", answer: null, answered_by: "Ann" }]);

    // One that wants to know everything is not asked for anybody.
    await expect(mcp.call(FLOOD, {}, await run(db))).rejects.toThrow("more than 20 things at once");

    const declined = mcp.call(BOOK, {}, await run(db));
    await answer((await asked(mcp)).id, { action: "decline" }, "Ann", undefined);
    expect(await declined).toContain("Not booked.");
  });

  test("2025-11-25 over HTTP: of two calls at once, each gets its own answer", async () => {
    const db = await open();
    await using example = await everythingServer();
    await using mcp = await testMcp(db);
    await mcp.servers.create({ id: "old", transport: "http", url: example.url, allow_private: true });
    await mcp.reaches("old", "connected");
    const contexts = [await run(db), await run(db)];
    const calls = contexts.map((context) => mcp.call(ASK, {}, context));
    const questions = await until(
      () => mcp.servers.questions.list({ status: "pending", limit: 10 }),
      (all) => all.length === 2,
    );
    for (const { id, task_id } of questions) {
      const content = { name: `For ${task_id}` };
      await mcp.servers.questions.answer(id, { action: "accept", content }, "Ann", undefined);
    }
    const results = await Promise.all(calls);
    for (const [index, { task_id }] of contexts.entries()) {
      expect(results[index]).toContain(`For ${task_id}`);
    }
  });

  test("programs ask as well; who calls outside of a run is not asked, and a run that ends takes its question back", async () => {
    const db = await open();
    await using mcp = await testMcp(db);
    await mcp.servers.create({ id: "old", transport: "stdio", ...EVERYTHING });
    await mcp.servers.create({
      ...{ id: "new", transport: "stdio", command: MODERN.command, args: [...MODERN.args, BOOK] },
    });
    for (const id of ["old", "new"]) await mcp.reaches(id, "connected");
    const old = mcp.call(ASK, {}, await run(db));
    const content = { name: "Ann Program" };
    const { answer, list } = mcp.servers.questions;
    await answer((await asked(mcp)).id, { action: "accept", content }, "Ann", undefined);
    expect(JSON.stringify(await old)).toContain("Ann Program");
    expect(await mcp.call(BOOK)).toContain("Not booked.");
    const ending = new AbortController();
    const context = await run(db);
    const cancelled = mcp.call(BOOK, {}, { ...context, signal: ending.signal });
    const { id } = await asked(mcp);
    ending.abort(new Error("The run was cancelled."));
    await expect(cancelled).rejects.toThrow();
    await db.query.update(tasks).set({ status: "cancelled" }).where(eq(tasks.id, context.task_id));
    await until(async () => (await list({ limit: 10 })).find((one) => one.id === id)?.status === "cancelled");
    await expect(answer(id, { action: "decline" }, "Ann", undefined)).rejects.toThrow("Nobody waits");
  });

  test("a page is opened by the person; what a process that is gone has asked is asked by nobody", async () => {
    const db = await open();
    await using mcp = await testMcp(db);
    await mcp.servers.create({ id: "old", transport: "stdio", ...EVERYTHING });
    await mcp.reaches("old", "connected");
    const { answer, list } = mcp.servers.questions;
    const url = "https://pay.example/confirm?order=7";
    const paid = mcp.call(PAGE, { url, message: "Please pay." }, await run(db));
    const { id, message, schema } = await asked(mcp);
    expect(message).toBe(
      `Please pay.\n\nIt wants you to open this page of pay.example, and to accept here then:\n${url}`,
    );
    expect(schema).toEqual({ type: "object", properties: {} });
    await answer(id, { action: "accept" }, "Ann", undefined);
    expect(await paid).toContain("accept");
    for (const bad of ["javascript:alert(1)", `https://pay.example/${"x".repeat(2_000)}`]) {
      expect(
        JSON.stringify(await mcp.call(PAGE, { url: bad, message: "Pay." }, await run(db))),
      ).not.toContain("accepted");
    }

    // As a killed server leaves it.
    const context = await run(db);
    const left = newId();
    await db.query.insert(mcpQuestions).values({
      ...{ id: left, ...context, server_id: "old", tool_reference: "mcp:old/x", message: "?", schema: {} },
      ...{ session_id: newId(), bot_id: "b", expires_at: new Date(Date.now() + 60_000) },
    });
    const again = mcp.call(ASK, {}, context);
    const next = await until(
      () => list({ status: "pending", limit: 10 }),
      ([one]) => one !== undefined && one.id !== left,
    );
    expect(next).toHaveLength(1);
    await expect(answer(left, { action: "decline" }, "Ann", undefined)).rejects.toThrow("Nobody waits");
    await answer(next[0]?.id ?? "", { action: "decline" }, "Ann", undefined);
    await again;
  });
});

test("the limit of a call stands still while a person is asked", async () => {
  let now = 0;
  const due: { at: number; run: () => void }[] = [];
  const timers = {
    now: () => now,
    after(ms: number, act: () => void) {
      const timer = { at: now + ms, run: act };
      due.push(timer);
      return () => void due.splice(due.indexOf(timer), 1);
    },
  };
  const pass = (ms: number) => {
    now += ms;
    for (const timer of [...due]) if (timer.at <= now) timer.run();
  };
  const limit = createLimit(1_000, timers);
  pass(600);
  await limit.without(async () => pass(60_000));
  pass(300);
  expect(limit.signal.aborted).toBe(false);
  pass(100);
  expect(limit.signal.reason).toMatchObject({ code: "timeout" });
});
