// Events for bound channels, and the places to which messages of a channel are posted.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq, inArray } from "drizzle-orm";
import { channelBindings, deliveries, messages, tasks } from "../../src/db/schema.ts";
import type { Dispatcher, InjectEvent, IntegrationMeta } from "../../src/sdk/types.ts";
import { createSessions } from "../../src/sessions/sessions.ts";
import { eachDatabase } from "../database.ts";
import { createSessionsFixture } from "./fixture.ts";

const posts: Dispatcher = {
  deliver: () => ({ receipt: null }),
  postMessage: () => ({ receipt: null }),
};

const chat: IntegrationMeta = {
  integrationType: "chat",
  clientIdPrefix: "chat:",
  resolveDispatchConfig: (clientId) => ({ type: "chat", room: clientId.slice("chat:".length) }),
  userAttribution: ({ display_name }) => ({ username: `${display_name} (chat)`, icon_emoji: ":wave:" }),
};
const forge: IntegrationMeta = {
  integrationType: "forge",
  clientIdPrefix: "forge:",
  resolveDispatchConfig: () => null,
};
const broken: IntegrationMeta = {
  integrationType: "broken",
  clientIdPrefix: "broken:",
  resolveDispatchConfig: () => ({ type: "unheard-of" }),
};
const slow: IntegrationMeta = {
  integrationType: "slow",
  clientIdPrefix: "slow:",
  resolveDispatchConfig: () => new Promise(() => {}),
};

const FORGE = { type: "object", properties: { issue: { type: "integer" } } } as const;

