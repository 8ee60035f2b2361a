import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Dispatcher, IntegrationMeta } from "../../../src/sdk/types.ts";
import { eachDatabase } from "../../database.ts";
import { createHttpFixture, type HttpFixture, UNKNOWN_ID } from "../fixture.ts";

const chat: Dispatcher = { deliver: () => ({ receipt: null }), postMessage: () => ({ receipt: null }) };
const metas: IntegrationMeta[] = [
  {
    integrationType: "chat",
    clientIdPrefix: "chat:",
    resolveDisplayNames: (channels) =>
      Object.fromEntries(channels.map(({ id, client_id }) => [id, `#${client_id.slice(5)}`])),
  },
  { integrationType: "lounge", clientIdPrefix: "chat:lounge:" },
  { integrationType: "forge", clientIdPrefix: "forge:" },
];
const manifests = {
  forge: {
    binding: {
      event_types: ["push", { value: "issues" }],
      config_fields: [{ key: "branch", type: "string" as const, default: "main" }],
    },
  },
};

eachDatabase("channels over HTTP", (open) => {
  let heddle: HttpFixture;
  beforeAll(async () => {
    heddle = await createHttpFixture(await open(), { dispatchers: { chat }, metas, manifests });
  });
  afterAll(() => heddle.queue.close());

  const create = async (body: object) => (await heddle.send("POST", "/api/v1/channels", { body })).body;
  const path = (id: string, rest = "") => `/api/v1/channels/${id}${rest}`;
  let number = 0;
  const unique = (prefix: string) => `${prefix}${++number}`;

  describe("a channel", () => {
    test("is created once; a request with another bot changes nothing", async () => {
      const client_id = unique("chat:once");
      const body = { client_id, name: "General", bot_id: "default", prompt: "In French." };
      const made = await heddle.send("POST", "/api/v1/channels", { body });
      expect(made).toMatchObject({
        status: 201,
        body: {
          client_id,
          name: "General",
          display_name: `#${client_id.slice(5)}`,
          integration: "chat",
          bot_id: "default",
          prompt: "In French.",
          active_session_id: null,
          dispatch_config: null,
          require_mention: true,
          passive_memory: true,
          allow_bot_messages: false,
          thinking_display: "append",
          private: false,
          created: true,
        },
      });
      const again = await heddle.send("POST", "/api/v1/channels", { body: { client_id, bot_id: "other" } });
      expect(again).toMatchObject({
        status: 200,
        body: { id: made.body.id, bot_id: "default", created: false },
      });
      expect((await heddle.send("GET", path(made.body.id))).body).toMatchObject({ bot_id: "default" });
    });

    test("uses its own bot for sessions, whichever bot is requested", async () => {
      const client_id = unique("chat:bot");
      const channel = await create({ client_id, bot_id: "other" });
      const wanted = { client_id, bot_id: "default" };
      const { body } = await heddle.send("POST", "/api/v1/sessions", { body: wanted });
      expect((await heddle.send("POST", "/api/v1/sessions", { body: wanted })).body).toEqual({
        session_id: body.session_id,
        channel_id: channel.id,
        bot_id: "other",
        created: false,
      });
      expect((await heddle.send("GET", path(channel.id))).body.active_session_id).toBe(body.session_id);
      const sent = await heddle.send("POST", `/api/v1/sessions/${body.session_id}/messages`, {
        body: { content: "Hi", run_agent: true },
      });
      const task = await heddle.send("GET", `/api/v1/tasks/${sent.body.task_id}`);
      expect(task.body).toMatchObject({ bot_id: "other", channel_id: channel.id });
    });

    test("is created only once by concurrent requests", async () => {
      const client_id = unique("chat:race");
      const made = await Promise.all(Array.from({ length: 8 }, () => create({ client_id })));
      expect(new Set(made.map(({ id }) => id)).size).toBe(1);
      expect(made.filter(({ created }) => created)).toHaveLength(1);
    });

    test("does not show the secrets of its target", async () => {
      const channel = await create({
        client_id: unique("chat:secret"),
        dispatch_config: { type: "chat", room: "C1", token: "xoxb-canary" },
      });
      expect(channel.dispatch_config).toEqual({ type: "chat", room: "C1", token: "********" });
      const seen = [
        await heddle.send("GET", path(channel.id)),
        await heddle.send("GET", `/api/v1/channels?client_id=${channel.client_id}`),
        await heddle.send("PATCH", path(channel.id), { body: { name: "Other" } }),
      ];
      const stored = await heddle.db.execute("select dispatch_config::text from channels");
      expect(JSON.stringify([seen, stored.rows])).not.toContain("xoxb-canary");
    });

    test("is changed field by field; null resets a setting", async () => {
      const { id } = await create({
        client_id: unique("chat:change"),
        model_override: "big",
        max_iterations: 3,
      });
      const changed = await heddle.send("PATCH", path(id), {
        body: {
          model_override: null,
          tools_disabled: ["rm_*"],
          passive_memory: false,
          thinking_display: "hidden",
        },
      });
      expect(changed).toMatchObject({
        status: 200,
        body: {
          model_override: null,
          max_iterations: 3,
          tools_disabled: ["rm_*"],
          passive_memory: false,
          thinking_display: "hidden",
        },
      });
    });

    test.each<[string, object, number, string, string]>([
      ["no client_id", { client_id: " " }, 422, "validation", "client_id"],
      ["an unknown bot", { client_id: "chat:x1", bot_id: "nobody" }, 400, "unknown_bot", "bot_id"],
      [
        "an unknown target",
        { client_id: "chat:x2", dispatch_config: { type: "carrier-pigeon" } },
        422,
        "validation",
        "dispatch_config.type",
      ],
      ["an unknown field", { client_id: "chat:x3", colour: "red" }, 422, "validation", "colour"],
      [
        "a word out of place",
        { client_id: "chat:x4", thinking_display: "loud" },
        422,
        "validation",
        "thinking_display",
      ],
    ])("%s is refused", async (_, body, status, code, field) => {
      const refused = await heddle.send("POST", "/api/v1/channels", { body });
      expect(refused).toMatchObject({ status, body: { error: { code, field } } });
    });

    test("that does not exist is 404, whatever a change of it names", async () => {
      for (const body of [
        { bot_id: "nobody" },
        { dispatch_config: { type: "carrier-pigeon" } },
        { prompt: "x" },
      ]) {
        const { status } = await heddle.send("PATCH", `/api/v1/channels/${crypto.randomUUID()}`, { body });
        expect(status).toBe(404);
      }
    });

    test("is listed with filters, page by page", async () => {
      const bot_id = "other";
      const names = ["chat:list:a", "chat:lounge:b", "forge:list/c", "web:list"];
      for (const client_id of names) await create({ client_id, bot_id, name: `Listed ${client_id}` });
      const list = async (query: string) => {
        const { body } = await heddle.send("GET", `/api/v1/channels?q=LISTED&${query}`);
        return body.channels.map(({ client_id }: { client_id: string }) => client_id);
      };
      expect(await list("")).toEqual(names.toReversed());
      expect(await list("integration=chat")).toEqual(["chat:list:a"]);
      expect(await list("integration=lounge")).toEqual(["chat:lounge:b"]);
      expect(await list("integration=nothing")).toEqual([]);
      expect(await list("client_id=web:list")).toEqual(["web:list"]);
      expect(await list("bot_id=default")).toEqual([]);
      const first = await heddle.send("GET", "/api/v1/channels?q=listed&limit=3");
      const rest = await heddle.send(
        "GET",
        `/api/v1/channels?q=listed&limit=3&cursor=${first.body.next_cursor}`,
      );
      expect([first.body.channels.length, rest.body.channels.length, rest.body.next_cursor]).toEqual([
        3,
        1,
        null,
      ]);
    });

    test("is found by what it has itself: a skill in either form, a carapace, a template", async () => {
      const [a, b] = [unique("chat:has"), unique("chat:has")];
      await create({ client_id: a, skills: ["tea"], carapaces: ["triage"] });
      await create({ client_id: b, skills: [{ id: "tea", mode: "pinned" }], template_id: "home" });
      const list = async (query: string) => {
        const { body } = await heddle.send("GET", `/api/v1/channels?${query}`);
        return body.channels.map(({ client_id }: { client_id: string }) => client_id);
      };
      expect(await list("skill=tea")).toEqual([b, a]);
      expect(await list("skill=te")).toEqual([]);
      expect(await list("carapace=triage")).toEqual([a]);
      expect(await list("template_id=home")).toEqual([b]);
    });

    test("is deleted with everything that belongs to it", async () => {
      const { id, client_id } = await create({ client_id: unique("chat:gone") });
      const { body } = await heddle.send("POST", path(id, "/messages"), {
        body: { content: "Hi", run_agent: true },
      });
      expect((await heddle.send("DELETE", path(id))).status).toBe(204);
      expect((await heddle.send("GET", path(id))).status).toBe(404);
      expect((await heddle.send("DELETE", path(id))).status).toBe(404);
      expect((await heddle.send("GET", `/api/v1/tasks/${body.task_id}`)).status).toBe(404);
      expect((await create({ client_id })).created).toBe(true);
    });
  });

  describe("its sessions", () => {
    test("messages go to the active one; a repeated one is not stored again", async () => {
      const { id } = await create({ client_id: unique("chat:talk") });
      const say = (content: string, more = {}) =>
        heddle.send("POST", path(id, "/messages"), { body: { content, ...more } });
      const first = await say("One", { idempotency_key: "k" });
      expect(first).toMatchObject({ status: 201, body: { task_id: null, duplicate: false } });
      const reset = await heddle.send("POST", path(id, "/reset"));
      expect(reset).toMatchObject({ status: 200, body: { previous_session_id: first.body.session_id } });
      expect((await say("One", { idempotency_key: "k" })).body).toEqual({ ...first.body, duplicate: true });
      const second = await say("Two");
      expect(second.body.session_id).toBe(reset.body.session_id);
      expect((await heddle.send("GET", path(id))).body.active_session_id).toBe(reset.body.session_id);
      const back = await heddle.send("POST", path(id, "/switch-session"), {
        body: { session_id: first.body.session_id },
      });
      expect(back.body).toEqual({
        session_id: first.body.session_id,
        previous_session_id: reset.body.session_id,
      });
      expect((await say("Three")).body.session_id).toBe(first.body.session_id);
    });

    test("a new one keeps the dispatch target", async () => {
      const client_id = unique("web:keeps");
      const { id } = await create({ client_id });
      const dispatch_config = { type: "chat", room: "C2" };
      await heddle.send("POST", "/api/v1/sessions", { body: { client_id, dispatch_config } });
      await heddle.send("POST", path(id, "/reset"));
      const { body } = await heddle.send("POST", path(id, "/messages"), {
        body: { content: "Hi", run_agent: true },
      });
      expect((await heddle.send("GET", `/api/v1/tasks/${body.task_id}`)).body.dispatch_type).toBe("chat");
    });

    test("reset from several sides leaves one active session", async () => {
      const { id } = await create({ client_id: unique("chat:resets") });
      const answers = await Promise.all(
        Array.from({ length: 4 }, (_, i) =>
          i % 2
            ? heddle.send("POST", path(id, "/messages"), { body: { content: "Hi" } })
            : heddle.send("POST", path(id, "/reset")),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 201, 201]);
      const { rows } = await heddle.db.execute(
        "select count(*)::int as n from sessions where channel_id = $1 and active",
        [id],
      );
      expect(rows).toEqual([{ n: 1 }]);
    });

    test("a foreign session and another bot are refused", async () => {
      const { id } = await create({ client_id: unique("chat:own"), bot_id: "default" });
      const foreign = await create({ client_id: unique("chat:foreign"), bot_id: "other" });
      const { body } = await heddle.send("POST", path(foreign.id, "/reset"));
      const switched = (session_id: string) =>
        heddle.send("POST", path(id, "/switch-session"), { body: { session_id } });
      expect((await switched(body.session_id)).status).toBe(400);
      expect((await switched(UNKNOWN_ID)).status).toBe(404);
      const other = await heddle.send("POST", path(id, "/messages"), {
        body: { content: "Hi", bot_id: "other" },
      });
      expect(other).toMatchObject({ status: 409, body: { error: { field: "bot_id" } } });
      expect(
        (await heddle.send("POST", path(UNKNOWN_ID, "/messages"), { body: { content: "Hi" } })).status,
      ).toBe(404);
    });
  });

  describe("its bindings", () => {
    const bind = (id: string, body: object) => heddle.send("POST", path(id, "/integrations"), { body });

    test("are added, changed in one step, listed, moved and removed", async () => {
      const { id } = await create({ client_id: unique("chat:bound") });
      const made = await bind(id, {
        integration_type: "forge",
        client_id: "forge:a/b",
        event_filter: ["push"],
        dispatch_config: { type: "chat", room: "x", token: "forge-canary" },
      });
      expect(made).toMatchObject({
        status: 201,
        body: {
          channel_id: id,
          integration_type: "forge",
          client_id: "forge:a/b",
          display_name: null,
          event_filter: ["push"],
          config: { branch: "main" },
          dispatch_config: { type: "chat", room: "x", token: "********" },
          mirror: true,
        },
      });
      const bid = made.body.id;
      const change = (body: object) => heddle.send("PATCH", path(id, `/integrations/${bid}`), { body });
      expect((await change({ event_filter: null, config: { branch: "next" } })).body).toMatchObject({
        event_filter: null,
        config: { branch: "next" },
        dispatch_config: { room: "x" },
      });
      expect((await change({ mirror: false, display_name: "A/B" })).body).toMatchObject({
        config: { branch: "next" },
        mirror: false,
        display_name: "A/B",
      });
      const chatBinding = await bind(id, { integration_type: "chat", client_id: "chat:other" });
      expect(chatBinding.body.display_name).toBe("#other");
      const listed = await heddle.send("GET", path(id, "/integrations"));
      expect(listed.body.bindings.map((one: { id: string }) => one.id)).toEqual([bid, chatBinding.body.id]);
      const target = await create({ client_id: unique("chat:target") });
      const adopt = () =>
        heddle.send("POST", path(id, `/integrations/${bid}/adopt`), {
          body: { target_channel_id: target.id },
        });
      expect(await adopt()).toMatchObject({ status: 200, body: { id: bid, channel_id: target.id } });
      expect((await adopt()).status).toBe(404);
      const remove = () => heddle.send("DELETE", path(target.id, `/integrations/${bid}`));
      expect([(await remove()).status, (await remove()).status]).toEqual([204, 404]);
    });

    test("a place can be bound to many channels, but only once to each", async () => {
      const [one, two] = [
        await create({ client_id: unique("chat:twice") }),
        await create({ client_id: unique("chat:twice") }),
      ];
      const binding = { integration_type: "forge", client_id: "forge:twice" };
      expect([(await bind(one.id, binding)).status, (await bind(two.id, binding)).status]).toEqual([
        201, 201,
      ]);
      expect(await bind(one.id, binding)).toMatchObject({
        status: 409,
        body: { error: { field: "client_id" } },
      });
      const second = await bind(one.id, { ...binding, client_id: "forge:second" });
      const taken = await heddle.send("PATCH", path(one.id, `/integrations/${second.body.id}`), {
        body: { client_id: "forge:twice" },
      });
      expect(taken.status).toBe(409);
      const listed = await heddle.send("GET", path(two.id, "/integrations"));
      const moved = await heddle.send(
        "POST",
        path(two.id, `/integrations/${listed.body.bindings[0].id}/adopt`),
        { body: { target_channel_id: one.id } },
      );
      expect(moved).toMatchObject({ status: 409, body: { error: { field: "target_channel_id" } } });
    });

    test.each<[string, object, string]>([
      ["an unknown integration", { integration_type: "nobody" }, "integration_type"],
      ["a foreign client_id", { client_id: "chat:a" }, "client_id"],
      ["an event that it does not have", { event_filter: ["push", "star"] }, "event_filter.1"],
      ["a field that it does not have", { config: { colour: "red" } }, "config.colour"],
      ["a value of another type", { config: { branch: 1 } }, "config.branch"],
      ["an unknown target", { dispatch_config: { type: "pigeon" } }, "dispatch_config.type"],
    ])("%s is refused", async (_, wrong, field) => {
      const { id } = await create({ client_id: "chat:refuses" });
      const refused = await bind(id, { integration_type: "forge", client_id: "forge:r", ...wrong });
      expect(refused).toMatchObject({ status: 422, body: { error: { code: "validation", field } } });
    });

    test("events over HTTP go through them", async () => {
      const { id } = await create({ client_id: unique("chat:events") });
      await bind(id, { integration_type: "forge", client_id: "forge:http", event_filter: ["push"] });
      const send = (event: string, more = {}) =>
        heddle.send("POST", "/api/v1/events", {
          body: { client_id: "forge:http", event, content: "News", source: "forge", ...more },
        });
      expect(await send("issues")).toMatchObject({
        status: 201,
        body: { status: "filtered", bound: true, results: [] },
      });
      const first = await send("push", { run_agent: true, idempotency_key: "e1" });
      expect(first).toMatchObject({
        status: 201,
        body: { status: "processed", bound: true, results: [{ channel_id: id }] },
      });
      const again = await send("push", { run_agent: true, idempotency_key: "e1" });
      expect(again.body.results).toEqual([{ ...first.body.results[0], duplicate: true }]);
    });
  });

  test("the integrations that can be bound come with the fields of their bindings", async () => {
    const { body } = await heddle.send("GET", "/api/v1/channels/integrations/available");
    const types = body.integrations.map((one: { integration_type: string }) => one.integration_type);
    expect(types).toEqual(["chat", "lounge", "forge"]);
    expect(body.integrations[2]).toEqual({
      integration_type: "forge",
      integration_id: "forge",
      client_id_prefix: "forge:",
      client_id_placeholder: null,
      client_id_description: null,
      display_name_placeholder: null,
      event_types: [
        { value: "push", label: "push", description: null },
        { value: "issues", label: "issues", description: null },
      ],
      config_fields: [
        { key: "branch", type: "string", label: "branch", description: null, default: "main", options: [] },
      ],
    });
  });

  test("each route needs its scope", async () => {
    const { id } = await create({ client_id: unique("chat:scopes") });
    const routes: [string, string, string][] = [
      ["GET", "/api/v1/channels", "channels:read"],
      ["POST", "/api/v1/channels", "channels:write"],
      ["GET", path(id), "channels:read"],
      ["PATCH", path(id), "channels.config:write"],
      ["DELETE", path(id), "channels:write"],
      ["POST", path(id, "/messages"), "channels.messages:write"],
      ["POST", path(id, "/reset"), "channels.messages:write"],
      ["POST", path(id, "/switch-session"), "channels.messages:write"],
      ["GET", path(id, "/integrations"), "channels.integrations:read"],
      ["GET", "/api/v1/channels/integrations/available", "channels.integrations:read"],
      ["POST", path(id, "/integrations"), "channels.integrations:write"],
      ["PATCH", path(id, `/integrations/${UNKNOWN_ID}`), "channels.integrations:write"],
      ["DELETE", path(id, `/integrations/${UNKNOWN_ID}`), "channels.integrations:write"],
      ["POST", path(id, `/integrations/${UNKNOWN_ID}/adopt`), "channels.integrations:write"],
      ["POST", "/api/v1/events", "sessions:write"],
    ];
    const reader = await heddle.keyWith("channels:read", "bots:write", "tasks:write");
    for (const [method, at, scope] of routes) {
      const isRead = scope.endsWith(":read");
      const refused = await heddle.send(method, at, {
        key: isRead ? await heddle.keyWith("bots:read") : reader,
        body: method === "GET" ? undefined : {},
      });
      expect([method, at, refused.status, refused.body.error?.message.includes(scope)]).toEqual([
        method,
        at,
        403,
        true,
      ]);
    }
  });
});
