// Events that are not what their service describes: each is left out, and the connection goes on. One that ended it would come again with the next
// connection, for ever.

import { afterAll, afterEach, expect, test } from "bun:test";
import { fakeHeddle, startListener, useSettings } from "heddle/sdk/testing";
import "../../integrations/discord/listeners.ts";
import "../../integrations/homeassistant/listeners.ts";
import "../../integrations/ntfy/listeners.ts";
import { receiveAny } from "../../integrations/slack/receive-any.ts";
import { handle } from "../../integrations/telegram/batch.ts";
import { startFakeDiscord } from "../fakes/discord/fake-discord.ts";
import { ADA, BOT, DIRECT, TOKEN as DISCORD_TOKEN, GENERAL } from "../fakes/discord/ids.ts";
import { startFakeHome, TOKEN } from "../fakes/homeassistant.ts";
import { createFakeNtfy } from "../fakes/ntfy.ts";
import { envelopeOf, startFakeSlack } from "../fakes/slack/fake-slack.ts";
import { BOT_TOKEN, TEAM } from "../fakes/slack/ids.ts";
import { createFakeTelegram, messageOf, PERSON } from "../fakes/telegram.ts";
import { until } from "../until.ts";

const heddle = fakeHeddle({
  controls: {
    findChannel: async (id: string) => ({ id, bot_id: "default" }),
    unfinishedTasks: async () => [],
  } as never,
});
const OURS = [
  ...["TELEGRAM_BOT_TOKEN", "TELEGRAM_API_URL", "DISCORD_API_URL", "DISCORD_BOT_TOKEN"],
  ...["SLACK_API_URL", "SLACK_BOT_TOKEN"],
  ...["NTFY_URL", "NTFY_LISTEN", "HOMEASSISTANT_URL", "HOMEASSISTANT_TOKEN", "HOMEASSISTANT_ENTITIES"],
];
afterEach(() => heddle.clear());
afterAll(() => {
  heddle.restore();
  useSettings(Object.fromEntries(OURS.map((name) => [name, undefined])));
});

const ODD: unknown[] = [undefined, null, 7, "x", [], {}, true, "\u0000\ud800"];

/** The value with each of its parts, and itself, replaced by each of the odd ones. */
function* mutants(value: unknown, put: (part: unknown) => unknown = (part) => part): Generator<unknown> {
  for (const odd of ODD) yield put(odd);
  if (Array.isArray(value))
    for (const [at, one] of value.entries()) yield* mutants(one, (part) => put(value.with(at, part)));
  else if (typeof value === "object" && value !== null)
    for (const [key, one] of Object.entries(value))
      yield* mutants(one, (part) => put({ ...value, [key]: part }));
}

const overTheWire = (value: unknown) => JSON.parse(JSON.stringify(value ?? null));

test("Telegram: no update that cannot be read holds up those behind it", async () => {
  const telegram = createFakeTelegram();
  telegram.addFile("f", "note");
  useSettings({ TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_URL: telegram.url });
  heddle.people.push({ id: `${PERSON}`, name: "Anna", place: null, status: "allowed" });
  const base = messageOf({ chats: new Map() }, 5, PERSON, PERSON);
  const document = { file_id: "f", file_unique_id: "u", file_name: "a.txt", file_size: 4 };
  const quoted = { reply_to_message: { ...base, text: "before" }, quote: { text: "be" } };
  const entities = [{ type: "mention", offset: 0, length: 8 }];
  const button = { id: "c", from: base.from, data: "once:0198c0de-0000-7000-8000-000000000000" };
  const reaction = { chat: base.chat, message_id: 5, user: base.from, date: 1, old_reaction: [] };
  const updates = [
    { message: { ...base, text: "@ops_bot hi", entities, ...quoted } },
    { message: { ...base, caption: "c", document } },
    { message: { ...base, photo: [document] } },
    { edited_message: { ...base, text: "t", edit_date: base.date + 1 } },
    { callback_query: { ...button, message: { ...base, message_id: 1 } } },
    { message_reaction: { ...reaction, new_reaction: [{ type: "emoji", emoji: "👍" }] } },
  ];
  const { signal } = new AbortController();
  for (const update of updates)
    for (const mutant of mutants({ update_id: 1, ...update }))
      expect(await handle([overTheWire(mutant)], { signal })).toBeString();
  await telegram.close();
});

