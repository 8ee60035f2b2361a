import { beforeAll, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { OPERATOR } from "../../../src/access/caller.ts";
import {
  budgetPeriods,
  deliveries,
  embeddingModels,
  inboxEvents,
  processes,
  schedules,
  tasks,
} from "../../../src/db/schema.ts";
import { newId } from "../../../src/ids.ts";
import { eachDatabase, type TestDatabase } from "../../database.ts";
import { createHttpFixture, type HttpFixture } from "../fixture.ts";

const NOW = Date.parse("2030-05-10T12:30:00Z");
const HOUR = 3_600_000;

eachDatabase("the overview", (open) => {
  let db: TestDatabase;
  let http: HttpFixture;
  let sessionId: string;

  beforeAll(async () => {
    db = await open();
    http = await createHttpFixture(db, {
      now: () => NOW,
      integrations: {
        broken: {},
        half: {
          handle: async () => new Response(),
          settings: ["HALF_URL", "HALF_TOKEN"].map((key) => ({
            key,
            required: true,
            secret: false,
            default: null,
            description: null,
          })) as never,
        },
        fine: { handle: async () => new Response() },
      },
      settings: { "half.HALF_URL": "https://half.example" },
    });
    sessionId = (await http.sessions.getOrCreate({ clientId: "fine:1", botId: "default" })).session_id;
  });

  const list = async (key?: string) =>
    (await http.send("GET", "/api/v1/repairs", key === undefined ? {} : { key })).body.repairs;
  const find = async (kind: string) => (await list()).find((one: { kind: string }) => one.kind === kind);

  const delivery = (status: "dead" | "delivered", at = NOW) => ({
    id: newId(),
    session_id: sessionId,
    bot_id: "default",
    correlation_id: newId(),
    dispatch_type: "room",
    dispatch_config: {},
    payload: { kind: "result" as const, text: "hi", client_actions: [], extra_metadata: {} },
    status,
    last_error: status === "dead" ? "The room is gone." : null,
    created_at: new Date(at),
  });
  const webhook = (integration: string, verdict: "failed" | "rejected" | "accepted", more: object = {}) => ({
    id: newId(),
    integration_id: integration,
    method: "POST",
    path: "/webhook",
    headers: {},
    body: "",
    body_bytes: 0,
    verdict,
    reason: verdict === "accepted" ? null : "no good",
    duration_ms: 1,
    created_at: new Date(NOW - HOUR),
    ...more,
  });

  test("integrations that do not load or are half set up are listed, others not", async () => {
    const found = await list();
    expect(found).toMatchObject([
      {
        id: "integration_quarantined/broken",
        severity: "error",
        detail: "/srv/integrations/broken/router.ts:3: Unexpected end of file",
        action: "fix_code",
      },
      { id: "integration_settings_missing/half", detail: "Missing: HALF_TOKEN.", action: "set_settings" },
      { id: "no_model", severity: "info" },
    ]);
    expect(found.map(({ scope }: { scope?: string }) => scope)).toEqual([undefined, undefined, undefined]);
  });

  test("dead letters, failed webhooks and crashed processes are listed until they are dealt with", async () => {
    await db.query.insert(deliveries).values([delivery("dead"), delivery("dead"), delivery("delivered")]);
    expect(await find("dead_letters")).toMatchObject({
      count: 2,
      detail: "The room is gone.",
      action: "redeliver",
    });
    await http.send("POST", "/api/v1/deliveries/redeliver", { body: { filter: {} } });
    expect(await find("dead_letters")).toBeUndefined();

    const failed = webhook("fine", "failed");
    const old = webhook("fine", "failed", { created_at: new Date(NOW - 30 * HOUR) });
    await db.query.insert(inboxEvents).values([failed, old, webhook("half", "rejected")]);
    expect(await find("webhooks_failed")).toMatchObject({
      count: 1,
      integration_id: "fine",
      detail: "no good",
    });
    expect(await find("webhooks_refused")).toMatchObject({ count: 1, integration_id: "half" });
    await db.query
      .insert(inboxEvents)
      .values([webhook("fine", "accepted", { replay_of: failed.id }), webhook("half", "accepted")]);
    expect(await find("webhooks_failed")).toBeUndefined();
    expect(await find("webhooks_refused")).toBeUndefined();

    const row = { integration_id: "fine", server_id: newId(), last_error: "exit code 1" };
    await db.query.insert(processes).values({ ...row, state: "crash_looping" });
    expect(await find("process_crash_looping")).toMatchObject({
      detail: "exit code 1",
      action: "restart_process",
    });
    await db.query.delete(processes);

    await db.query.insert(embeddingModels).values({ name: "far", error: "401 from the endpoint" });
    expect(await find("embeddings_failing")).toMatchObject({ detail: "401 from the endpoint" });
    await db.query.delete(embeddingModels);

    const key = await http.apiKeys.create(
      { name: "ci", scopes: ["bots:read"], expiresAt: new Date(NOW + 2 * 24 * HOUR) },
      OPERATOR,
    );
    expect(await find("api_key_expiring")).toBeUndefined();
    await http.apiKeys.verify(key.key);
    await http.apiKeys.close();
    expect(await find("api_key_expiring")).toMatchObject({ detail: "ci" });
  });

  test("schedules that bots made among strangers' text are listed until a person has decided", async () => {
    const { channel_id } = await http.sessions.getOrCreate({ clientId: "fine:1", botId: "default" });
    const { body: made } = await http.send("POST", "/api/v1/schedules", {
      body: {
        channel_id,
        name: "Morning",
        content: "Good morning",
        timing: { kind: "cron", cron: "0 8 * * *" },
      },
    });
    expect(await find("schedules_unreviewed")).toBeUndefined();
    await db.query.update(schedules).set({ status: "unreviewed" }).where(eq(schedules.id, made.id));
    expect(await find("schedules_unreviewed")).toMatchObject({ count: 1, action: "review_schedules" });
    await http.send("POST", `/api/v1/schedules/${made.id}/accept`, { body: {} });
    expect(await find("schedules_unreviewed")).toBeUndefined();
  });

  test("a budget is listed from 80 % on, until there is more of it", async () => {
    const { id } = await http.budgets.create({
      ...{ scope: "bot", subject: "default", metric: "tokens", period: "month", amount: 100 },
    });
    const period = new Date(NOW).toISOString().slice(0, 7);
    await db.query.insert(budgetPeriods).values({ budget_id: id, period }).onConflictDoNothing();
    const use = (used: number) =>
      db.query.update(budgetPeriods).set({ used }).where(eq(budgetPeriods.budget_id, id));
    await use(70);
    expect(await find("budget_nearly_used_up")).toBeUndefined();
    await use(85);
    expect(await find("budget_nearly_used_up")).toMatchObject({ id: `budget_nearly_used_up/${id}` });
    await use(101);
    expect(await find("budget_used_up")).toMatchObject({ severity: "error", action: "extend_budget" });
    await http.send("PATCH", `/api/v1/budgets/${id}`, { body: { amount: 500 } });
    expect(await find("budget_used_up")).toBeUndefined();
    await http.send("DELETE", `/api/v1/budgets/${id}`);
  });

  test("a caller sees what its scopes and rows cover", async () => {
    await db.query.insert(deliveries).values([delivery("dead")]);
    const kinds = async (scopes: string[], rows: "own" | "all" = "all") => {
      const { key } = await http.apiKeys.create({ name: "k", scopes, rows }, OPERATOR);
      return (await list(key)).map(({ kind }: { kind: string }) => kind);
    };
    expect(await kinds(["bots:read"])).toEqual([]);
    expect(await kinds(["deliveries:read"])).toEqual(["dead_letters"]);
    expect(await kinds(["deliveries:read", "inbox:read"], "own")).toEqual([]);
  });

  test("activity counts by hour and by day, without gaps", async () => {
    const session = { session_id: sessionId, channel_id: newId(), bot_id: "default", dispatch_type: "none" };
    const task = (status: "complete" | "failed", at: number) => ({
      ...session,
      id: newId(),
      message_id: newId(),
      correlation_id: newId(),
      status,
      created_at: new Date(at),
    });
    await db.query.delete(deliveries);
    await db.query.delete(inboxEvents);
    await db.query
      .insert(tasks)
      .values([
        task("complete", NOW),
        task("complete", NOW - 1),
        task("failed", NOW - 2 * HOUR),
        task("failed", NOW - 50 * HOUR),
      ]);
    await db.query.insert(deliveries).values([delivery("delivered", NOW - HOUR)]);
    await db.query.insert(inboxEvents).values([webhook("fine", "accepted")]);
    const until = new Date(NOW + HOUR / 2).toISOString();
    const since = new Date(NOW - 2 * HOUR).toISOString();
    const { body } = await http.send("GET", `/api/v1/activity?since=${since}&until=${until}`);
    expect(body.buckets).toEqual([
      { at: "2030-05-10T10:00:00.000Z", runs: { failed: 1 }, deliveries: {}, webhooks: {} },
      { at: "2030-05-10T11:00:00.000Z", runs: {}, deliveries: { delivered: 1 }, webhooks: { accepted: 1 } },
      { at: "2030-05-10T12:00:00.000Z", runs: { complete: 2 }, deliveries: {}, webhooks: {} },
    ]);
    const from = new Date(NOW - 48 * HOUR).toISOString();
    const days = await http.send("GET", `/api/v1/activity?interval=day&since=${from}&until=${until}`);
    expect(days.body.buckets.map(({ runs }: { runs: object }) => runs)).toEqual([
      { failed: 1 },
      {},
      { complete: 2, failed: 1 },
    ]);
    for (const wrong of [`since=${until}&until=${since}`, "since=2020-01-01T00:00:00Z"]) {
      expect((await http.send("GET", `/api/v1/activity?${wrong}`)).status).toBe(422);
    }
    const { key } = await http.apiKeys.create({ name: "own", scopes: ["usage:read"], rows: "own" }, OPERATOR);
    const own = await http.send("GET", `/api/v1/activity?since=${since}&until=${until}`, { key });
    for (const bucket of own.body.buckets) {
      expect(bucket).toMatchObject({ runs: {}, deliveries: {}, webhooks: {} });
    }
  });

  test("a connection that an integration reports is listed, and is a repair while it stays bad", async () => {
    const path = "/api/v1/integrations/fine/connections";
    const report = (body: object, name = "camera") => http.send("PUT", `${path}/${name}`, { body });
    expect((await report({ status: "degraded", detail: "It answers slowly." })).status).toBe(204);
    expect((await http.send("GET", path)).body.connections).toMatchObject([
      { name: "camera", status: "degraded", detail: "It answers slowly.", is_listener: false },
    ]);
    // The clock of the test is years ahead of the row's.
    expect(await find("connection_degraded")).toMatchObject({
      id: "connection_degraded/fine/camera",
      detail: "It answers slowly.",
      integration_id: "fine",
      action: "check_connection",
    });
    await report({ status: "reauth_required", detail: "The token was revoked." });
    expect(await find("connection_unauthorized")).toMatchObject({
      severity: "error",
      action: "set_settings",
    });
    await report({ status: "connected" }, "gate");
    const shown = async () => {
      const { integrations } = (await http.send("GET", "/api/v1/admin/integrations")).body;
      const one = (await http.send("GET", "/api/v1/admin/integrations/fine")).body;
      expect(integrations.find(({ id }: { id: string }) => id === "fine").connection).toEqual(one.connection);
      return one.connection;
    };
    // The worst of the two.
    expect(await shown()).toMatchObject({ status: "reauth_required", detail: "The token was revoked." });
    await report({ status: "connected" });
    expect(await shown()).toMatchObject({ status: "connected", detail: null });
    const kinds = (await list()).map(({ kind }: { kind: string }) => kind);
    expect(kinds.filter((kind: string) => kind.startsWith("connection"))).toEqual([]);
    expect((await report({ status: "fine" })).body.error.field).toBe("status");
    expect((await report({ status: "connected" }, "Camera 1")).status).toBe(422);
    expect((await http.send("GET", "/api/v1/integrations/none/connections")).status).toBe(404);
  });
});
