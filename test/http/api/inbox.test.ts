// The inbox over HTTP: recording, listing, replay and receive.

import { beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { Elysia } from "elysia";
import { inboxEvents, messages } from "../../../src/db/schema.ts";
import { HeddleError } from "../../../src/errors.ts";
import { incomingVerifierHost } from "../../../src/inbox/incoming.ts";
import { createRouter } from "../../../src/integrations/routing/router.ts";
import type { SetupManifest } from "../../../src/sdk/manifest.ts";
import { signWebhook } from "../../../src/sdk/signatures/descriptor.ts";
import { createVerifiers } from "../../../src/sdk/signatures/verifiers.ts";
import { eachDatabase, type TestDatabase } from "../../database.ts";
import { until } from "../../until.ts";
import { createHttpFixture, type HttpFixture, type TestIntegration, UNKNOWN_ID } from "../fixture.ts";

const SECRET = "secret-of-the-inbox-test";
const verifier = { scheme: "github", secret: "HOOK_SECRET" } as const;
const { verifyGitHub, verifyToken, verifyWith } = createVerifiers(incomingVerifierHost);

interface Payload {
  messages?: number;
  keys?: string[];
  fail?: string;
}

/** Injects as many messages as the payload says, then fails as the payload says. */
function hookRouter(http: () => HttpFixture) {
  const receive = async (request: Request) => {
    const event = await verifyGitHub(request, SECRET);
    const { messages: count = 1, keys, fail } = event.payload as Payload;
    if (event.event === "ping") return { status: "pong" };
    if (count === 0) return { status: "ignored", reason: "nothing to do" };
    const { sessions } = http();
    const { session_id } = await sessions.getOrCreate({ clientId: "hook:1", botId: "default" });
    const results = await Promise.all(
      (keys ?? Array.from({ length: count }, (_, i) => `${event.deliveryId}-${i}`)).map((idempotencyKey) =>
        sessions.inject(
          { sessionId: session_id, content: event.body, source: "hook", runAgent: true, idempotencyKey },
          "hook",
        ),
      ),
    );
    if (fail === "later") throw new Error("the database of the service is gone");
    return { results };
  };
  const router = createRouter(
    new Elysia()
      .post("/webhook", ({ request }) => receive(request), { parse: "none" })
      .post("/webhook/broken", () => {
        throw new Error(`cannot read ${SECRET}`);
      })
      .post("/webhook/refused", ({ status }) => status(422, { error: { message: "no such camera" } }))
      .post("/webhook/open", () => ({ status: "stored" }))
      .get("/webhook/health", () => "ok"),
  );
  if (!router) throw new Error("no router");
  return router;
}

eachDatabase("inbox", (open) => {
  let db: TestDatabase;
  let http: HttpFixture;
  const publicPaths = ["/webhook", "/webhook/broken", "/webhook/refused", "/webhook/open", "/webhook/health"];
  const setup: SetupManifest = { webhook: { path: "/integrations/hook/webhook", verifier } };
  const integrations: Record<string, TestIntegration> = {};

  beforeAll(async () => {
    db = await open();
    integrations.hook = { handle: hookRouter(() => http).handle, publicPaths, setup };
    http = await createHttpFixture(db, {
      integrations,
      settings: {
        "hook.HOOK_SECRET": SECRET,
        "token.HOOK_SECRET": SECRET,
        "own.HOOK_SECRET": SECRET,
      },
    });
    http.redactor.add(SECRET);
  });
  beforeEach(async () => {
    await http.inbox.list({});
    await db.query.delete(inboxEvents);
    await db.query.delete(messages);
  });

  async function post(
    payload: Payload | string,
    {
      path = "/webhook",
      event = "push",
      id,
      headers = {},
    }: { path?: string; event?: string; id?: string; headers?: Record<string, string> } = {},
  ) {
    const body = typeof payload === "string" ? payload : JSON.stringify(payload);
    const signed = signWebhook(body, { scheme: "github", secret: SECRET }, { event, ...(id && { id }) });
    return http.send("POST", `/integrations/hook${path}`, {
      key: null,
      body,
      headers: { ...signed, ...headers },
    });
  }

  const list = async (query = "") => {
    const { body } = await http.send("GET", `/api/v1/inbox${query}`);
    return body.events;
  };

  test("the latest arrival of each integration", async () => {
    await post({}, { id: "d-1" });
    expect(await list()).toMatchObject([{ event_name: "push" }]);
    await post("{}", { event: "ping" });
    const [latest] = await list();
    expect(await http.inbox.lastArrivals(["hook", "silent"])).toEqual(
      new Map([["hook", new Date(latest.created_at)]]),
    );
    expect(await http.inbox.lastArrivals([])).toEqual(new Map());
  });

  describe("records once", () => {
    test("a webhook that caused a message, together with it, under the request's id", async () => {
      const answer = await post({}, { id: "d-1" });
      const events = await list();
      expect(events).toMatchObject([
        {
          id: answer.headers.get("x-request-id"),
          integration_id: "hook",
          method: "POST",
          path: "/webhook",
          verdict: "accepted",
          verified: true,
          reason: null,
          status_code: null,
          idempotency_key: "d-1-0",
          outcomes: answer.body.results,
          body_bytes: 2,
          body_truncated: false,
          replay_of: null,
        },
      ]);
      expect(events[0].headers).toBeUndefined();
      const { body: whole } = await http.send("GET", `/api/v1/inbox/${events[0].id}`);
      expect(whole).toMatchObject({
        body: "{}",
        headers: {
          "x-hub-signature-256": "[redacted]",
          "x-github-delivery": "d-1",
          "x-github-event": "push",
        },
      });
    });

    test("a webhook that caused several messages, even concurrently", async () => {
      const { body } = await post({ messages: 5 });
      const [event, ...others] = await list();
      expect(others).toEqual([]);
      expect(event.outcomes).toHaveLength(5);
      expect(new Set(event.outcomes.map((one: { task_id: string }) => one.task_id))).toEqual(
        new Set(body.results.map((one: { task_id: string }) => one.task_id)),
      );
    });

    test("a copy, with the messages of the first one", async () => {
      const first = await post({}, { id: "d-2" });
      const again = await post({}, { id: "d-2" });
      expect(again.body.results[0]).toEqual({ ...first.body.results[0], duplicate: true });
      expect(await list()).toMatchObject([
        {
          id: again.headers.get("x-request-id"),
          verdict: "duplicate",
          outcomes: again.body.results,
          status_code: 200,
        },
        { id: first.headers.get("x-request-id"), verdict: "accepted" },
      ]);
    });

    test("a webhook with a new and a duplicate message", async () => {
      await post({ keys: ["old"] });
      const mixed = await post({ keys: ["old", "new"] });
      const [event] = await list();
      expect(event).toMatchObject({ id: mixed.headers.get("x-request-id"), verdict: "accepted" });
      expect(event.outcomes).toHaveLength(2);
      expect(event.outcomes.filter((one: { duplicate: boolean }) => one.duplicate)).toHaveLength(1);
    });

    test("an ignored webhook, with the reason", async () => {
      await post({ messages: 0 });
      await post({}, { event: "ping" });
      await http.send("POST", "/integrations/hook/webhook/open", { key: null, body: "{}" });
      expect(await list()).toMatchObject([
        { path: "/webhook/open", verdict: "ignored", reason: "stored", verified: false, status_code: 200 },
        { verdict: "ignored", reason: "pong", verified: true },
        { verdict: "ignored", reason: "nothing to do", verified: true, outcomes: [] },
      ]);
    });

    test("a refused webhook, with the reason", async () => {
      await post({}, { headers: { "x-hub-signature-256": "sha256=00" } });
      await post({}, { path: "/webhook/refused" });
      await post({}, { path: "/webhook/nowhere" });
      await post("[]");
      expect(
        (await list()).map((e: Record<string, unknown>) => [e.verdict, e.reason, e.status_code, e.verified]),
      ).toEqual([
        ["rejected", "The body must be a JSON object.", 400, true],
        ["rejected", "no such camera", 422, false],
        ["rejected", "The signature does not match the body.", 403, false],
      ]);
    });

    test("a failed webhook, without the secret in its error", async () => {
      const broken = await post({}, { path: "/webhook/broken" });
      expect(broken.status).toBe(500);
      const late = await post({ fail: "later" });
      expect(late.status).toBe(500);
      expect(await list()).toMatchObject([
        {
          verdict: "accepted",
          reason: "the database of the service is gone",
          status_code: 500,
          outcomes: [{ duplicate: false }],
        },
        { verdict: "failed", reason: "cannot read [redacted]", status_code: 500 },
      ]);
    });

    test("no GET or OPTIONS request, and no request with an API key", async () => {
      await http.send("GET", "/integrations/hook/webhook/health", { key: null });
      await http.send("OPTIONS", "/integrations/hook/webhook", { key: null });
      await http.send("POST", "/integrations/hook/settings", { body: "{}" });
      expect(await list()).toEqual([]);
    });
  });

  test("a canary appears in no record: not in header, body, path or reason", async () => {
    const canary = "canary-5f2d9c71ab";
    http.redactor.add(canary);
    await post({ messages: 1, fail: canary } as Payload, {
      headers: {
        authorization: `Bearer ${canary}`,
        "x-auth": canary,
        "x-note": `it is ${canary}`,
        cookie: `a=${canary}`,
      },
    });
    await post(`{"token":"${canary}"}`, { headers: { "x-hub-signature-256": canary } });
    await post({}, { path: `/webhook/${canary}` });
    integrations.hook?.publicPaths?.push(`/webhook/${canary}`);
    await post({}, { path: `/webhook/${canary}` });
    await http.inbox.list({});
    const rows = await db.query.select().from(inboxEvents);
    expect(rows).toHaveLength(3);
    expect(JSON.stringify(rows)).not.toContain(canary);
    expect(JSON.stringify(rows)).toContain("[redacted]");
    const shown = await Promise.all(rows.map(({ id }) => http.send("GET", `/api/v1/inbox/${id}`)));
    expect(JSON.stringify([await list(), shown.map(({ body }) => body)])).not.toContain(canary);
    expect(shown.map(({ body }) => body.body)).toContain('{"token":"[redacted]"}');
  });

  test("a list is filtered and paged", async () => {
    const first = await post({}, { id: "d-3" });
    const second = await post({}, { id: "d-3" });
    const third = await post({ messages: 0 });
    const ids = [third, second, first].map(({ headers }) => headers.get("x-request-id"));
    const listed = async (query: string) => (await list(query)).map(({ id }: { id: string }) => id);
    expect(await listed("")).toEqual(ids);
    expect(await listed("?verdict=duplicate")).toEqual([ids[1]]);
    expect(await listed("?integration_id=hook&idempotency_key=d-3-0")).toEqual([ids[1], ids[2]]);
    expect(await listed("?integration_id=other")).toEqual([]);
    expect(await listed(`?task_id=${first.body.results[0].task_id}`)).toEqual([ids[1], ids[2]]);
    expect(await listed(`?task_id=${UNKNOWN_ID}`)).toEqual([]);
    const [{ created_at: at }] = await list();
    expect(await listed(`?since=${encodeURIComponent(at)}`)).toContain(ids[0]);
    expect(await listed(`?until=2020-01-01T00:00:00Z`)).toEqual([]);
    const { body: page } = await http.send("GET", "/api/v1/inbox?limit=2");
    expect(page.events.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2));
    expect(await listed(`?cursor=${page.next_cursor}`)).toEqual(ids.slice(2));
    for (const wrong of ["verdict=x", "task_id=1", "since=yesterday", "limit=0", "other=1"]) {
      expect((await http.send("GET", `/api/v1/inbox?${wrong}`)).status).toBe(422);
    }
  });

  describe("replay", () => {
    const replay = (id: string | null) => http.send("POST", `/api/v1/inbox/${id}/replay`);

    test("causes a message and a task again, with a record that refers to the first one", async () => {
      const first = await post({}, { id: "d-4" });
      const id = first.headers.get("x-request-id");
      const again = await replay(id);
      expect(again).toMatchObject({
        status: 200,
        body: {
          status_code: 200,
          answer: { results: [{ duplicate: false }] },
          event: { verdict: "accepted", replay_of: id, verified: true, idempotency_key: "d-4-0" },
        },
      });
      const [{ task_id }] = again.body.answer.results;
      expect(task_id).not.toBe(first.body.results[0].task_id);
      expect((await http.send("GET", `/api/v1/tasks/${task_id}`)).body.prompt).toBe("{}");
      // It can be repeated, also for the replay's record; the sender's own copies are still duplicates.
      expect((await replay(again.body.event.id)).body.event).toMatchObject({
        verdict: "accepted",
        replay_of: again.body.event.id,
      });
      expect((await post({}, { id: "d-4" })).body.results[0]).toMatchObject({ duplicate: true });
    });

    test("uses the current code", async () => {
      const failed = await post({}, { path: "/webhook/broken" });
      const ignored = await post({ messages: 0 });
      const again = await replay(ignored.headers.get("x-request-id"));
      expect(again.body.event).toMatchObject({ verdict: "ignored", reason: "nothing to do" });
      const broken = await replay(failed.headers.get("x-request-id"));
      expect(broken.body).toMatchObject({ status_code: 500, event: { verdict: "failed" } });
      expect(JSON.stringify(broken.body)).not.toContain(SECRET);
    });

    test("is refused for a refused, incomplete or unknown webhook", async () => {
      const forged = await post({}, { headers: { "x-hub-signature-256": "sha256=00" } });
      const refused = await replay(forged.headers.get("x-request-id"));
      expect([refused.status, refused.body.error.code]).toEqual([409, "conflict"]);
      const large = await post(JSON.stringify({ text: "x".repeat(200_000) }));
      const cut = await replay(large.headers.get("x-request-id"));
      expect([cut.status, cut.body.error.message]).toEqual([
        409,
        expect.stringContaining("only a part of its body"),
      ]);
      expect((await replay(UNKNOWN_ID)).status).toBe(404);
      expect((await replay("x")).status).toBe(422);
    });

    test("trusts no sender that was not authenticated on arrival", async () => {
      // The earlier handler did not verify; the current one does.
      const open = await post({}, { path: "/webhook/open", headers: { "x-hub-signature-256": "sha256=00" } });
      const id = open.headers.get("x-request-id");
      const hook = integrations.hook;
      if (!hook?.handle) throw new Error("no integration");
      const { handle } = hook;
      hook.handle = (request) =>
        handle(new Request(request.url.replace("/webhook/open", "/webhook"), request));
      const again = await replay(id);
      hook.handle = handle;
      expect(again.body).toMatchObject({ status_code: 403, event: { verdict: "rejected", verified: false } });
    });

    test("trusts only the recorded webhook, not other requests that its handler verifies", async () => {
      const first = await post({}, { id: "d-7" });
      const hook = integrations.hook;
      if (!hook?.handle) throw new Error("no integration");
      const { handle } = hook;
      hook.handle = async (request) => {
        const another = new Request(request.url, {
          method: "POST",
          headers: request.headers,
          body: '{"forged":1}',
        });
        await verifyGitHub(another, SECRET);
        return new Response("believed");
      };
      const again = await replay(first.headers.get("x-request-id"));
      hook.handle = handle;
      expect(again.body).toMatchObject({ status_code: 403, event: { verdict: "rejected" } });
    });

    test("cannot be triggered by a request from outside", async () => {
      const first = await post({}, { id: "d-5" });
      const id = first.headers.get("x-request-id") ?? "";
      const headers = {
        "x-hub-signature-256": "sha256=00",
        "x-replay-of": id,
        "replay-of": id,
        "x-heddle-replay": id,
      };
      expect((await post({}, { headers })).status).toBe(403);
      const [event] = await list();
      expect(event).toMatchObject({ verdict: "rejected", replay_of: null });
    });

    test("is unavailable for a removed integration", async () => {
      const first = await post({});
      const { hook } = integrations;
      delete integrations.hook;
      const gone = await replay(first.headers.get("x-request-id"));
      if (hook) integrations.hook = hook;
      expect([gone.status, gone.body.error.code]).toEqual([503, "unavailable"]);
    });
  });

  describe("receive", () => {
    const receive = (body: unknown, id = "hook") =>
      http.send("POST", `/api/v1/admin/integrations/${id}/receive`, { body });

    test("signs a payload and sends it through the gateway", async () => {
      const { status, body } = await receive({ body: { messages: 2 }, event: "push" });
      expect(status).toBe(200);
      expect(body).toMatchObject({
        signed: true,
        status_code: 200,
        event: { verdict: "accepted", verified: true, headers: { "x-github-event": "push" } },
      });
      expect(body.answer.results).toHaveLength(2);
      expect(JSON.stringify(body)).not.toContain(SECRET);
    });

    test("accepts a recorded webhook, signed again, as a new delivery", async () => {
      const first = await post({}, { id: "d-6" });
      const { body: recorded } = await http.send("GET", `/api/v1/inbox/${first.headers.get("x-request-id")}`);
      const again = await receive({ headers: recorded.headers, body: recorded.body });
      expect(again.body).toMatchObject({ status_code: 200, event: { verdict: "accepted", replay_of: null } });
      const same = await receive({ headers: recorded.headers, body: recorded.body, delivery: "d-6" });
      expect(same.body).toMatchObject({ status_code: 200, event: { verdict: "duplicate" } });
    });

    test("returns the integration's answer, even if it refuses", async () => {
      expect((await receive({ body: "[]" })).body).toMatchObject({
        status_code: 400,
        answer: { error: { code: "bad_request" } },
        event: { verdict: "rejected", reason: "The body must be a JSON object." },
      });
      const other = await receive({ body: {}, path: "/webhook/refused" });
      expect(other.body).toMatchObject({ status_code: 422, event: { path: "/webhook/refused" } });
    });

    test("sends a form without a content type as a form", async () => {
      const typeOf = async (body: unknown, headers?: object) =>
        (await receive({ body, ...(headers && { headers }) })).body.event.headers["content-type"];
      expect(await typeOf("token=x&text=disk+is%20full&empty=")).toBe("application/x-www-form-urlencoded");
      expect(await typeOf('{"a":"b=c"}')).toBe("application/json");
      expect(await typeOf("a=b", { "content-type": "text/plain" })).toBe("text/plain");
    });

    test("signs with the secret's default, which the integration's code verifies", async () => {
      const setting = { key: "HOOK_SECRET", required: true, secret: true, description: null };
      const settings = [{ ...setting, default: SECRET, schema: { type: "string" } }];
      integrations.preset = { ...integrations.hook, settings };
      expect((await receive({ body: {}, path: "/webhook" }, "preset")).body).toMatchObject({
        signed: true,
        status_code: 200,
      });
    });

    test("sends the caller's token as the manifest says, in a header, or as a bearer token", async () => {
      const seen: Headers[] = [];
      const handle = async (request: Request) => {
        seen.push(request.headers);
        return Response.json({});
      };
      const bare = { handle, publicPaths: ["/webhook"] };
      integrations.signed = { ...bare, setup: { webhook: { path: "/webhook", verifier } } };
      integrations.mine = {
        ...bare,
        setup: { webhook: { path: "/webhook", verifier: { scheme: "own", secret: "HOOK_SECRET" } } },
      };
      integrations.plain = bare;
      const token = { body: "x", token: "t-1" };
      // The secret's setting has no value.
      expect((await receive(token, "signed")).body).toMatchObject({ signed: true, status_code: 200 });
      const signature = signWebhook("x", { ...verifier, secret: "t-1" })["x-hub-signature-256"];
      expect(seen[0]?.get("x-hub-signature-256")).toBe(signature ?? "");
      expect((await receive(token, "plain")).body).toMatchObject({ signed: true });
      // The gateway passes a sender's Authorization on to the handler.
      expect(seen[1]?.get("authorization")).toBe("Bearer t-1");
      for (const id of ["signed", "mine", "plain"]) {
        expect((await receive({ ...token, token_header: "x-acme-token" }, id)).status).toBe(200);
        expect(seen.at(-1)?.get("x-acme-token")).toBe("t-1");
        expect(seen.at(-1)?.get("x-hub-signature-256")).toBeNull();
      }
      expect((await receive(token, "mine")).body.error).toMatchObject({ field: "token_header" });
      expect((await receive({ body: "x", token_header: "x-acme-token" })).body.error.message).toContain(
        "must be left out without a token",
      );
      expect((await receive({ ...token, token_header: "a b" }, "plain")).status).toBe(422);
      for (const id of ["signed", "mine", "plain"]) delete integrations[id];
    });

    test("fails without a secret, a manifest or an integration", async () => {
      integrations.unset = { ...integrations.hook };
      integrations.bare = { ...integrations.hook, setup: {} };
      const unset = await receive({ body: {} }, "unset");
      expect([unset.status, unset.body.error.message]).toEqual([409, expect.stringContaining("HOOK_SECRET")]);
      const bare = await receive({ body: {} }, "bare");
      expect(bare.body).toMatchObject({ signed: false, status_code: 403 });
      expect((await receive({ body: {} }, "nobody")).status).toBe(404);
      for (const wrong of [
        {},
        { body: {}, path: "x" },
        { body: {}, headers: { "a b": "c" } },
        { body: {}, x: 1 },
      ]) {
        expect((await receive(wrong)).status).toBe(422);
      }
      delete integrations.unset;
      delete integrations.bare;
    });
  });

  describe("verification schemes that belong to no vendor", () => {
    const handled = (verify: (request: Request) => Promise<{ body: string }>) => ({
      handle: async (request: Request) => Response.json({ status: (await verify(request)).body }),
      publicPaths: ["/webhook"],
    });
    const send = (id: string, headers: Record<string, string>) =>
      http.send("POST", `/integrations/${id}/webhook`, { key: null, body: '"hello"', headers });
    const declared = (verifier: NonNullable<SetupManifest["webhook"]>["verifier"]): SetupManifest => ({
      webhook: { path: "/webhook", verifier },
    });

    test.each(["x-telegram", "x-own"])(
      "with the header %s: refused, recorded without it, replayed, received",
      async (header) => {
        const isToken = header === "x-telegram";
        const id = isToken ? "token" : "own";
        integrations[id] = {
          ...handled((request) =>
            isToken
              ? verifyToken(request, SECRET, { header })
              : verifyWith(request, (headers) => headers.get(header) === SECRET, { proofHeaders: [header] }),
          ),
          setup: declared(
            isToken
              ? { scheme: "token", header, secret: "HOOK_SECRET" }
              : { scheme: "own", secret: "HOOK_SECRET" },
          ),
        };
        expect((await send(id, {})).status).toBe(403);
        expect((await send(id, { [header]: "forged" })).status).toBe(403);
        const genuine = await send(id, { [header]: SECRET });
        expect(genuine.status).toBe(200);
        const eventId = genuine.headers.get("x-request-id");
        const { body: kept } = await http.send("GET", `/api/v1/inbox/${eventId}`);
        expect(kept).toMatchObject({ verified: true, headers: { [header]: "[redacted]" } });
        const again = await http.send("POST", `/api/v1/inbox/${eventId}/replay`);
        expect(again.body).toMatchObject({ status_code: 200, event: { verified: true, replay_of: eventId } });
        const received = await http.send("POST", `/api/v1/admin/integrations/${id}/receive`, {
          body: { body: '"x"' },
        });
        expect(received.body).toMatchObject({
          status_code: 200,
          answer: { status: '"x"' },
          event: { verified: true },
        });
        // No header of this sender says them.
        for (const field of ["event", "delivery"]) {
          const refused = await http.send("POST", `/api/v1/admin/integrations/${id}/receive`, {
            body: { body: '"x"', [field]: "pushed" },
          });
          expect([refused.status, refused.body.error]).toMatchObject([422, { field }]);
        }
      },
    );

    test("the server vouches only for its own request, not for others that the handler verifies", async () => {
      integrations.own = {
        ...handled(async (request) => {
          const other = new Request(request.url, { method: "POST", body: "forged" });
          return verifyWith(other, () => false, { proofHeaders: [] });
        }),
        setup: declared({ scheme: "own", secret: "HOOK_SECRET" }),
      };
      const receive = () =>
        http.send("POST", "/api/v1/admin/integrations/own/receive", { body: { body: '"x"' } });
      expect((await receive()).body).toMatchObject({ status_code: 403, event: { verified: false } });
      // Nor does it vouch for a vendor's scheme.
      integrations.own = { ...integrations.own, ...handled((request) => verifyGitHub(request, SECRET)) };
      expect((await receive()).body).toMatchObject({ status_code: 403, event: { verified: false } });
    });
  });

  test("each route needs its scope", async () => {
    const first = await post({});
    const id = first.headers.get("x-request-id");
    const [reader, writer, other] = [
      await http.keyWith("inbox:read"),
      await http.keyWith("inbox:write"),
      await http.keyWith("integrations:*", "sessions:*"),
    ];
    const routes: [method: string, path: string, allowed: string[]][] = [
      ["GET", "/api/v1/inbox", [reader, writer]],
      ["GET", `/api/v1/inbox/${id}`, [reader, writer]],
      ["POST", `/api/v1/inbox/${id}/replay`, [writer]],
      ["POST", "/api/v1/admin/integrations/hook/receive", []],
    ];
    for (const [method, path, allowed] of routes) {
      const body = path.endsWith("receive") ? { body: {} } : undefined;
      expect((await http.send(method, path, { key: null, body })).status).toBe(401);
      for (const key of [reader, writer, other]) {
        const { status } = await http.send(method, path, { key, body });
        expect([path, status]).toEqual([path, allowed.includes(key) ? 200 : 403]);
      }
    }
  });

  test("a request that is too large or over the rate limit is recorded as refused", async () => {
    const limited = await createHttpFixture(db, { integrations, webhookRateLimit: 1 });
    const send = (body: string, headers: Record<string, string> = {}) =>
      limited.send("POST", "/integrations/hook/webhook", { key: null, body, headers });
    const large = await send("{}", { "content-length": String(30 * 1024 * 1024) });
    expect(large.status).toBe(413);
    const last = await until(
      () => send("{}"),
      ({ status }) => status === 429,
      { everyMs: 0 },
    );
    const events = await limited.inbox.list({ verdict: "rejected" });
    expect(events.find(({ status_code }) => status_code === 413)).toMatchObject({
      body_truncated: true,
      reason: expect.stringContaining("larger than"),
    });
    expect(events.find(({ status_code }) => status_code === 429)).toMatchObject({
      id: last.headers.get("x-request-id"),
      reason: "Too many requests from this address.",
    });
  });

  test("a handler that answers first and injects its message later has one record", async () => {
    const later = Promise.withResolvers<void>();
    const made = Promise.withResolvers<void>();
    const handle = async (): Promise<Response> => {
      const { sessions } = http;
      void later.promise.then(async () => {
        const { session_id } = await sessions.getOrCreate({ clientId: "hook:2", botId: "default" });
        await sessions.inject({ sessionId: session_id, content: "later", source: "hook" });
        made.resolve();
      });
      return Response.json({ status: "taken" }, { status: 202 });
    };
    integrations.slow = { handle, publicPaths: ["/webhook"] };
    const answer = await http.send("POST", "/integrations/slow/webhook", { key: null, body: "{}" });
    const id = answer.headers.get("x-request-id");
    expect(await list()).toMatchObject([{ id, verdict: "ignored", reason: "taken" }]);
    later.resolve();
    await made.promise;
    expect(await list()).toMatchObject([
      { id, verdict: "accepted", reason: null, status_code: 202, outcomes: [{ duplicate: false }] },
    ]);
  });

  test("an error that the integration throws deliberately becomes the reason", async () => {
    const handle = async (): Promise<Response> => {
      throw new HeddleError("validation", "camera: there is none of this name.");
    };
    integrations.strict = { handle, publicPaths: ["/webhook"] };
    await http.send("POST", "/integrations/strict/webhook", { key: null, body: "{}" });
    expect(await list()).toMatchObject([
      { verdict: "rejected", reason: "camera: there is none of this name.", status_code: 422 },
    ]);
  });
});
