// Actions on everything that matches a filter, and runs that are repeated.

import { beforeAll, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { deliveries, messages, tasks } from "../../../src/db/schema.ts";
import { newId } from "../../../src/ids.ts";
import { incomingVerifierHost } from "../../../src/inbox/incoming.ts";
import { signWebhook } from "../../../src/sdk/signatures/descriptor.ts";
import { createVerifiers } from "../../../src/sdk/signatures/verifiers.ts";
import { given, png } from "../../attachments/files.ts";
import { eachDatabase, type TestDatabase } from "../../database.ts";
import { createHttpFixture, type HttpFixture } from "../fixture.ts";

const { verifyStandardWebhook, verifyWith } = createVerifiers(incomingVerifierHost);
const OLD_SECRET = Buffer.from("the old secret of the sender").toString("base64");
const SECRET = Buffer.from("the new secret of the sender").toString("base64");

eachDatabase("actions on many", (open) => {
  let db: TestDatabase;
  let http: HttpFixture;

  beforeAll(async () => {
    db = await open();
    const handle = async (request: Request) => {
      if (request.url.endsWith("/own")) {
        await verifyWith(request, () => false, { proofHeaders: ["x-proof"] });
      }
      await verifyStandardWebhook(request, [SECRET, OLD_SECRET]);
      return Response.json({ status: "ignored", reason: "nothing to do" });
    };
    http = await createHttpFixture(db, {
      dispatchers: { room: { deliver: async () => ({ receipt: 1 }) } },
      integrations: { hook: { handle, publicPaths: ["/webhook", "/own"] }, other: { handle } },
    });
  });

  const post = (path: string, body: object, key?: string) =>
    http.send("POST", path, { body, ...(key !== undefined && { key }) });

  const inject = async (clientId: string, content: string, more: object = {}, key?: string) => {
    const session = await post("/api/v1/sessions", { client_id: clientId }, key);
    const path = `/api/v1/sessions/${session.body.session_id}/messages`;
    return (await post(path, { content, run_agent: true, ...more }, key)).body;
  };

  test("cancelling counts first, and leaves alone what has ended or does not match", async () => {
    const started: string[] = [];
    for (let number = 0; number < 5; number++) {
      started.push((await inject(`bulk:${number}`, "hello", { source: "bulk" })).task_id);
    }
    const other = await inject("bulk:other", "hello", { source: "another" });
    await db.query
      .update(tasks)
      .set({ status: "complete" })
      .where(eq(tasks.id, String(started[0])));
    const filter = { source: "bulk" };
    const counted = await post("/api/v1/tasks/cancel", { filter, dry_run: true });
    expect(counted.body).toEqual({ count: 4, done: 0, failed: [], next_cursor: null });
    const first = await post("/api/v1/tasks/cancel", { filter, limit: 3 });
    expect(first.body).toMatchObject({ count: null, done: 3, failed: [] });
    const rest = await post("/api/v1/tasks/cancel", { filter, limit: 3, cursor: first.body.next_cursor });
    expect(rest.body).toMatchObject({ done: 1, next_cursor: null });
    const list = await http.send("GET", "/api/v1/tasks?source=bulk");
    expect(list.body.tasks.map(({ status }: { status: string }) => status)).toEqual([
      ...Array(4).fill("cancelled"),
      "complete",
    ]);
    expect((await http.send("GET", `/api/v1/tasks/${other.task_id}`)).body.status).toBe("pending");
    const failed = await http.send("GET", "/api/v1/tasks?source=bulk&error_code=cancelled&limit=2");
    expect(failed.body.tasks).toHaveLength(2);
    const since = encodeURIComponent(new Date(Date.now() + 60_000).toISOString());
    expect((await http.send("GET", `/api/v1/tasks?since=${since}`)).body.tasks).toEqual([]);
  });

  test("a key acts only on its own rows", async () => {
    const key = await http.apiKeys.create(
      { name: "own", scopes: ["chat:*", "tasks:write", "sessions:write"], rows: "own" },
      { id: null, name: "op", scopes: ["admin"], expires_at: null, integrationId: null, rows: "all" },
    );
    const foreign = await inject("bulk:foreign", "hello", { source: "whose" });
    await inject("bulk:mine", "hello", { source: "whose" }, key.key);
    const body = { filter: { source: "whose" } };
    const counted = await post("/api/v1/tasks/cancel", { ...body, dry_run: true }, key.key);
    expect(counted.body.count).toBe(1);
    expect((await post("/api/v1/tasks/cancel", body, key.key)).body.done).toBe(1);
    expect((await http.send("GET", `/api/v1/tasks/${foreign.task_id}`)).body.status).toBe("pending");
    expect((await post(`/api/v1/tasks/${foreign.task_id}/rerun`, {}, key.key)).status).toBe(404);
    const reader = await http.keyWith("tasks:read");
    expect((await post("/api/v1/tasks/cancel", body, reader)).status).toBe(403);
  });

  test("a task runs again as it was, or with other words and without delivery", async () => {
    const target = { type: "room", room: "kitchen", token: "the-token-of-the-room" };
    const options = { system_preamble: "Be brief." };
    const first = await inject("rerun:1", "What is new?", {
      source: "door",
      dispatch_config: target,
      execution_config: options,
    });
    const outside = { content: "from outside", source: "door", runAgent: true };
    const [row] = await db.query.select().from(tasks).where(eq(tasks.id, first.task_id));
    const sessionId = String(row?.session_id);
    const again = await post(`/api/v1/tasks/${first.task_id}/rerun`, {});
    expect(again.status).toBe(201);
    const task = (await http.send("GET", `/api/v1/tasks/${again.body.task_id}`)).body;
    expect(task).toMatchObject({
      prompt: "What is new?",
      source: "door",
      dispatch_type: "room",
      execution_config: options,
      session_id: sessionId,
    });
    const [copy] = await db.query.select().from(tasks).where(eq(tasks.id, again.body.task_id));
    const at = { table: "tasks", row: again.body.task_id, field: "dispatch_config" };
    expect(http.sealer.open(copy?.dispatch_config ?? {}, at)).toEqual({
      room: target.room,
      token: target.token,
    });
    const message = async (id: string) =>
      (await db.query.select().from(messages).where(eq(messages.id, id)))[0];
    expect(await message(again.body.message_id)).toMatchObject({
      from_person: true,
      metadata: { rerun_of: first.task_id },
    });
    const edited = await post(`/api/v1/tasks/${first.task_id}/rerun`, {
      content: "And now?",
      deliver: false,
    });
    expect((await http.send("GET", `/api/v1/tasks/${edited.body.task_id}`)).body).toMatchObject({
      prompt: "And now?",
      dispatch_type: "none",
    });
    // What strangers wrote does not become a person's text by being run again.
    const stranger = await http.sessions.inject({ sessionId, ...outside }, "hook");
    const repeated = await post(`/api/v1/tasks/${stranger.task_id}/rerun`, {});
    expect((await message(repeated.body.message_id))?.from_person).toBe(false);
    await http.send("POST", `/api/v1/channels/${row?.channel_id}/reset`, { body: {} });
    const late = await post(`/api/v1/tasks/${first.task_id}/rerun`, {});
    expect([late.status, late.body.error.message]).toEqual([409, expect.stringContaining("session is over")]);
  });

  test("a task runs again with the files of its message, which may be all that there is of it", async () => {
    const files = [
      given("photo.png", png()),
      { ...given("notes.csv", Buffer.from("a,b")), media_type: "text/csv" },
    ];
    const first = await inject("rerun:files", "", { attachments: files });
    const again = await post(`/api/v1/tasks/${first.task_id}/rerun`, {});
    expect(again.status).toBe(201);
    const { body } = await http.send("GET", `/api/v1/sessions/${again.body.session_id}/messages`);
    const [before, after] = body.map((message: { attachments: { id: string }[] }) =>
      message.attachments.map(({ id: _, ...file }) => file),
    );
    expect(before).toMatchObject([
      { name: "photo.png", kind: "image" },
      { name: "notes.csv", media_type: "text/csv" },
    ]);
    expect(after).toEqual(before);
  });

  test("dead letters are delivered again, and what is still tried is not", async () => {
    const { session_id } = (await post("/api/v1/sessions", { client_id: "dead:1" })).body;
    const row = { session_id, bot_id: "default", correlation_id: newId(), dispatch_type: "room" };
    const payload = { kind: "result" as const, text: "hi", client_actions: [], extra_metadata: {} };
    const statuses = ["dead", "dead", "retrying", "delivered"] as const;
    const rows = statuses.map((status) => ({
      ...row,
      id: newId(),
      status,
      payload,
      dispatch_config: { type: "room", room: "attic" },
      target_key: "room attic",
    }));
    await db.query.insert(deliveries).values(rows);
    const filter = { session_id };
    expect((await post("/api/v1/deliveries/redeliver", { filter, dry_run: true })).body.count).toBe(2);
    expect((await post("/api/v1/deliveries/redeliver", { filter })).body).toMatchObject({
      done: 2,
      failed: [],
    });
    const list = await http.send("GET", `/api/v1/deliveries?session_id=${session_id}&bot_id=default`);
    expect(list.body.deliveries.map(({ status }: { status: string }) => status)).toEqual([
      "delivered",
      "retrying",
      "pending",
      "pending",
    ]);
  });

  test("webhooks are handled again, refused ones are named, and replays are not replayed", async () => {
    const send = (headers: Record<string, string>, path = "/webhook") =>
      http.send("POST", `/integrations/hook${path}`, { key: null, body: "{}", headers });
    const signed = (secret: string) => signWebhook("{}", { scheme: "standard", secret });
    expect((await send(signed(OLD_SECRET))).status).toBe(200);
    expect((await send(signed(Buffer.from("a wrong secret of nobody").toString("base64")))).status).toBe(403);
    expect((await send({ "x-proof": "x" }, "/own")).status).toBe(403);
    const { events } = (await http.send("GET", "/api/v1/inbox?integration=hook")).body;
    expect(events.map(({ signature }: { signature: unknown }) => signature)).toMatchObject([
      { scheme: "own", headers: ["x-proof"], problem: expect.stringContaining("own check") },
      {
        scheme: "standard",
        problem: expect.any(String),
        secret_number: null,
        age_seconds: expect.any(Number),
      },
      { scheme: "standard", problem: null, secret_number: 2, headers: ["webhook-signature"] },
    ]);
    expect(JSON.stringify(events)).not.toContain(SECRET);
    const filter = { integration: "hook" };
    expect((await post("/api/v1/inbox/replay", { filter, dry_run: true })).body.count).toBe(3);
    const done = await post("/api/v1/inbox/replay", { filter, limit: 2 });
    expect(done.body).toMatchObject({ done: 0, failed: [{ code: "conflict" }, { code: "conflict" }] });
    const rest = await post("/api/v1/inbox/replay", { filter, cursor: done.body.next_cursor });
    expect(rest.body).toMatchObject({ done: 1, failed: [], next_cursor: null });
    const replays = (await http.send("GET", "/api/v1/inbox?is_replay=true")).body.events;
    expect(replays).toMatchObject([{ replay_of: events[2].id, verdict: "ignored" }]);
    expect(
      (await post("/api/v1/inbox/replay", { filter: { is_replay: false }, dry_run: true })).body.count,
    ).toBe(3);
  });
});
