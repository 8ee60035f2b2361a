// Which rows a key reaches. All keys here have all scopes that they could need.

import { beforeAll, describe, expect, test } from "bun:test";
import { OPERATOR } from "../../../src/access/caller.ts";
import { eventStream } from "../../../src/http/api/event-stream.ts";
import { ASK_AGAIN_MS } from "../../../src/http/gateway/while-allowed.ts";
import { eachDatabase } from "../../database.ts";
import { type Answer, createHttpFixture } from "../fixture.ts";

const SCOPES = [
  ...[
    "sessions:*",
    "tasks:*",
    "deliveries:*",
    "documents:*",
    "channels:*",
    "inbox:*",
    "logs:read",
    "api_keys:*",
  ],
];

eachDatabase("ownership", (open) => {
  let http: Awaited<ReturnType<typeof createHttpFixture>>;
  let process: string;
  let chat: string;
  let other: string;
  let monitor: string;
  let victim: { session: string; channel: string; task: string; document: string };
  let chats: typeof victim;
  let cameras: typeof victim;

  beforeAll(async () => {
    http = await createHttpFixture(await open(), {
      metas: [{ integrationType: "camera", clientIdPrefix: "cam/" }],
      integrations: { camera: { handle: async () => new Response() } },
    });
    const { apiKeys } = http;
    process = apiKeys.issueEphemeral({ name: "process", scopes: SCOPES, integrationId: "camera" }).key;
    const made = (rows: "own" | "all") =>
      apiKeys.create({ name: rows, scopes: SCOPES, rows }, OPERATOR).then(({ key }) => key);
    chat = await made("own");
    other = await made("own");
    monitor = await made("all");
    victim = await conversation(undefined, "github:acme/secret");
    chats = await conversation(chat, "chat:1");
    cameras = await conversation(process, "camera:door");
  });

  const post = (path: string, key: string | undefined, body: object) =>
    http.send("POST", path, { ...(key && { key }), body });
  const get = (path: string, key: string) => http.send("GET", path, { key });

  /** Creates a session with a message, a run and a document of this key. */
  async function conversation(key: string | undefined, clientId: string): Promise<typeof victim> {
    const { session_id } = (await post("/api/v1/sessions", key, { client_id: clientId })).body;
    const { task_id } = (
      await post(`/api/v1/sessions/${session_id}/messages`, key, { content: "secret words", run_agent: true })
    ).body;
    const document = (await post("/api/v1/documents", key, { content: "secret words", session_id })).body;
    const task = (await http.send("GET", `/api/v1/tasks/${task_id}`)).body;
    return { session: session_id, channel: task.channel_id, task: task_id, document: document.id };
  }

  /** Every route to parts of a conversation, and its status for an allowed caller. */
  const ways = (of: typeof victim): [string, string, object?][] => [
    ["GET", `/api/v1/sessions/${of.session}`],
    ["GET", `/api/v1/sessions/${of.session}/messages`],
    ["POST", `/api/v1/sessions/${of.session}/messages`, { content: "x" }],
    ["GET", `/api/v1/tasks/${of.task}`],
    ["POST", `/api/v1/tasks/${of.task}/cancel`],
    ["GET", `/api/v1/documents/${of.document}`],
    ["GET", `/api/v1/channels/${of.channel}`],
    ["PATCH", `/api/v1/channels/${of.channel}`, { name: "mine" }],
    ["POST", `/api/v1/channels/${of.channel}/messages`, { content: "x" }],
    ["POST", `/api/v1/channels/${of.channel}/reset`],
    ["GET", `/api/v1/channels/${of.channel}/integrations`],
    ["POST", "/api/v1/documents", { content: "planted", session_id: of.session }],
    ["DELETE", `/api/v1/documents/${of.document}`],
    ["DELETE", `/api/v1/channels/${of.channel}`],
  ];

  test("on every route, what is out of reach is answered like what does not exist", async () => {
    const unknown = "0198c0de-0000-7000-8000-000000000000";
    const nobody = { session: unknown, channel: unknown, task: unknown, document: unknown };
    for (const [key, whose] of [
      [process, [victim, chats]],
      [chat, [victim, cameras]],
      [other, [victim, chats, cameras]],
    ] as const) {
      for (const of of whose) {
        for (const [index, [method, path, body]] of ways(of).entries()) {
          const seen = await http.send(method, path, { key, ...(body && { body }) });
          const [, nowhere = ""] = ways(nobody)[index] ?? [];
          const none = await http.send(method, nowhere, {
            key,
            ...(body && { body: { ...body, ...("session_id" in body && { session_id: unknown }) } }),
          });
          expect([method, path, seen.status]).toEqual([method, path, 404]);
          // Each answer repeats only the requested id.
          const told = (body: unknown) => JSON.stringify(body).replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "id");
          expect([method, path, told(seen.body)]).toEqual([method, path, told(none.body)]);
        }
      }
    }
  });

  test("lists and searches show only what is in reach", async () => {
    const ids = (rows: { id: string }[]) => rows.map(({ id }) => id).sort();
    const seen = async (key: string) => ({
      tasks: ids((await get("/api/v1/tasks", key)).body.tasks),
      channels: ids((await get("/api/v1/channels", key)).body.channels),
      documents: ids((await get("/api/v1/documents/search?q=secret", key)).body),
      listed: ids((await get("/api/v1/documents", key)).body.documents),
      sessions: ids((await get("/api/v1/sessions", key)).body.sessions),
    });
    const of = (...all: (typeof victim)[]) => ({
      tasks: all.map(({ task }) => task).sort(),
      channels: all.map(({ channel }) => channel).sort(),
      documents: all.map(({ document }) => document).sort(),
      listed: all.map(({ document }) => document).sort(),
      sessions: all.map(({ session }) => session).sort(),
    });
    expect(await seen(process)).toEqual(of(cameras));
    expect(await seen(chat)).toEqual(of(chats));
    expect(await seen(other)).toEqual(of());
    expect(await seen(monitor)).toEqual(of(victim, chats, cameras));
    const filtered = await get(`/api/v1/tasks?session_id=${victim.session}`, process);
    expect(filtered.body.tasks).toEqual([]);
  });

  test("a key can work with its own rows", async () => {
    for (const [key, of] of [
      [process, cameras],
      [chat, chats],
    ] as const) {
      for (const [method, path, body] of ways(of).slice(0, 12)) {
        const { status } = await http.send(method, path, { key, ...(body && { body }) });
        expect([method, path, status < 300]).toEqual([method, path, true]);
      }
    }
  });

  test("places of others cannot be opened, redirected, bound or written to", async () => {
    const attempts: [string, object][] = [
      [
        "/api/v1/sessions",
        { client_id: "github:acme/secret", dispatch_config: { type: "webhook", url: "https://x.example" } },
      ],
      ["/api/v1/events", { client_id: "github:acme/secret", event: "x", content: "x" }],
      ["/api/v1/channels", { client_id: "github:acme/secret" }],
    ];
    for (const key of [process, chat, other]) {
      for (const [path, body] of attempts) {
        const answer = await post(path, key, body);
        expect([path, answer.status, answer.body.error.field]).toEqual([path, 403, "client_id"]);
      }
    }
    // Nobody may occupy an integration's place before it does and read its messages.
    const early = await post("/api/v1/sessions", chat, { client_id: "cam/attic" });
    expect([early.status, early.body.error.field]).toEqual([403, "client_id"]);
    // A registered prefix protects like the integration's id.
    expect((await post("/api/v1/sessions", process, { client_id: "cam/garage" })).status).toBe(201);
    expect((await post("/api/v1/sessions", process, { client_id: "camera2:x" })).status).toBe(403);
    const bind = { integration_type: "github", client_id: "github:acme/secret" };
    const bound = await post(`/api/v1/channels/${chats.channel}/integrations`, chat, bind);
    expect([bound.status, bound.body.error.field]).toEqual([403, "client_id"]);
    // The answer of a key's own session must not go into another's session.
    const internal = { type: "internal", session_id: victim.session };
    for (const [key, of] of [
      [process, cameras],
      [chat, chats],
    ] as const) {
      const told = await post(`/api/v1/sessions/${of.session}/messages`, key, {
        content: "x",
        dispatch_config: internal,
      });
      expect(told.status).toBe(404);
    }
    const planted = await post("/api/v1/documents", process, { content: "x", integration_id: "github" });
    expect(planted.status).toBe(403);
  });

  test("a tool that no bot has needs a scope of its own", async () => {
    const say = (key: string, session: string, tools: string[]): Promise<Answer> =>
      post(`/api/v1/sessions/${session}/messages`, key, { content: "x", execution_config: { tools } });
    const refused = await say(chat, chats.session, ["workspace_write"]);
    expect([refused.status, refused.body.error]).toMatchObject([
      403,
      { field: "execution_config.tools", message: expect.stringContaining("tools.workspace_write:use") },
    ]);
    expect((await say(process, cameras.session, ["github_post_comment"])).status).toBe(403);
    const allowed = await http.apiKeys.create(
      { name: "tools", scopes: ["sessions:write", "tools.workspace_write:use"], rows: "all" },
      OPERATOR,
    );
    expect((await say(allowed.key, chats.session, ["workspace_write"])).status).toBe(201);
    expect((await say(allowed.key, chats.session, ["workspace_read"])).status).toBe(403);
    // A bot with every tool does not have those that act on the server itself.
    await http.bots.create({ id: "all_hands", name: "All hands", tools: ["*"] });
    http.tools.add("core", {
      name: "rule",
      description: "",
      parameters: { type: "object" },
      byNameOnly: true,
      run: () => "",
    });
    expect((await say(allowed.key, chats.session, ["workspace_read"])).status).toBe(201);
    expect((await say(allowed.key, chats.session, ["rule"])).status).toBe(403);
    await http.bots.delete("all_hands");
  });

  test("a key cannot use up another's idempotency key", async () => {
    const key = "pay:invoice-42";
    const event = { event: "x", content: "x", idempotency_key: key };
    const scopes = new Set<string>();
    for (const [sender, client_id] of [
      [chat, "webhook"],
      [monitor, "webhook"],
      [process, "camera:pay"],
      [undefined, "webhook"],
    ] as const) {
      const answer = await post("/api/v1/events", sender, { client_id, ...event });
      expect(answer.body.results[0].duplicate).toBe(false);
      scopes.add(answer.body.results[0].message_id);
      const again = await post("/api/v1/events", sender, { client_id, ...event });
      expect(again.body.results[0].duplicate).toBe(true);
    }
    expect(scopes.size).toBe(4);
    const { session_id } = await http.sessions.getOrCreate({ clientId: "webhook:pay", botId: "default" });
    const real = await http.sessions.inject(
      { sessionId: session_id, content: "paid", source: "webhook", idempotencyKey: key },
      "webhook",
    );
    expect(real.duplicate).toBe(false);
  });

  test("a key creates only keys that reach no further, and they are revoked with it", async () => {
    const made = await post("/api/v1/api-keys", chat, {
      name: "child",
      scopes: ["sessions:read", "api_keys:write"],
    });
    expect([made.status, made.body.rows]).toEqual([201, "own"]);
    const wider = await post("/api/v1/api-keys", chat, { name: "x", scopes: ["sessions:read"], rows: "all" });
    expect([wider.status, wider.body.error.field]).toEqual([403, "rows"]);
    const grandchild = await post("/api/v1/api-keys", made.body.key, {
      name: "g",
      scopes: ["sessions:read"],
    });
    expect(grandchild.body.parent_id).toBe(made.body.id);
    expect((await post("/api/v1/api-keys", process, { name: "x", scopes: ["sessions:read"] })).status).toBe(
      403,
    );
    const works = async ({ key }: { key: string }) => (await get("/api/v1/tasks", key)).status !== 401;
    expect(await Promise.all([made.body, grandchild.body].map(works))).toEqual([true, true]);
    expect((await http.send("DELETE", `/api/v1/api-keys/${made.body.id}`)).status).toBe(204);
    expect(await Promise.all([made.body, grandchild.body].map(works))).toEqual([false, false]);
    expect(await works({ key: chat })).toBe(true);
  });
});

describe("streams", () => {
  test("a stream ends within seconds once its key is no longer allowed", async () => {
    let isAllowed = true;
    const response = eventStream({
      batches: (async function* () {
        await new Promise(() => {});
        yield [];
      })(),
      signal: new AbortController().signal,
      validity: { holds: async () => isAllowed, onDoubt: () => () => undefined },
      onBreak: () => undefined,
    });
    const reader = response.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    isAllowed = false;
    const end = await Promise.race([
      reader?.read(),
      new Promise((_, reject) =>
        setTimeout(reject, ASK_AGAIN_MS * 5, new Error("The stream is still open.")),
      ),
    ]);
    expect(end).toMatchObject({ done: true });
  }, 20_000);
});
