// The REST API as a caller uses it, with the paths and bodies of the integration guide.

import { beforeAll, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { deliveries } from "../../../src/db/schema.ts";
import { eachDatabase, type TestDatabase } from "../../database.ts";
import { createHttpFixture, UNKNOWN_ID } from "../fixture.ts";

const chat = {
  chat: { deliver: () => ({ receipt: "delivered" }), postMessage: () => ({ receipt: "posted" }) },
};

eachDatabase("REST API", (open) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });

  test("a document is ingested, found, fetched and deleted", async () => {
    const { send } = await createHttpFixture(db);
    const made = await send("POST", "/api/v1/documents", {
      body: {
        title: "PR #42: Add dark mode",
        content: "# Styles\n\nThe palette turns dark at night.",
        integration_id: "mygithub",
        session_id: null,
        metadata: { pr_number: 42 },
      },
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      integration_id: "mygithub",
      session_id: null,
      metadata: { pr_number: 42 },
    });
    const path = `/api/v1/documents/${made.body.id}`;
    expect((await send("GET", path)).body).toEqual({ ...made.body, passages: 1 });

    const found = await send(
      "GET",
      "/api/v1/documents/search?q=dark+palettes&integration_id=mygithub&limit=5",
    );
    expect(found.status).toBe(200);
    expect(found.body).toEqual([
      {
        id: made.body.id,
        integration_id: "mygithub",
        session_id: null,
        title: "PR #42: Add dark mode",
        content: "# Styles\n\nThe palette turns dark at night.",
        metadata: { pr_number: 42 },
        score: expect.any(Number),
        lane: "lexical",
        weak: false,
        cursor: expect.any(String),
      },
    ]);
    expect((await send("GET", "/api/v1/documents/search?q=dark&integration_id=other")).body).toEqual([]);

    const deleted = await send("DELETE", path);
    expect([deleted.status, deleted.body]).toEqual([204, ""]);
    expect((await send("DELETE", path)).status).toBe(404);
    expect((await send("GET", path)).status).toBe(404);
    expect((await send("GET", "/api/v1/documents/search?q=dark")).body).toEqual([]);
  });

  test("a session is created once and then found", async () => {
    const { send } = await createHttpFixture(db);
    const body = { bot_id: "other", client_id: "github:owner/repo" };
    const first = await send("POST", "/api/v1/sessions", { body });
    expect(first.status).toBe(201);
    expect(first.body).toEqual({
      session_id: expect.any(String),
      channel_id: expect.any(String),
      bot_id: "other",
      created: true,
    });
    expect((await send("POST", "/api/v1/sessions", { body })).body).toEqual({
      ...first.body,
      created: false,
    });
    const unknown = await send("POST", "/api/v1/sessions", { body: { bot_id: "nobody", client_id: "x:1" } });
    expect(unknown.status).toBe(400);
    expect(unknown.body.error).toMatchObject({ code: "unknown_bot", field: "bot_id" });
  });

  test("a message creates a task, which is polled, listed and cancelled", async () => {
    const { send } = await createHttpFixture(db);
    const { session_id } = (await send("POST", "/api/v1/sessions", { body: { client_id: "x:2" } })).body;
    const injected = await send("POST", `/api/v1/sessions/${session_id}/messages`, {
      body: {
        content: "New PR from alice\u0000",
        role: "user",
        source: "github",
        run_agent: true,
        notify: true,
        dispatch_config: null,
        execution_config: { system_preamble: "Be brief.", tools: ["github_get_pr"] },
        metadata: { number: 1 },
      },
    });
    expect(injected.status).toBe(201);
    const { message_id, task_id } = injected.body;
    expect(injected.body).toEqual({
      message_id,
      session_id,
      task_id: expect.any(String),
      duplicate: false,
      warnings: ['There is no tool "github_get_pr".'],
    });

    const task = await send("GET", `/api/v1/tasks/${task_id}`);
    expect(task.body).toMatchObject({
      id: task_id,
      status: "pending",
      bot_id: "default",
      prompt: "New PR from alice\u{fffd}",
      result: null,
      error: null,
      dispatch_type: "none",
      scheduled_at: null,
      run_at: null,
      completed_at: null,
    });
    const messages = await send("GET", `/api/v1/sessions/${session_id}/messages`);
    expect(messages.body).toMatchObject([
      { id: message_id, session_id, role: "user", source: "github", metadata: { number: 1 } },
    ]);
    const filters = `status=pending&bot_id=default&session_id=${session_id}&source=github`;
    const listed = await send("GET", `/api/v1/tasks?${filters}`);
    const { callback_config, dispatch_config, execution_config, output, ...short } = task.body;
    expect(output).toBeNull();
    expect(listed.body).toEqual({ tasks: [short], next_cursor: null });
    expect((await send("GET", "/api/v1/tasks?source=slack")).body.tasks).toEqual([]);
    const byId = await send("GET", `/api/v1/tasks?id=${crypto.randomUUID()}, ${task_id.toUpperCase()}`);
    expect(byId.body.tasks).toEqual([short]);
    expect((await send("GET", `/api/v1/tasks?id=${crypto.randomUUID()}`)).body.tasks).toEqual([]);
    expect((await send("GET", "/api/v1/tasks?id=1,2")).body.error.field).toBe("id");

    const cancelled = await send("POST", `/api/v1/tasks/${task_id}/cancel`);
    expect(cancelled.body).toMatchObject({ id: task_id, status: "cancelled", error_code: "cancelled" });
  });

  test("an idempotency key means the same in the body and in the header", async () => {
    const { send } = await createHttpFixture(db);
    const { session_id } = (await send("POST", "/api/v1/sessions", { body: { client_id: "x:3" } })).body;
    const path = `/api/v1/sessions/${session_id}/messages`;
    const first = await send("POST", path, {
      body: { content: "a", run_agent: true, idempotency_key: "k-1" },
    });
    const again = await send("POST", path, {
      body: { content: "a", run_agent: true },
      headers: { "idempotency-key": "k-1" },
    });
    expect(again.status).toBe(201);
    expect(again.body).toEqual({ ...first.body, duplicate: true });
    const both = await send("POST", path, {
      body: { content: "a", idempotency_key: "k-1" },
      headers: { "idempotency-key": "k-2" },
    });
    expect(both.body.error).toMatchObject({ code: "validation", field: "idempotency_key" });
    expect((await send("GET", path)).body).toHaveLength(1);
  });

  test("messages are listed oldest first, page by page into the past", async () => {
    const { send } = await createHttpFixture(db);
    const { session_id } = (await send("POST", "/api/v1/sessions", { body: { client_id: "x:4" } })).body;
    const path = `/api/v1/sessions/${session_id}/messages`;
    for (const content of ["1", "2", "3"]) await send("POST", path, { body: { content } });
    const newest = (await send("GET", `${path}?limit=2`)).body;
    expect(newest.map(({ content }: { content: string }) => content)).toEqual(["2", "3"]);
    const older = (await send("GET", `${path}?limit=2&before=${newest[0].id}`)).body;
    expect(older.map(({ content }: { content: string }) => content)).toEqual(["1"]);
    expect((await send("GET", `/api/v1/sessions/${UNKNOWN_ID}/messages`)).status).toBe(404);
  });

  test("sessions are listed and fetched with their owner", async () => {
    const { send } = await createHttpFixture(db, { dispatchers: { ...chat } });
    const target = { type: "chat", room: "#1", token: "secret1234" };
    await send("POST", "/api/v1/channels", { body: { client_id: "list:1", bot_id: "default" } });
    await send("POST", "/api/v1/bots", { body: { id: "other", name: "Other" } });
    const made = await send("POST", "/api/v1/sessions", {
      body: { client_id: "list:1", bot_id: "other", dispatch_config: target },
    });
    // The channel has its own bot, which takes precedence over the requested one.
    expect(made.body).toMatchObject({ bot_id: "default", created: true });
    const again = await send("POST", "/api/v1/sessions", { body: { client_id: "list:1", bot_id: "other" } });
    expect(again.body).toEqual({ ...made.body, created: false });
    const path = `/api/v1/sessions/${made.body.session_id}`;
    const { body } = await send("GET", path);
    expect(body.channel_id).toBe(made.body.channel_id);
    expect(body).toMatchObject({
      id: made.body.session_id,
      client_id: "list:1",
      bot_id: "default",
      active: true,
      dispatch_config: { type: "chat" },
    });
    expect(JSON.stringify(body)).not.toContain("secret1234");
    const { session_id } = (await send("POST", `/api/v1/channels/${body.channel_id}/reset`)).body;
    const list = async (query: string) =>
      (await send("GET", `/api/v1/sessions?client_id=list:1&${query}`)).body;
    const ids = ({ sessions }: { sessions: { id: string }[] }) => sessions.map(({ id }) => id);
    expect(ids(await list(""))).toEqual([session_id, made.body.session_id]);
    expect(ids(await list("active=false"))).toEqual([made.body.session_id]);
    expect(ids(await list(`channel_id=${UNKNOWN_ID}`))).toEqual([]);
    const first = await list("limit=1");
    expect(first.next_cursor).toBe(session_id);
    expect((await list(`limit=1&cursor=${first.next_cursor}`)).sessions).toEqual([
      { ...body, active: false },
    ]);
    expect((await send("GET", `/api/v1/sessions/${UNKNOWN_ID}`)).body.error).toEqual({
      code: "not_found",
      message: `There is no session "${UNKNOWN_ID}".`,
    });
  });

  test("documents are listed without their content, tools with their source", async () => {
    const http = await createHttpFixture(db);
    const ingest = async (title: string) =>
      (
        await http.send("POST", "/api/v1/documents", {
          body: { title, content: "12345", integration_id: "lists" },
        })
      ).body;
    const [one, two] = [await ingest("one"), await ingest("two")];
    const { content, ...short } = two;
    const page = (await http.send("GET", "/api/v1/documents?integration_id=lists&limit=1")).body;
    expect(page).toEqual({ documents: [{ ...short, characters: 5 }], next_cursor: two.id });
    const rest = await http.send("GET", `/api/v1/documents?integration_id=lists&cursor=${page.next_cursor}`);
    expect(rest.body.documents.map(({ id }: { id: string }) => id)).toEqual([one.id]);

    const parameters = { type: "object", properties: { q: { type: "string" } } };
    const tool = { description: "Looks.", parameters, run: async () => "" };
    http.tools.add("core", { ...tool, name: "look" });
    const annotations = { readOnly: true, egress: false };
    const reconcile = () => ({ outcome: "unknown" as const });
    http.tools.add("github", {
      ...tool,
      name: "github_look",
      timeoutSeconds: 5,
      annotations,
      reconcile,
    });
    const { tools } = (await http.send("GET", "/api/v1/tools")).body;
    expect(tools).toEqual([
      {
        name: "github_look",
        description: "Looks.",
        parameters,
        type: "local",
        annotations: { read_only: true, idempotent: null, destructive: null, egress: false },
        can_reconcile: true,
        timeout_seconds: 5,
        source: "integration",
        integration_id: "github",
        mcp_server_id: null,
        reference: "github_look",
      },
      expect.objectContaining({
        name: "look",
        type: "builtin",
        can_reconcile: false,
        source: "builtin",
        integration_id: null,
      }),
    ]);
    expect((await http.send("GET", "/api/v1/tools?integration_id=github")).body.tools).toEqual([tools[0]]);
    expect((await http.send("GET", "/api/v1/tools/look")).body).toEqual(tools[1]);
    expect((await http.send("GET", "/api/v1/tools/nope")).body.error.message).toBe(
      'There is no tool "nope".',
    );
  });

  test("a task shows its options and its target, but no secret", async () => {
    const { send } = await createHttpFixture(db, { dispatchers: { ...chat } });
    const { session_id } = (await send("POST", "/api/v1/sessions", { body: { client_id: "x:task" } })).body;
    const execution_config = { system_preamble: "Be brief.", model_override: "small" };
    const dispatch_config = { type: "chat", room: "#1", token: "tok_0123456789" };
    const sent = await send("POST", `/api/v1/sessions/${session_id}/messages`, {
      body: { content: "a", run_agent: true, execution_config, dispatch_config },
    });
    const { body } = await send("GET", `/api/v1/tasks/${sent.body.task_id}`);
    expect(body).toMatchObject({
      execution_config,
      dispatch_type: "chat",
      dispatch_config: { token: expect.any(String) },
    });
    expect(JSON.stringify(body)).not.toContain("0123456789");
  });

  test("lists continue with next_cursor until it is null", async () => {
    const { send } = await createHttpFixture(db);
    const { session_id } = (await send("POST", "/api/v1/sessions", { body: { client_id: "x:5" } })).body;
    const made: string[] = [];
    for (let i = 0; i < 5; i++) {
      const body = { content: `message ${i}`, run_agent: true };
      made.unshift((await send("POST", `/api/v1/sessions/${session_id}/messages`, { body })).body.task_id);
    }
    const listed: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const { body } = await send(
        "GET",
        `/api/v1/tasks?session_id=${session_id}&limit=2${cursor && `&cursor=${cursor}`}`,
      );
      listed.push(...body.tasks.map(({ id }: { id: string }) => id));
      cursor = body.next_cursor;
    }
    expect(listed).toEqual(made);
  });

  test("deliveries are listed with their secrets masked, fetched, and delivered again", async () => {
    const { send } = await createHttpFixture(db, { dispatchers: chat });
    const dispatch_config = { type: "chat", room: "lobby", token: "very-secret-token" };
    const { session_id } = (
      await send("POST", "/api/v1/sessions", { body: { client_id: "x:6", dispatch_config } })
    ).body;
    await send("POST", `/api/v1/sessions/${session_id}/messages`, {
      body: { content: "hello", source: "web" },
    });

    const listed = await send("GET", `/api/v1/deliveries?status=pending&session_id=${session_id}`);
    expect(JSON.stringify(listed.body)).not.toContain("very-secret-token");
    const [delivery] = listed.body.deliveries;
    expect(delivery).toMatchObject({ dispatch_type: "chat", status: "pending", kind: "post", attempts: 0 });
    expect(delivery.dispatch_config).toMatchObject({ room: "lobby" });
    expect(delivery).toMatchObject({ can_correct: false, can_withdraw: false });
    const path = `/api/v1/deliveries/${delivery.id}`;
    expect((await send("GET", path)).body).toEqual(delivery);

    expect((await send("POST", `${path}/redeliver`)).status).toBe(409);
    await db.query.update(deliveries).set({ status: "dead" }).where(eq(deliveries.id, delivery.id));
    expect((await send("POST", `${path}/redeliver`)).body).toMatchObject({
      id: delivery.id,
      status: "pending",
    });
    expect((await send("POST", `/api/v1/deliveries/${UNKNOWN_ID}/redeliver`)).status).toBe(404);
  });

  test("a bot is created, changed and deleted", async () => {
    const { send } = await createHttpFixture(db);
    const made = await send("POST", "/api/v1/bots", {
      body: { id: "reviewer", name: "Reviewer", tools: ["x_*"] },
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ id: "reviewer", source: "api", model: null, tools: ["x_*"] });
    expect((await send("POST", "/api/v1/bots", { body: { id: "reviewer", name: "R" } })).status).toBe(409);
    const changed = await send("PATCH", "/api/v1/bots/reviewer", { body: { max_iterations: 3 } });
    expect(changed.body).toMatchObject({ name: "Reviewer", max_iterations: 3 });
    expect((await send("GET", "/api/v1/bots")).body.bots).toHaveLength(3);
    expect((await send("DELETE", "/api/v1/bots/reviewer")).status).toBe(204);
    expect((await send("GET", "/api/v1/bots/reviewer")).status).toBe(404);
  });

  test("an API key is created, used within its scopes, and revoked", async () => {
    const { send } = await createHttpFixture(db);
    const made = await send("POST", "/api/v1/api-keys", { body: { name: "dashboard", preset: "read_only" } });
    expect(made.status).toBe(201);
    const { key, id } = made.body;
    expect((await send("GET", "/api/v1/tasks", { key })).status).toBe(200);
    const refused = await send("POST", "/api/v1/sessions", { key, body: { client_id: "x:7" } });
    expect(refused.status).toBe(403);
    expect(refused.body.error).toEqual({
      code: "forbidden",
      message: "The API key does not have the scope sessions:write.",
    });
    expect(
      (await send("POST", "/api/v1/api-keys", { key, body: { name: "x", scopes: ["admin"] } })).status,
    ).toBe(403);
    expect(JSON.stringify((await send("GET", "/api/v1/api-keys")).body)).not.toContain(key);
    expect((await send("DELETE", `/api/v1/api-keys/${id}`)).status).toBe(204);
    expect((await send("GET", "/api/v1/tasks", { key })).status).toBe(401);
    expect((await send("DELETE", `/api/v1/api-keys/${id}`)).status).toBe(404);
  });

  test("health and readiness need no key, and readiness says why it fails", async () => {
    const { send } = await createHttpFixture(db);
    const health = await send("GET", "/health", { key: null });
    expect([health.status, health.body]).toEqual([200, { status: "ok", version: "1.2.3" }]);
    expect((await send("GET", "/ready", { key: null })).body).toEqual({ status: "ready" });
    const failing = await createHttpFixture(db, {
      isReady: async () => {
        throw new Error("connect ECONNREFUSED 10.0.0.7:5432");
      },
    });
    const notReady = await failing.send("GET", "/ready", { key: null });
    expect(notReady.status).toBe(503);
    expect(JSON.stringify(notReady.body)).not.toContain("10.0.0.7");
    const root = await send("GET", "/", { key: null });
    // The pages themselves are tested in test/browser; here none were built, and the answer says so.
    expect([root.status, root.body]).toEqual([501, expect.stringContaining("see /swagger")]);
  });
});
