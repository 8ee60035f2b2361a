import { expect, test } from "bun:test";
import { t } from "elysia";
import { HeddleError } from "../../src/errors.ts";
import type { Dispatcher } from "../../src/sdk/types.ts";
import { eachDatabase } from "../database.ts";
import { createSessionsFixture } from "./fixture.ts";

const chat: Dispatcher = {
  config: t.Object({ room: t.String(), token: t.Optional(t.String()) }),
  deliver: () => ({ receipt: "delivered" }),
  postMessage: () => ({ receipt: "posted" }),
};

const codeOf = async (promise: Promise<unknown>) => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof HeddleError) return [error.code, error.field];
    throw error;
  }
};

eachDatabase("sessions", (open) => {
  const fixture = async () => createSessionsFixture(await open(), { chat });
  const count = async (db: { execute(text: string): Promise<{ rows: unknown[] }> }, table: string) =>
    (await db.execute(`select 1 from ${table}`)).rows.length;

  test("get_or_create returns the existing session, even for concurrent calls", async () => {
    const { sessions, db, queue } = await fixture();
    const wanted = { clientId: "test:1", botId: "default" };
    const made = await Promise.all(Array.from({ length: 10 }, () => sessions.getOrCreate(wanted)));
    expect(new Set(made.map((one) => one.session_id)).size).toBe(1);
    expect(made.filter((one) => one.created).length).toBe(1);
    const other = await sessions.getOrCreate({ ...wanted, botId: "other" });
    expect(other.session_id).not.toBe(made[0]?.session_id ?? "");
    // Two sessions of two bots in one place.
    expect(await count(db, "channels")).toBe(1);
    await queue.close();
  });

  test("get_or_create sets the target, whichever of concurrent calls has created the session", async () => {
    const { sessions, queue } = await fixture();
    const wanted = { clientId: "test:1", botId: "default" };
    const [, found] = await Promise.all([
      sessions.getOrCreate(wanted),
      sessions.getOrCreate({ ...wanted, dispatchConfig: { type: "chat", room: "main" } }),
    ]);
    const { dispatch_config } = await sessions.get(found.session_id);
    expect(dispatch_config).toMatchObject({ type: "chat", room: "main" });
    await queue.close();
  });

  test("an unknown bot and an empty client are refused", async () => {
    const { sessions, db, queue } = await fixture();
    expect(await codeOf(sessions.getOrCreate({ clientId: "test:1", botId: "nobody" }))).toEqual([
      "unknown_bot",
      "bot_id",
    ]);
    // As passed on by an integration's code; others in the same batch are not affected.
    const [missing, strange, fine] = await Promise.allSettled([
      sessions.getOrCreate({ clientId: "test:1" } as never),
      sessions.getOrCreate({ clientId: 7, botId: "default" } as never),
      sessions.getOrCreate({ clientId: "test:fine", botId: "nobody" }),
    ]);
    expect([missing, strange]).toMatchObject([
      { reason: { message: "bot_id must be a text; got undefined." } },
      { reason: { message: "client_id must be a text; got number." } },
    ]);
    expect(fine).toMatchObject({ reason: { code: "unknown_bot" } });
    expect(await codeOf(sessions.getOrCreate({ clientId: " ", botId: "default" }))).toEqual([
      "validation",
      "client_id",
    ]);
    expect(await count(db, "channels")).toBe(0);
    await queue.close();
  });

  test("a target that is not a session is refused, and an existing session is accepted", async () => {
    const { sessions, db, queue } = await fixture();
    const { session_id } = await sessions.getOrCreate({ clientId: "test:1", botId: "default" });
    const to = (target: string) => ({
      sessionId: session_id,
      content: "x",
      source: "test",
      runAgent: true,
      dispatchConfig: { type: "internal", session_id: target },
    });
    expect(await codeOf(sessions.inject(to(crypto.randomUUID())))).toEqual([
      "validation",
      "dispatch_config.session_id",
    ]);
    const { dispatchConfig } = to(crypto.randomUUID());
    expect(
      await codeOf(sessions.getOrCreate({ clientId: "test:1", botId: "default", dispatchConfig })),
    ).toEqual(["validation", "dispatch_config.session_id"]);
    expect(await count(db, "messages")).toBe(0);
    expect(await sessions.inject(to(session_id))).toMatchObject({ duplicate: false });
    await queue.close();
  });

  test("an execution config without a run causes a warning", async () => {
    const { sessions, queue } = await fixture();
    const place = { clientId: "test:1", botId: "default" };
    const { session_id } = await sessions.getOrCreate(place);
    const message = { content: "x", source: "test", executionConfig: { tools: ["x"] } };
    const warning = [expect.stringContaining("no effect without run_agent")];
    expect(await sessions.inject({ ...message, sessionId: session_id })).toMatchObject({ warnings: warning });
    const { results } = await sessions.injectEvent({ ...message, ...place, event: "note" });
    expect(results).toMatchObject([{ warnings: warning }]);
    const run = await sessions.inject({ ...message, sessionId: session_id, runAgent: true });
    expect(run).not.toHaveProperty("warnings");
    await queue.close();
  });

  test("a message that runs the agent is stored with its task and its job", async () => {
    const { sessions, tasks, db, queue } = await fixture();
    const { session_id } = await sessions.getOrCreate({ clientId: "test:1", botId: "default" });
    const result = await sessions.inject({
      sessionId: session_id,
      content: "Hello",
      source: "test",
      runAgent: true,
      executionConfig: { tools: ["x"] },
      metadata: { n: 1 },
    });
    expect(result).toMatchObject({ session_id, duplicate: false });
    const task = await tasks.get(String(result.task_id));
    expect(task).toMatchObject({
      status: "pending",
      prompt: "Hello",
      message_id: result.message_id,
      dispatch_type: "none",
      execution_config: { tools: ["x"] },
    });
    const { rows } = await db.execute("select id, singleton_key from pgboss.job where name = 'tasks'");
    expect(rows).toEqual([{ id: String(result.task_id), singleton_key: session_id }]);
    expect(await sessions.messages(session_id, { limit: 10 })).toMatchObject([
      { id: result.message_id, content: "Hello", role: "user", source: "test", metadata: { n: 1 } },
    ]);
    await queue.close();
  });

  test("an idempotency key returns the first result, even for concurrent copies", async () => {
    const { sessions, db, queue } = await fixture();
    const { session_id } = await sessions.getOrCreate({ clientId: "test:1", botId: "default" });
    const message = {
      sessionId: session_id,
      content: "Hello",
      source: "test",
      runAgent: true,
      idempotencyKey: "k",
    };
    const results = await Promise.all(Array.from({ length: 8 }, () => sessions.inject(message)));
    expect(results.filter((result) => !result.duplicate).length).toBe(1);
    expect(new Set(results.map((result) => `${result.message_id} ${result.task_id}`)).size).toBe(1);
    expect([await count(db, "messages"), await count(db, "tasks"), await count(db, "pgboss.job")]).toEqual([
      1, 1, 1,
    ]);
    // Another sender may use the same key.
    expect((await sessions.inject(message, "github")).duplicate).toBe(false);
    await queue.close();
  });

  test("a refused message leaves nothing behind", async () => {
    const { sessions, bots, db, queue } = await fixture();
    const { session_id } = await sessions.getOrCreate({ clientId: "test:1", botId: "other" });
    const message = { sessionId: session_id, content: "Hello", source: "test", runAgent: true };
    const refused = (change: object) => codeOf(sessions.inject({ ...message, ...change }));
    expect(await refused({ sessionId: "nonsense" })).toEqual(["not_found", "session_id"]);
    expect(await refused({ sessionId: crypto.randomUUID() })).toEqual(["not_found", "session_id"]);
    expect(await refused({ content: "  " })).toEqual(["validation", "content"]);
    expect(await refused({ dispatchConfig: { type: "nowhere" } })).toEqual([
      "validation",
      "dispatch_config.type",
    ]);
    expect(await refused({ dispatchConfig: { type: "chat" } })).toEqual([
      "validation",
      "dispatch_config.room",
    ]);
    expect(await refused({ dispatchConfig: { type: "chat", room: 7 } })).toEqual([
      "validation",
      "dispatch_config.room",
    ]);
    await bots.delete("other");
    expect(await refused({})).toEqual(["unknown_bot", "bot_id"]);
    expect([await count(db, "messages"), await count(db, "tasks"), await count(db, "pgboss.job")]).toEqual([
      0, 0, 0,
    ]);
    await queue.close();
  });

  test("the outcome goes to the message's target, otherwise to the session's, otherwise nowhere", async () => {
    const { sessions, tasks, db, queue } = await fixture();
    const { session_id } = await sessions.getOrCreate({
      clientId: "test:1",
      botId: "default",
      dispatchConfig: { type: "chat", room: "session" },
    });
    const target = async (change: object) => {
      const run = { sessionId: session_id, content: "Hello", source: "test", runAgent: true, ...change };
      const { task_id } = await sessions.inject(run);
      const { dispatch_type, dispatch_config } = await tasks.get(String(task_id));
      return [dispatch_type, dispatch_config.room];
    };
    expect(await target({})).toEqual(["chat", "session"]);
    expect(await target({ notify: false })).toEqual(["none", undefined]);
    const own = { dispatchConfig: { type: "chat", room: "own" } };
    expect(await target(own)).toEqual(["chat", "own"]);
    expect(await target({ ...own, notify: false })).toEqual(["chat", "own"]);
    // Without a run, the text itself is posted.
    await sessions.inject({ sessionId: session_id, content: "News", source: "test" });
    await sessions.inject({ sessionId: session_id, content: "Quiet", source: "test", notify: false });
    const { rows } = await db.execute("select payload from deliveries");
    expect(rows).toEqual([
      { payload: { kind: "post", text: "[test] News", client_actions: [], extra_metadata: {} } },
    ]);
    await queue.close();
  });

  test("secret fields of a dispatch_config are stored encrypted", async () => {
    const { sessions, tasks, sealer, db, queue } = await fixture();
    const token = "xoxb-canary-secret";
    const { session_id } = await sessions.getOrCreate({
      clientId: "test:1",
      botId: "default",
      dispatchConfig: { type: "chat", room: "r", token },
    });
    const { task_id } = await sessions.inject({
      sessionId: session_id,
      content: "x",
      source: "t",
      runAgent: true,
    });
    const { rows } = await db.execute(
      "select dispatch_config::text as c from sessions union select dispatch_config::text from tasks",
    );
    for (const row of rows) expect(String(row.c)).not.toContain(token);
    expect(
      sealer.open((await tasks.get(String(task_id))).dispatch_config, {
        table: "tasks",
        row: String(task_id),
        field: "dispatch_config",
      }),
    ).toEqual({
      room: "r",
      token,
    });
    await queue.close();
  });

  test("text that PostgreSQL refuses is made storable instead of refused", async () => {
    const { sessions, queue } = await fixture();
    const { session_id } = await sessions.getOrCreate({ clientId: "test:1", botId: "default" });
    await sessions.inject({
      sessionId: session_id,
      content: "a\0b\ud800c",
      source: "t",
      metadata: { "k\0": "\0" },
    });
    expect(await sessions.messages(session_id, { limit: 1 })).toMatchObject([
      { content: "a\ufffdb\ufffdc", metadata: { "k\ufffd": "\ufffd" } },
    ]);
    await queue.close();
  });

  test("messages are paged from the newest, each page oldest first", async () => {
    const { sessions, queue } = await fixture();
    const { session_id } = await sessions.getOrCreate({ clientId: "test:1", botId: "default" });
    for (let i = 0; i < 5; i++)
      await sessions.inject({ sessionId: session_id, content: `${i}`, source: "t" });
    const newest = await sessions.messages(session_id, { limit: 2 });
    expect(newest.map((message) => message.content)).toEqual(["3", "4"]);
    const before = await sessions.messages(session_id, { limit: 2, before: String(newest[0]?.id) });
    expect(before.map((message) => message.content)).toEqual(["1", "2"]);
    await queue.close();
  });

  test("a pending task is cancelled with its job; a finished one is not changed", async () => {
    const { sessions, tasks, db, queue } = await fixture();
    const { session_id } = await sessions.getOrCreate({ clientId: "test:1", botId: "default" });
    const { task_id } = await sessions.inject({
      sessionId: session_id,
      content: "x",
      source: "t",
      runAgent: true,
    });
    const id = String(task_id);
    expect(await tasks.cancel(id)).toMatchObject({ status: "cancelled", error_code: "cancelled" });
    expect(await count(db, "pgboss.job")).toBe(0);
    expect(await tasks.cancel(id)).toMatchObject({ status: "cancelled" });
    expect(await codeOf(tasks.cancel(crypto.randomUUID()))).toEqual(["not_found", undefined]);
    await queue.close();
  });
});