test("Discord: the connection stays, and what comes after is taken", async () => {
  const discord = startFakeDiscord();
  useSettings({ DISCORD_API_URL: discord.url, DISCORD_BOT_TOKEN: DISCORD_TOKEN });
  heddle.people.push({ id: ADA, name: "Ada", place: null, status: "allowed" });
  const listener = startListener("gateway");
  await listener.reported;
  const author = { id: ADA, username: "ada" };
  const attachments = [
    { id: "1", filename: "a.bin", content_type: "application/x", size: 5, url: "https://a.b" },
  ];
  const mentions = [{ id: BOT, username: "heddle" }];
  const message = {
    id: "77",
    channel_id: DIRECT,
    type: 0,
    content: "hi <@1>",
    author,
    mentions,
    attachments,
  };
  const emoji = { id: null, name: "👍" };
  for (const [t, d] of [
    ["MESSAGE_CREATE", message],
    ["MESSAGE_UPDATE", { ...message, edited_timestamp: "2026-01-01T00:00:00Z" }],
    ["MESSAGE_DELETE", { id: "77", channel_id: GENERAL }],
    ["MESSAGE_REACTION_ADD", { user_id: ADA, message_id: "77", channel_id: DIRECT, emoji }],
    ["INTERACTION_CREATE", { id: "9", token: "t", type: 2, channel_id: DIRECT, data: { name: "ask" } }],
  ] as const)
    for (const mutant of mutants(d)) discord.tell(t, overTheWire(mutant));
  discord.write(ADA, DIRECT, "And this?");
  await until(
    () => heddle.events.map(({ content }) => content),
    (said) => said.includes("And this?"),
  );
  expect(discord.began).toHaveLength(1);
  await listener.stop();
  discord.stop();
});

test("Slack: an event that cannot be read is not asked for again", async () => {
  const slack = startFakeSlack();
  useSettings({ SLACK_API_URL: `${slack.url}/api/`, SLACK_BOT_TOKEN: BOT_TOKEN });
  const message = { type: "message", channel: "C0GENERAL", user: "U0ADA", text: "<@U0BOT> hi", ts: "1.1" };
  const about = { type: "message", channel: "C0GENERAL", channel_type: "channel" };
  const item = { type: "message", channel: "C0GENERAL", ts: "1.1" };
  for (const event of [
    { ...message, channel_type: "im", files: [{ id: "F", name: "a", mimetype: "x/y", size: 4 }] },
    { ...about, subtype: "message_changed", message, previous_message: { ...message, text: "b" } },
    { type: "reaction_added", user: "U0ADA", reaction: "x", item },
  ])
    for (const mutant of mutants(event))
      expect(await receiveAny(overTheWire(envelopeOf(mutant as object, TEAM)))).toBeObject();
  slack.stop();
});

test("ntfy: the stream stays, and what comes after is taken", async () => {
  const ntfy = createFakeNtfy();
  useSettings({ NTFY_URL: ntfy.url, NTFY_LISTEN: "ops", NTFY_TOKEN: undefined });
  const listener = startListener("topics");
  await listener.reported;
  const attachment = { name: "a", url: "https://a.example" };
  const line = {
    id: "m1",
    event: "message",
    topic: "ops",
    message: "Hi",
    title: "T",
    tags: ["x"],
    attachment,
  };
  for (const event of ["message", "message_delete"])
    for (const mutant of mutants({ ...line, event })) ntfy.sayRaw("ops", overTheWire(mutant));
  ntfy.say("ops", "And this?");
  await until(
    () => heddle.messages.map(({ content }) => content),
    (said) => said.includes("And this?"),
  );
  expect(ntfy.subscriptions).toHaveLength(1);
  await listener.stop();
  await ntfy.close();
});

test("Home Assistant: the connection stays, and what comes after is taken", async () => {
  const home = startFakeHome();
  useSettings({ HOMEASSISTANT_URL: home.url, HOMEASSISTANT_TOKEN: TOKEN, HOMEASSISTANT_ENTITIES: "*" });
  const listener = startListener("events");
  await until(home.subscriptions, (all) => all.length === 3);
  const state = {
    entity_id: "lock.door",
    state: "off",
    attributes: {},
    last_changed: "2026-01-01T00:00:00Z",
  };
  const changed = { entity_id: "lock.door", old_state: state, new_state: { ...state, state: "on" } };
  for (const mutant of mutants(changed)) home.fire("state_changed", overTheWire(mutant));
  for (const mutant of mutants({ text: "Hi", conversation: "c", bot: "default", notify: "notify.me" }))
    home.fire("heddle_ask", overTheWire(mutant));
  home.fire("heddle_ask", { text: "And this?" });
  await until(
    () => heddle.events.map(({ content }) => content),
    (said) => said.includes("And this?"),
  );
  expect(listener.reports.map(([status]) => status)).toEqual(["connected"]);
  await listener.stop();
  home.stop();
});