eachDatabase("events", (open) => {
  let heddle: Awaited<ReturnType<typeof createSessionsFixture>>;
  beforeAll(async () => {
    heddle = await createSessionsFixture(
      await open(),
      { chat: posts, forge: { ...posts, config: FORGE }, mute: { deliver: () => ({ receipt: null }) } },
      [chat, forge, broken, slow],
    );
  });
  afterAll(() => heddle.queue.close());

  let number = 0;
  const unique = (prefix: string) => `${prefix}${++number}`;

  async function channel(clientId: string, settings: Parameters<typeof heddle.channels.getOrCreate>[1] = {}) {
    return (await heddle.channels.getOrCreate(clientId, settings)).channel;
  }
  async function bind(
    channelId: string,
    clientId: string,
    more: Partial<Parameters<typeof heddle.bindings.add>[1]> = {},
  ) {
    const integration_type = clientId.split(":")[0] ?? "";
    return heddle.bindings.add(channelId, { integration_type, client_id: clientId, ...more });
  }
  const event = (clientId: string, more: Partial<InjectEvent> = {}): InjectEvent => ({
    clientId,
    event: "opened",
    botId: "default",
    content: "Look at this",
    source: "forge",
    runAgent: true,
    dispatchConfig: { type: "forge", issue: 7 },
    ...more,
  });

  /** Returns the targets of these tasks' outcomes, as "type field". */
  async function targets(results: { task_id: string | null }[]): Promise<string[][]> {
    const ids = results.map(({ task_id }) => String(task_id));
    const rows = await heddle.db.query.select().from(tasks).where(inArray(tasks.id, ids));
    return ids.map((id) => {
      const row = rows.find((one) => one.id === id);
      if (!row) throw new Error("no task");
      const all = [{ ...row.dispatch_config, type: row.dispatch_type }, ...row.mirrors];
      return all.filter(({ type }) => type !== "none").map(textOf);
    });
  }
  const textOf = (config: Record<string, unknown>) =>
    [config.type, config.room ?? config.issue].filter((part) => part !== undefined).join(" ");

  /** Returns the posts to a session's places. */
  async function posted(sessionId: string) {
    const rows = await heddle.db.query
      .select()
      .from(deliveries)
      .where(eq(deliveries.session_id, sessionId))
      .orderBy(deliveries.id);
    return rows.map(({ dispatch_type, dispatch_config, payload }) => ({
      to: textOf({ ...dispatch_config, type: dispatch_type }),
      ...payload,
    }));
  }
  const stored = async () => (await heddle.db.query.select({ id: messages.id }).from(messages)).length;

  describe("an event", () => {
    test("goes to the place's own channel if no channel is bound", async () => {
      const place = unique("forge:own");
      const first = await heddle.sessions.injectEvent(event(place), "forge");
      expect(first).toMatchObject({ status: "processed", bound: false, results: [{ duplicate: false }] });
      const { session_id } = await heddle.sessions.getOrCreate({ clientId: place, botId: "default" });
      const again = await heddle.sessions.injectEvent(event(place), "forge");
      expect(first.results[0]?.session_id).toBe(session_id);
      expect(again.results[0]?.session_id).toBe(session_id);
      expect(await targets(first.results)).toEqual([["forge 7"]]);
    });

    test("reaches each bound channel with its bot; every target gets it once", async () => {
      const place = unique("forge:bound");
      const rooms = [
        await channel(unique("chat:"), { dispatch_config: { type: "chat", room: "red" } }),
        await channel(unique("chat:"), {
          bot_id: "other",
          dispatch_config: { type: "chat", room: "blue", token: "xoxb-secret" },
        }),
        // The same room as the first, with the fields in another order.
        await channel(unique("web:"), { dispatch_config: { room: "red", type: "chat" } }),
      ];
      for (const { id } of rooms) await bind(id, place);
      const { results, ...rest } = await heddle.sessions.injectEvent(event(place), "forge");
      expect(rest).toEqual({ status: "processed", bound: true });
      expect(results.map(({ channel_id }) => channel_id)).toEqual(rooms.map(({ id }) => id));
      expect(await targets(results)).toEqual([["forge 7", "chat red"], ["chat blue"], []]);
      const made = await heddle.db.query
        .select()
        .from(tasks)
        .where(eq(tasks.id, String(results[1]?.task_id)));
      expect(made).toMatchObject([{ bot_id: "other", channel_id: rooms[1]?.id }]);
      expect(JSON.stringify(made)).not.toContain("xoxb-secret");
    });

    test("is filtered by event_filter and by the integration's own fields", async () => {
      const place = unique("forge:filtered");
      const [all, pushes, main] = [
        await channel(unique("web:")),
        await channel(unique("web:")),
        await channel(unique("web:")),
      ];
      await bind(all.id, place);
      await bind(pushes.id, place, { event_filter: ["push"] });
      await bind(main.id, place, { event_filter: ["opened", "push"] });
      const reached = async (more: Partial<InjectEvent>) =>
        (await heddle.sessions.injectEvent(event(place, more), "forge")).results.map(
          ({ channel_id }) => channel_id,
        );
      expect(await reached({ event: "opened" })).toEqual([all.id, main.id]);
      expect(await reached({ event: "push" })).toEqual([all.id, pushes.id, main.id]);
      expect(await reached({ event: "other" })).toEqual([all.id]);
      expect(await reached({ matches: ({ event_filter }) => event_filter !== null })).toEqual([main.id]);
      const before = await stored();
      const none = await heddle.sessions.injectEvent(event(place, { matches: () => false }), "forge");
      expect(none).toEqual({ status: "filtered", bound: true, results: [] });
      // A promise would count as yes.
      await expect(reached({ matches: (async () => false) as never })).rejects.toThrow("got a promise");
      expect(await stored()).toBe(before);
    });

    test("that was seen before returns the first result, whatever is bound now", async () => {
      const place = unique("forge:again");
      const channels = [await channel(unique("web:")), await channel(unique("web:"))];
      const bindings = [];
      for (const { id } of channels) bindings.push(await bind(id, place));
      const idempotencyKey = unique("delivery-");
      const first = await heddle.sessions.injectEvent(event(place, { idempotencyKey }), "forge");
      const before = await stored();
      const repeat = async () =>
        (await heddle.sessions.injectEvent(event(place, { idempotencyKey }), "forge")).results;
      const duplicates = first.results.map((result) => ({ ...result, duplicate: true }));
      expect(await repeat()).toEqual(duplicates);
      await bind((await channel(unique("web:"))).id, place);
      expect(await repeat()).toEqual(duplicates);
      await heddle.bindings.delete(channels[0]?.id ?? "", bindings[0]?.id ?? "");
      // The message in the removed channel still counts as the first.
      expect((await repeat()).map(({ task_id }) => task_id)).toContain(first.results[0]?.task_id ?? "");
      expect(await stored()).toBe(before);
      // Another scope means another sender.
      const other = await heddle.sessions.injectEvent(event(place, { idempotencyKey }), "other");
      expect(other.results.every(({ duplicate }) => !duplicate)).toBe(true);
    });

    test("sent several times at once is stored once", async () => {
      const place = unique("forge:race");
      for (let i = 0; i < 3; i++) await bind((await channel(unique("web:"))).id, place);
      const idempotencyKey = unique("delivery-");
      const before = await stored();
      const copies = await Promise.all(
        Array.from({ length: 6 }, () =>
          heddle.sessions.injectEvent(event(place, { idempotencyKey }), "forge"),
        ),
      );
      expect(await stored()).toBe(before + 3);
      const fresh = copies.filter(({ results }) => results.some(({ duplicate }) => !duplicate));
      expect(fresh).toHaveLength(1);
      const ids = copies.map(({ results }) =>
        results
          .map(({ task_id }) => task_id)
          .sort()
          .join(),
      );
      expect(new Set(ids).size).toBe(1);
    });

    test("that cannot be stored completely is not stored, and can be sent again", async () => {
      const place = unique("forge:atomic");
      for (let i = 0; i < 2; i++) await bind((await channel(unique("web:"))).id, place);
      const idempotencyKey = unique("delivery-");
      const before = await stored();
      const failing = createSessions({
        ...heddle,
        queue: { ...heddle.queue, enqueueAll: () => Promise.reject(new Error("no queue")) },
      });
      const refused = failing.injectEvent(event(place, { idempotencyKey }), "forge");
      expect(await refused.catch((error) => error.message)).toBe("no queue");
      expect(await stored()).toBe(before);
      const { results } = await heddle.sessions.injectEvent(event(place, { idempotencyKey }), "forge");
      expect(results.map(({ duplicate }) => duplicate)).toEqual([false, false]);
    });

    test("that one of the channels already has runs only in the others", async () => {
      const place = unique("forge:deleted");
      const [gone, kept] = [await channel(unique("web:")), await channel(unique("web:"))];
      for (const { id } of [gone, kept]) await bind(id, place);
      const idempotencyKey = unique("delivery-");
      await heddle.sessions.injectEvent(event(place, { idempotencyKey }), "forge");
      await heddle.channels.delete(gone.id);
      const added = await channel(unique("web:"));
      const binding = await bind(added.id, place);
      // Bindings are sorted by id, so the new channel is now the first.
      await heddle.db.query
        .update(channelBindings)
        .set({ id: "00000000-0000-7000-8000-000000000000" })
        .where(eq(channelBindings.id, binding.id));
      const orphans = async () => {
        const sql =
          "select id from pgboss.job where name = 'tasks' and not exists (select from tasks where tasks.id = job.id)";
        return (await heddle.db.execute(sql)).rows.length;
      };
      const before = await orphans();
      const { results } = await heddle.sessions.injectEvent(event(place, { idempotencyKey }), "forge");
      expect(results.map(({ channel_id }) => channel_id)).toEqual([added.id]);
      expect(await orphans()).toBe(before);
    });

    test("skips a channel whose bot was deleted, and fails if there is no other", async () => {
      const place = unique("forge:botless");
      await heddle.bots.create({ id: "passing", name: "Passing" });
      const lost = await channel(unique("web:"), { bot_id: "passing" });
      await bind(lost.id, place);
      await heddle.bots.delete("passing");
      const alone = await heddle.sessions.injectEvent(event(place), "forge").catch((error) => error.code);
      expect(alone).toBe("unknown_bot");
      const kept = await channel(unique("web:"));
      await bind(kept.id, place);
      const { results } = await heddle.sessions.injectEvent(event(place), "forge");
      expect(results.map(({ channel_id }) => channel_id)).toEqual([kept.id]);
      expect(await targets(results)).toEqual([["forge 7"]]);
    });
  });

  describe("the outcome of a run", () => {
    const ask = async (clientId: string, more: Partial<InjectEvent> = {}) => {
      const { session_id } = await heddle.sessions.getOrCreate({ clientId, botId: "default" });
      const {
        clientId: _,
        event: __,
        botId: ___,
        matches: ____,
        ...message
      } = event(clientId, {
        source: "web",
        ...more,
      });
      const result = await heddle.sessions.inject({ ...message, sessionId: session_id });
      return { ...result, targets: (await targets([result]))[0] };
    };
    const plain = { dispatchConfig: undefined } as unknown as Partial<InjectEvent>;

    test("is mirrored to each place of the channel once", async () => {
      const place = unique("chat:m");
      const { id } = await channel(place, { dispatch_config: { type: "chat", room: "here" } });
      await bind(id, "forge:a/b", { dispatch_config: { type: "forge", issue: 1 } });
      await bind(id, "chat:elsewhere");
      await bind(id, "chat:unheard", { mirror: false });
      await bind(id, "forge:c/d");
      expect((await ask(place)).targets).toEqual(["forge 7", "chat here", "forge 1", "chat elsewhere"]);
      expect((await ask(place, plain)).targets).toEqual(["chat here", "forge 1", "chat elsewhere"]);
      expect((await ask(place, { dispatchConfig: { type: "chat", room: "here" } })).targets).toEqual([
        "chat here",
        "forge 1",
        "chat elsewhere",
      ]);
      expect((await ask(place, { notify: false })).targets).toEqual(["forge 7"]);
    });

    test("does not go back to the message's origin, unless it is the answer", async () => {
      const place = unique("chat:back");
      const { id } = await channel(place, { dispatch_config: { type: "chat", room: "here" } });
      await bind(id, "forge:e/f", { dispatch_config: { type: "forge", issue: 1 } });
      const thread = { type: "chat", room: "here, in a thread" };
      expect((await ask(place, { source: "chat", dispatchConfig: thread })).targets).toEqual([
        "chat here, in a thread",
        "forge 1",
      ]);
      expect((await ask(place, { source: "chat", ...plain })).targets).toEqual(["chat here", "forge 1"]);
      const { results } = await heddle.sessions.injectEvent(event("forge:e/f"), "forge");
      expect(await targets(results)).toEqual([["forge 7", "chat here"]]);
    });

    test("goes where the integration says if nothing else is set", async () => {
      const place = unique("chat:resolved");
      expect((await ask(place, plain)).targets).toEqual([`chat ${place.slice(5)}`]);
      expect((await ask(unique("broken:"), plain)).targets).toEqual([]);
      expect((await ask(unique("slow:"), plain)).targets).toEqual([]);
      expect((await ask(unique("web:"), plain)).targets).toEqual([]);
      // The session's own target takes precedence.
      await heddle.sessions.getOrCreate({
        clientId: place,
        botId: "default",
        dispatchConfig: { type: "chat", room: "chosen" },
      });
      expect((await ask(place, plain)).targets).toEqual(["chat chosen"]);
    });
  });

  describe("a message without a run", () => {
    const say = async (clientId: string, more: object = {}) => {
      const { session_id } = await heddle.sessions.getOrCreate({ clientId, botId: "default" });
      await heddle.sessions.inject({ sessionId: session_id, content: "Hello", source: "web", ...more });
      return posted(session_id);
    };

    test("is posted to the channel's places under its author's name", async () => {
      const place = unique("chat:post");
      const { id } = await channel(place, { dispatch_config: { type: "chat", room: "here" } });
      await bind(id, "forge:g/h", { dispatch_config: { type: "forge", issue: 1 } });
      await bind(id, "forge:i/j", { dispatch_config: { type: "mute" } });
      expect(await say(place, { author: { id: "u1", display_name: "Ann" } })).toEqual([
        {
          to: "chat here",
          kind: "post",
          text: "Hello",
          client_actions: [],
          extra_metadata: {},
          author: { username: "Ann (chat)", icon_emoji: ":wave:" },
        },
        {
          to: "forge 1",
          kind: "post",
          text: "Hello",
          client_actions: [],
          extra_metadata: {},
          author: { username: "Ann" },
          reply_in_thread: false,
        },
      ]);
      const [message] = await heddle.db.query
        .select()
        .from(messages)
        .where(
          eq(
            messages.session_id,
            (await heddle.sessions.getOrCreate({ clientId: place, botId: "default" })).session_id,
          ),
        );
      expect(message?.metadata).toEqual({ author: { id: "u1", display_name: "Ann" } });
    });

    test("shows its source if it has no author, and is not posted with notify false", async () => {
      const place = unique("chat:anonymous");
      expect(await say(place, { notify: false })).toEqual([]);
      expect(await say(place)).toMatchObject([{ to: `chat ${place.slice(5)}`, text: "[web] Hello" }]);
    });

    test("is not posted back to its origin", async () => {
      const place = unique("chat:echo");
      expect(await say(place, { source: "chat" })).toEqual([]);
      const { id } = await channel(place, {});
      await bind(id, unique("forge:k"), { dispatch_config: { type: "forge", issue: 1 } });
      expect(await say(place, { source: "chat" })).toMatchObject([{ to: "forge 1", text: "[chat] Hello" }]);
    });

    test("of an event is posted once to each place", async () => {
      const place = unique("forge:news");
      const sessions = [];
      for (const room of ["news", "news", "more"]) {
        const { id } = await channel(unique("web:"), { dispatch_config: { type: "chat", room } });
        await bind(id, place);
      }
      const { results } = await heddle.sessions.injectEvent(
        event(place, { runAgent: false, notify: true, dispatchConfig: undefined } as never),
        "forge",
      );
      for (const { session_id } of results) sessions.push((await posted(session_id)).map(({ to }) => to));
      expect(sessions).toEqual([["chat news"], [], ["chat more"]]);
    });
  });

  test("a person's question is also posted where the answer will go", async () => {
    const place = unique("chat:conversation");
    const { id } = await channel(place, { dispatch_config: { type: "chat", room: "here" } });
    await bind(id, "forge:l/m", { dispatch_config: { type: "forge", issue: 1 } });
    const { session_id } = await heddle.sessions.getOrCreate({ clientId: place, botId: "default" });
    const ask = (source: string) =>
      heddle.sessions.inject({
        sessionId: session_id,
        content: "Why?",
        source,
        runAgent: true,
        author: { display_name: "Ann" },
      });
    const { task_id } = await ask("web");
    expect((await posted(session_id)).map(({ to, text }) => `${to}: ${text}`)).toEqual([
      "chat here: Why?",
      "forge 1: Why?",
    ]);
    expect(await targets([{ task_id }])).toEqual([["chat here", "forge 1"]]);
    await ask("chat");
    expect((await posted(session_id)).slice(2).map(({ to }) => to)).toEqual(["forge 1"]);
  });
});
