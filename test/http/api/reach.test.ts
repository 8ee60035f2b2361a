// What a key can bring into a run, the limits of places, and what ends with a key.

import { beforeAll, expect, test } from "bun:test";
import { OPERATOR } from "../../../src/access/caller.ts";
import { carapace } from "../../capabilities/fixture.ts";
import { eachDatabase, onPostgres } from "../../database.ts";
import { createHttpFixture, type HttpFixture, type TestIntegration } from "../fixture.ts";

const SCOPES = [
  "sessions:*",
  "tasks:*",
  "deliveries:*",
  "documents:*",
  "channels:*",
  "bots:write",
  "integrations:*",
];
const handle = async () => new Response("{}", { headers: { "content-type": "application/json" } });
const NONE = { type: "none" };

eachDatabase("what a key reaches", (open) => {
  let http: HttpFixture;
  let process: string;
  let person: string;
  const integrations: Record<string, TestIntegration> = {
    camera: { handle, tools: ["camera_zoom"], dispatchers: ["camera"] },
    github: {
      handle,
      tools: ["github_post"],
      dispatchers: ["github"],
      setup: { activation: { carapaces: ["poster"] } },
    },
  };

  beforeAll(async () => {
    const dispatcher = { deliver: async () => ({ receipt: 1 }) };
    http = await createHttpFixture(await open(), {
      metas: [
        { integrationType: "camera", clientIdPrefix: "cam/" },
        { integrationType: "attic", clientIdPrefix: "cam/attic/" },
      ],
      manifests: { camera: { binding: {} } },
      dispatchers: { camera: dispatcher, github: dispatcher },
      integrations,
      tools: ["camera_zoom", "github_post", "workspace_write"],
    });
    http.carapaces.replaceOwner("core", [
      carapace("poster", "local_tools: [github_post]"),
      carapace("outer", "includes: [poster]"),
      carapace("words", "system_prompt_fragment: Be brief."),
    ]);
    process = http.apiKeys.issueEphemeral({ name: "p", scopes: SCOPES, integrationId: "camera" }).key;
    person = (await http.apiKeys.create({ name: "k", scopes: SCOPES, rows: "own" }, OPERATOR)).key;
  });

  const post = (path: string, key: string | undefined, body: object) =>
    http.send("POST", `/api/v1${path}`, { ...(key && { key }), body });
  const sessionOf = async (key: string | undefined, client_id: string): Promise<string> =>
    (await post("/sessions", key, { client_id })).body.session_id;

  test("nobody can create the places that the server gives to others, and so read what they send", async () => {
    const [first, second] = await Promise.all(
      ["a", "b"].map((name) =>
        http.apiKeys.create({ name, scopes: [...SCOPES, "chat:write"], rows: "own" }, OPERATOR),
      ),
    );
    const taken = ["default", "openai-api operator", "heddle:try"];
    const ofSecond = [
      `default key:${second?.id}`,
      `openai-api key:${second?.id}`,
      "openai-api integration:camera",
    ];
    for (const client_id of [...taken, ...ofSecond]) {
      const attempts = [
        await post("/sessions", first?.key, { client_id }),
        await post("/channels", first?.key, { client_id }),
        await post("/chat", first?.key, { client_id, message: "Hi", passive: true }),
        await post("/events", first?.key, { client_id, event: "x", content: "x" }),
      ];
      expect([client_id, ...attempts.map(({ status }) => status)]).toEqual([client_id, 403, 403, 403, 403]);
    }
    // Their owners can, and names that only look alike are free.
    const own = await post("/chat", second?.key, { message: "Hi", passive: true });
    const found = await post("/sessions", second?.key, { client_id: `default key:${second?.id}` });
    expect([found.status, found.body.session_id]).toEqual([201, own.body.session_id]);
    expect((await post("/sessions", second?.key, { client_id: `openai-api key:${second?.id}` })).status).toBe(
      201,
    );
    expect((await post("/sessions", first?.key, { client_id: "defaults" })).status).toBe(201);
  });

  test("of two keys that begin a conversation under one name at once, only one does", async () => {
    // The check and the creation are two steps, between which the other may come.
    const scopes = [...SCOPES, "chat:write"];
    const keys = await Promise.all(
      ["a", "b"].map((name) => http.apiKeys.create({ name, scopes, rows: "own" }, OPERATOR)),
    );
    for (let round = 0; round < 10; round++) {
      const message = { client_id: `race:${round}`, message: "Hi", passive: true };
      const event = { client_id: `race:event:${round}`, event: "note", content: "Hi" };
      for (const [path, body] of [
        ["/chat", message],
        ["/events", event],
      ] as const) {
        const answers = await Promise.all(keys.map(({ key }) => post(path, key, body)));
        const refused = answers.filter(({ status }) => status === 403);
        expect([path, refused.length]).toEqual([path, 1]);
      }
    }
  });

  test("tools cannot be smuggled in by a carapace, an activation or a bot", async () => {
    const channel = (await post("/channels", person, { client_id: "chat:tools" })).body.id;
    const attempts: [string, string, object | undefined, string][] = [
      ["PATCH", `/api/v1/channels/${channel}`, { carapaces: ["outer"] }, "carapaces"],
      ["POST", "/api/v1/channels", { client_id: "chat:tools2", carapaces: ["poster"] }, "carapaces"],
      ["POST", `/api/v1/channels/${channel}/integrations/github/activate`, undefined, "integration_type"],
      ["POST", "/api/v1/bots", { id: "b", name: "b", tools: ["workspace_write"] }, "tools"],
      ["POST", "/api/v1/bots", { id: "b", name: "b", tools: ["*"] }, "tools"],
      ["POST", "/api/v1/bots", { id: "b", name: "b", carapaces: ["outer"] }, "carapaces"],
      ["PATCH", "/api/v1/bots/other", { tools: ["github_post"] }, "tools"],
    ];
    for (const [method, path, body, field] of attempts) {
      const { status, body: answer } = await http.send(method, path, { key: person, ...(body && { body }) });
      expect([path, body, status, answer.error?.field]).toEqual([path, body, 403, field]);
    }
    const harmless = await http.send("PATCH", `/api/v1/channels/${channel}`, {
      key: person,
      body: { carapaces: ["words"] },
    });
    expect(harmless.status).toBe(200);
    const allowed = await http.apiKeys.create(
      { name: "t", scopes: ["bots:write", "tools.github_post:use"] },
      OPERATOR,
    );
    const made = await post("/bots", allowed.key, { id: "c", name: "c", carapaces: ["outer"] });
    expect(made.status).toBe(201);
    expect((await http.send("DELETE", "/api/v1/bots/c")).status).toBe(204);
  });

  test("an integration's key names its own tools and dispatch types, not another's", async () => {
    const session = await sessionOf(process, "camera:tools");
    const say = (fields: object) =>
      post(`/sessions/${session}/messages`, process, { content: "x", ...fields });
    expect((await say({ execution_config: { tools: ["camera_zoom"] } })).status).toBe(201);
    expect((await say({ execution_config: { tools: ["github_post"] } })).status).toBe(403);
    expect((await say({ dispatch_config: { type: "camera" } })).status).toBe(201);
    expect((await say({ dispatch_config: NONE })).status).toBe(201);
    const foreign = await say({ dispatch_config: { type: "github" } });
    expect([foreign.status, foreign.body.error.field]).toEqual([403, "dispatch_config"]);
    const redirected = await post("/sessions", person, {
      client_id: "chat:x",
      dispatch_config: { type: "github" },
    });
    expect(redirected.status).toBe(403);
  });

  test("a longer prefix belongs to another integration, and being first gives no right to a place", async () => {
    expect((await post("/sessions", process, { client_id: "cam/attic/1" })).status).toBe(403);
    // No integration has this prefix yet.
    const squatted = await sessionOf(person, "slack:T1");
    const seen = async (key: string) =>
      (await http.send("GET", `/api/v1/sessions/${squatted}/messages`, { key })).status;
    expect(await seen(person)).toBe(200);
    integrations.slack = { handle };
    const slack = http.apiKeys.issueEphemeral({ name: "s", scopes: SCOPES, integrationId: "slack" }).key;
    expect([await seen(person), await seen(slack), await seen(process)]).toEqual([404, 200, 404]);
    expect((await post("/sessions", person, { client_id: "slack:T1" })).status).toBe(403);
    expect((await post("/events", person, { client_id: "slack:T2", event: "e", content: "x" })).status).toBe(
      403,
    );
    delete integrations.slack;
  });

  test("the sender of an event into a bound channel sees its outcome and nothing else", async () => {
    const channel = (await post("/channels", undefined, { client_id: "team:1", bot_id: "default" })).body.id;
    const bound = await post(`/channels/${channel}/integrations`, undefined, {
      integration_type: "camera",
      client_id: "cam/door",
    });
    expect(bound.status).toBe(201);
    const sent = await post("/events", process, {
      client_id: "cam/door",
      event: "bell",
      content: "Somebody rings.",
      run_agent: true,
    });
    const [{ task_id, session_id, channel_id }] = sent.body.results;
    expect(channel_id).toBe(channel);
    const seen = async (path: string) => (await http.send("GET", `/api/v1${path}`, { key: process })).status;
    expect(await seen(`/tasks/${task_id}`)).toBe(200);
    expect(await seen(`/sessions/${session_id}/messages`)).toBe(404);
    expect(await seen(`/channels/${channel}`)).toBe(404);
    const others = await post(`/sessions/${session_id}/messages`, undefined, {
      content: "x",
      run_agent: true,
    });
    expect(await seen(`/tasks/${others.body.task_id}`)).toBe(404);
  });

  test("switching to another's session does not reveal whether it exists", async () => {
    const channel = (await post("/channels", person, { client_id: "chat:switch" })).body.id;
    const session_id = await sessionOf(undefined, "team:2");
    const to = async (id: string) =>
      await post(`/channels/${channel}/switch-session`, person, { session_id: id });
    const [there, nowhere] = [await to(session_id), await to("0198c0de-0000-7000-8000-000000000000")];
    // Each answer repeats only the requested id.
    const told = ({ body }: { body: unknown }) =>
      JSON.stringify(body).replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, "id");
    expect([there.status, told(there)]).toEqual([404, told(nowhere)]);
  });

  test("unusual client ids and keys neither fail nor collide", async () => {
    const send = async (client_id: string, idempotency_key: string) => {
      const event = { event: "x", content: "x", client_id, idempotency_key };
      const { status, body } = await post("/events", undefined, event);
      expect(status).toBe(201);
      return body.results[0].duplicate;
    };
    expect(await send("odd:a", "b:c")).toBe(false);
    expect(await send("odd:a:b", "c")).toBe(false);
    expect(await send("odd:a", "b:c")).toBe(true);
    // Both at maximum length, of characters that take four bytes.
    expect(await send("🦓".repeat(250), "🦜".repeat(127))).toBe(false);
    expect((await post("/sessions", person, { client_id: "nul\u0000:x" })).status).toBe(422);
  });

  test("an integration does not act for another integration's key", async () => {
    const ask = (path: string) => http.send("GET", path, { key: process });
    expect((await ask("/integrations/camera/status")).status).toBe(200);
    expect((await ask("/integrations/github/status")).status).toBe(404);
  });

  test("an integration's streamed answer ends with the key that requested it", async () => {
    integrations.ticker = {
      handle: async () =>
        new Response(
          new ReadableStream({ pull: (stream) => stream.enqueue(new TextEncoder().encode("tick\n")) }),
          {
            headers: { "content-type": "text/event-stream" },
          },
        ),
    };
    const { key, id } = await http.apiKeys.create({ name: "s", scopes: ["integrations:read"] }, OPERATOR);
    const answer = await http.fetch(
      new Request("http://localhost/integrations/ticker/stream", {
        headers: { authorization: `Bearer ${key}` },
      }),
    );
    const reader = answer.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    await http.apiKeys.revoke(id, OPERATOR);
    let isOpen = true;
    for (const deadline = performance.now() + 30_000; isOpen && performance.now() < deadline; ) {
      isOpen = await Promise.resolve(reader?.read()).then(
        (read) => read?.done === false,
        () => false,
      );
      await new Promise(setImmediate);
    }
    expect(isOpen).toBe(false);
  }, 60_000);
});

onPostgres("a key that is revoked", (open) => {
  test("includes keys that are just being created", async () => {
    const { apiKeys } = await createHttpFixture(await open());
    for (let round = 0; round < 10; round++) {
      const parent = await apiKeys.create({ name: "p", scopes: ["tasks:read"] }, OPERATOR);
      const maker = await apiKeys.verify(parent.key);
      if (!maker) throw new Error("the key is not known");
      const children = Array.from({ length: 6 }, () =>
        apiKeys.create({ name: "c", scopes: ["tasks:read"] }, maker).catch(() => undefined),
      );
      await Promise.all([...children, apiKeys.revoke(parent.id, OPERATOR)]);
      for (const child of await Promise.all(children)) {
        if (child) expect(await apiKeys.verify(child.key)).toBeUndefined();
      }
    }
  });
});
