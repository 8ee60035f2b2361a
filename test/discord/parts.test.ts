// The integration in this process, against the strict fake: what becomes of messages, files, commands and buttons, and what is posted.

import { afterAll, beforeEach, expect, test } from "bun:test";
import "../../integrations/discord/dispatcher.ts";
import "../../integrations/discord/listeners.ts";
import { store } from "heddle/sdk";
import {
  deliver,
  dispatchContext,
  fakeHeddle,
  registered,
  runHook,
  startListener,
  streamTo,
  useSettings,
} from "heddle/sdk/testing";
import { integration } from "../../integrations/discord/hooks.ts";
import { takeInteraction } from "../../integrations/discord/interactions.ts";
import { whoAmI } from "../../integrations/discord/known.ts";
import { takeDeletion, takeEdit, takeMessage } from "../../integrations/discord/receive.ts";
import { type Posted, startFakeDiscord } from "../fakes/discord/fake-discord.ts";
import { ADA, APPLICATION, BEN, BOT, DIRECT, GENERAL, QUIET, TOKEN } from "../fakes/discord/ids.ts";
import { until } from "../until.ts";

const discord = startFakeDiscord();
const decided: unknown[] = [];
const stopped: string[] = [];
const channels = new Map<string, Record<string, unknown>>();
let refusal: string | undefined;
const heddle = fakeHeddle({
  controls: {
    decide: async (_id: string, decision: unknown) => {
      if (refusal) throw Object.assign(new Error("Ann has decided already."), { code: refusal });
      decided.push(decision);
    },
    findChannel: async (clientId: string) => channels.get(clientId),
    patchChannel: async (id: string, change: object) => Object.assign(channels.get(id) ?? {}, change),
    resetSession: async () => ({}),
    unfinishedTasks: async () => ["task-9"],
    cancelTask: async (id: string) => stopped.push(id),
  } as never,
});
afterAll(() => {
  heddle.restore();
  discord.stop();
});
beforeEach(() => {
  heddle.clear();
  channels.clear();
  for (const list of [discord.messages, discord.interactions, discord.refuse, decided, stopped])
    list.length = 0;
  refusal = undefined;
  useSettings({
    ...{ DISCORD_API_URL: discord.url, DISCORD_BOT_TOKEN: TOKEN, DISCORD_MAX_FILE_BYTES: "1000" },
    DISCORD_LISTEN_IN: undefined,
  });
  heddle.people.push({ id: ADA, name: "Ada", place: null, status: "allowed" });
});

const { signal } = new AbortController();
const take = async (event: unknown) => takeMessage(event as never, await whoAmI(), signal);
const found = (id: string) => discord.messages.find((one) => one.id === id);
const write = async (user: string, channel: string, content: string, more: object = {}) => {
  const id = discord.write(user, channel, content, more);
  return { id, outcome: await take(found(id)) };
};
const mention = (text = "Hi", more: object = {}) => write(ADA, GENERAL, `<@${BOT}> ${text}`, more);
const know = (clientId: string, fields: object = {}) =>
  channels.set(clientId, { id: clientId, bot_id: "default", ...fields });
const posted = () => discord.messages.filter(({ author }) => author.id === BOT);

test("a mention begins a thread, once however often it comes; a direct message needs none, and others are left alone", async () => {
  const { id } = await mention("How are <@900000000000000004> and <:cat:12>?", {
    mentions: [
      { id: BOT, username: "heddle" },
      { id: BEN, username: "ben", global_name: "Ben" },
    ],
  });
  await take(found(id));
  expect(heddle.events).toMatchObject([
    {
      ...{ content: "Ada: How are @Ben and :cat:?", clientId: `discord:${GENERAL}:${id}`, event: "mention" },
      ...{ author: { id: ADA, display_name: "Ada" }, fromBot: false },
      dispatchConfig: { type: "discord", channel_id: GENERAL, thread_id: id },
    },
  ]);
  expect(discord.channels.get(id)).toMatchObject({ parent_id: GENERAL, name: "How are @Ben and :cat:?" });
  expect((await write(ADA, GENERAL, "not for you")).outcome).toBe("not_addressed");
  expect((await write(BOT, GENERAL, "own")).outcome).toBe("unhandled");
  expect((await mention("pinned", { type: 6 })).outcome).toBe("unhandled");
  expect((await write(ADA, id, "and in its own thread")).outcome).toBe("taken");
  expect((await write(ADA, DIRECT, "alone")).outcome).toBe("taken");
  expect(heddle.events.at(-1)).toMatchObject({ event: "direct_message", clientId: `discord:${DIRECT}` });
});

test("talk among people is kept only where the bot is to listen, without a run; a thread that begins there is told it", async () => {
  expect((await write(ADA, GENERAL, "Nobody hears this.")).outcome).toBe("not_addressed");
  useSettings({ DISCORD_LISTEN_IN: GENERAL });
  expect((await write(BEN, GENERAL, "A stranger")).outcome).toBe("not_allowed");
  const { id, outcome } = await write(ADA, GENERAL, "The shop opens at nine.");
  expect(outcome).toBe("overheard");
  await take(found(id));
  expect((await write(ADA, GENERAL, "")).outcome).toBe("empty");
  expect(heddle.messages).toMatchObject([
    { content: "Ada: The shop opens at nine.", notify: false, author: { id: ADA }, fromBot: false },
  ]);
  await mention("When?");
  expect(heddle.messages.slice(1)).toMatchObject([
    { content: "Said here before:\n\nAda: The shop opens at nine.", notify: false },
  ]);
  expect(heddle.firstEvent).toMatchObject({ content: "Ada: When?", runAgent: true });
});

test("where no thread may begin, the mention is answered as a reply; a channel's settings hold", async () => {
  discord.refuse.push({ path: "/threads", status: 403, code: 50_013 });
  const { id } = await mention();
  expect(heddle.firstEvent).toMatchObject({
    clientId: `discord:${GENERAL}`,
    dispatchConfig: { reply_to: id },
  });
  await write(ADA, QUIET, `<@${BOT}> voice`);
  expect(heddle.events.at(-1)).toMatchObject({ clientId: `discord:${QUIET}` });
  know(`discord:${GENERAL}`, { require_mention: false, bot_id: "ops" });
  await write(ADA, GENERAL, "no mention");
  expect(heddle.events.at(-1)).toMatchObject({ botId: "ops", event: "message", content: "Ada: no mention" });
  expect((await write(ADA, GENERAL, "stop")).outcome).toBe("stopped");
  expect(stopped).toEqual(["task-9"]);
  // A failure of Discord is no refusal: the message comes again.
  channels.clear();
  discord.refuse.push({ path: "/threads", status: 500 });
  await expect(mention()).rejects.toThrow("500");
});

test("a thread of others is read before the bot answers in it", async () => {
  const root = discord.write(BEN, GENERAL, "The printer is on fire.");
  discord.channels.set(root, { id: root, type: 11, parent_id: GENERAL, owner_id: BEN });
  discord.write(BEN, root, "Still burning.");
  await write(ADA, root, `<@${BOT}> What now?`);
  expect(heddle.messages.map(({ content }) => content)).toEqual([
    "Earlier in this thread:\n\nBen: The printer is on fire.\nBen: Still burning.",
  ]);
  expect(heddle.firstEvent.content).toBe("Ada: What now?");
});

test("a stranger is told once how to be let in: alone with a code, among others without one", async () => {
  for (const [channel, text] of [
    [DIRECT, "PAIR0002"],
    [GENERAL, "Send me a direct message"],
  ] as const) {
    for (let times = 0; times < 2; times++)
      expect((await write(BEN, channel, `<@${BOT}> Hi`)).outcome).toBe("not_allowed");
    expect(posted().map(({ content }) => content)).toEqual([expect.stringContaining(text)]);
    discord.messages.length = 0;
  }
  expect(
    (await write("12", GENERAL, `<@${BOT}> Hi`, { author: { id: "12", username: "b", bot: true } })).outcome,
  ).toBe("not_allowed");
  expect(posted()).toEqual([]);
  expect(heddle.events).toEqual([]);
});

test("edits and deletions of what was taken are told once; previews of links are not", async () => {
  const { id } = await write(ADA, DIRECT, "one");
  const self = await whoAmI();
  const edit = () => takeEdit(found(id) as never, self);
  expect(await edit()).toBe("unhandled");
  discord.edit(id, "two");
  for (let times = 0; times < 2; times++) await edit();
  await takeDeletion({ id });
  expect(await takeDeletion({ id: "1" })).toBe("unknown");
  expect(heddle.messages.map(({ content, runAgent }) => [content, runAgent])).toEqual([
    ["Ada has edited a message, which now reads: two", undefined],
    ["Ada has deleted this message: one", undefined],
  ]);
});

test("files come with the message; what cannot be read says why, and only Discord is asked", async () => {
  const file = (filename: string, more: object = {}) => ({
    ...{ id: filename, filename, size: 5, content_type: "text/plain; charset=utf-8" },
    ...{ url: `${new URL(discord.url).origin}/files/${filename}`, ...more },
  });
  const attachments = [
    ...[file("a.txt"), file("b.bin", { content_type: "application/x-evil" }), file("c.txt", { size: 2_000 })],
    file("d.txt", { url: "https://evil.example/cdn.discordapp.com" }),
  ];
  await write(ADA, DIRECT, "See", { attachments });
  const { content, attachments: given } = heddle.firstEvent;
  const data = Buffer.from("content of a.txt").toString("base64");
  expect(given).toEqual([{ name: "a.txt", media_type: "text/plain", data }]);
  expect(content).toContain('The file "b.bin" was left out: application/x-evil cannot be read.');
  expect(content).toContain('"c.txt" was left out: it is larger than 1000 bytes');
  expect(content).toContain('"d.txt" was left out: it is not stored at Discord');
});

test("long answers are split, a 429 waits as Discord says, and what nobody knows was posted is not posted again", async () => {
  discord.refuse.push({ path: "/messages", status: 429, retry_after: 6.2 });
  const outcome = await deliver("discord", { channel_id: GENERAL, reply_to: "1" }, "word ".repeat(700));
  expect(outcome).toMatchObject({ status: "delivered", attempts: 2, waits: [7] });
  expect(posted().map((one) => one.message_reference?.message_id)).toEqual(["1", undefined]);
  const again = dispatchContext({ delivery_id: "same" });
  const { postPart } = await import("../../integrations/discord/post.ts");
  const once = await postPart({ channel_id: GENERAL }, 1, { content: "x" }, again);
  const twice = await postPart(
    { channel_id: GENERAL },
    1,
    { content: "x" },
    dispatchContext({ delivery_id: "same" }),
  );
  expect(twice).toBe(once);
  expect(await deliver("discord", { channel_id: "5" }, "x")).toMatchObject({ status: "dead", attempts: 1 });
});

test("an answer of 100,000 characters is posted whole in one attempt, however often Discord asks to wait for a moment", async () => {
  const rows = Array.from({ length: 700 }, (_, row) => `| row ${row} | ${"🧵".repeat(20)} |`);
  const lines = Array.from({ length: 900 }, (_, line) => `say("${"word ".repeat(10)}", ${line});`);
  const table = ["| name | value |", "|---|---|", ...rows].join("\n");
  const text = `${table}\n\n\`\`\`ts\n${lines.join("\n")}\n\`\`\`\n\nThe end.`;
  expect(text.length).toBeGreaterThan(95_000);
  const moment = { path: "/messages", status: 429, retry_after: 0.2 };
  discord.refuse.push(moment, moment);
  await deliver("discord", { channel_id: GENERAL }, text);
  const parts = posted().map(({ content }) => content);
  for (const part of parts) {
    expect(part.length).toBeLessThanOrEqual(2_000);
    expect(part.split("```").length % 2).toBe(1);
  }
  const whole = parts.join("\n");
  for (const line of [...rows, ...lines]) expect(whole.split(line)).toHaveLength(2);
  expect(parts.at(-1)).toContain("The end.");
});

test("an answer is shown while it is written, with a button that stops the run; files follow it", async () => {
  const config = { channel_id: GENERAL };
  const tool = { name: "look", status: "running" };
  const updates = [{}, { tools: [tool] }, { text: "Once " }];
  const { handle } = await streamTo("discord", config, updates as never);
  expect(posted()).toMatchObject([{ content: "Once ", edits: ["…", "⏳ look"] }]);
  const [{ components }] = posted() as [Posted];
  const { custom_id } = components[0].components[0];
  const press = (user: string) => ({
    user,
    it: discord.interact(user, GENERAL, { type: 3, data: { custom_id } }),
  });
  for (const { user, it } of [press(BEN), press(ADA)])
    await takeInteraction({
      ...it,
      application_id: APPLICATION,
      type: 3,
      data: { custom_id },
      user: { id: user, username: "x" },
    } as never);
  expect(stopped).toEqual(["task-1"]);
  expect(discord.interactions.map(({ whispers }) => whispers)).toEqual([["You may not stop this."], []]);
  const clientActions = [
    {
      type: "upload_image",
      filename: "a.png",
      caption: "It",
      data: Buffer.from("picture").toString("base64"),
    },
  ];
  await deliver("discord", config, "Once upon a time.", { streamed: handle, clientActions });
  expect(posted()).toMatchObject([
    { content: "Once upon a time.", components: [] },
    { content: "It", files: [{ name: "a.png" }] },
  ]);
  // Somebody has deleted it meanwhile.
  await deliver("discord", config, "All the same.", { streamed: { message_id: "7" } });
  expect(posted().at(-1)?.content).toBe("All the same.");
});

test("commands are answered at once: /ask by its run, the others for the person alone", async () => {
  const run = async (name: string, value = "", user = ADA) => {
    const data = { name, options: value === "" ? [] : [{ value }] };
    const it = discord.interact(user, GENERAL, { type: 2, data });
    await takeInteraction({
      ...it,
      application_id: APPLICATION,
      type: 2,
      data,
      user: { id: user, username: "x" },
    } as never);
    return it;
  };
  know(`discord:${GENERAL}`);
  const asked = await run("ask", "when?");
  expect(asked.answered).toEqual({ type: 5, data: { flags: 0 } });
  const { dispatchConfig } = heddle.firstMessage as { dispatchConfig: Record<string, unknown> };
  const { type: _, ...config } = dispatchConfig;
  await deliver("discord", config, "At noon.");
  expect([asked.original, posted().length]).toEqual(["At noon.", 0]);
  asked.isExpired = true;
  await deliver("discord", config, "At one.");
  expect(posted().map(({ content }) => content)).toEqual(["At one."]);
  expect((await run("model", "fast")).original).toBe("The model here is now fast.");
  expect((await run("model")).original).toBe("The model here is fast.");
  expect((await run("stop")).original).toBe("Stopped 1 run.");
  const stranger = await run("ask", "me?", BEN);
  expect(stranger.answered?.data?.flags).toBe(64);
  expect(stranger.original).toContain("PAIR0002");
});

test("an approval is asked with buttons; who presses is passed on, others are told, and all see the decision", async () => {
  const approval = {
    ...{
      id: "a1",
      tool: "delete_room",
      arguments: { room: "```x`" },
      policy: "ask",
      reason: null,
      decided_at: null,
    },
    ...{
      approvers: [`discord:${ADA}`],
      expires_at: "2030-01-01T00:00:00Z",
      status: "pending",
      decided_by: null,
    },
  };
  const ask = async (more: object = {}, receipt?: unknown) => {
    const config = { channel_id: GENERAL };
    const given = { text: "?", config, dispatchConfig: config, botId: "default", sessionId: "s", receipt };
    const dispatcher = registered().dispatchers.get("discord");
    const answer = await dispatcher.askApproval?.(
      { ...given, approval: { ...approval, ...more } } as never,
      dispatchContext(),
    );
    return (answer as { receipt: unknown }).receipt;
  };
  expect(await ask({ approvers: ["key:ann"] })).toMatchObject({ skipped: expect.any(String) });
  const receipt = await ask();
  expect(posted()[0]?.content.split("```").length).toBe(3);
  const [{ components }] = posted() as [Posted];
  const [, run, deny] = components[0].components;
  const press = async ({ custom_id }: { custom_id: string }, user: string) => {
    const it = discord.interact(user, GENERAL, {});
    const member = { user: { id: user, username: "x", global_name: "Ada" } };
    await takeInteraction({
      ...it,
      application_id: APPLICATION,
      type: 3,
      data: { custom_id },
      member,
    } as never);
    return it;
  };
  expect((await press(run, ADA)).answered?.type).toBe(6);
  expect(decided).toEqual([{ approved: true, by: { id: ADA, name: "Ada" }, choice: "run" }]);
  for (const [code, text] of [
    ["forbidden", "does not name you"],
    ["conflict", "Ann has decided already."],
  ] as const) {
    refusal = code;
    expect((await press(deny, BEN)).whispers).toEqual([expect.stringContaining(text)]);
  }
  await ask({ status: "approved", decided_by: "Ada", decided_at: "2026-11-29T04:00:12.000Z" }, receipt);
  expect(posted()).toMatchObject([
    { content: expect.stringContaining("Allowed by Ada, 2026-11-29 04:00 UTC."), components: [] },
  ]);
});

test("a press that is told again, since the process before has ended, is taken without asking Discord for another response", async () => {
  const custom_id = "heddle:once:approval-1";
  const it = discord.interact(ADA, GENERAL, { type: 3, data: { custom_id } });
  const event = { ...it, application_id: APPLICATION, type: 3, data: { custom_id } };
  const told = () => takeInteraction({ ...event, user: { id: ADA, username: "ada" } } as never);
  // The process before had responded, and no more.
  it.answered = { type: 6 };
  await told();
  expect(decided).toMatchObject([{ approved: true }]);
  // It had also decided: nobody else did, so that nobody is told.
  refusal = "conflict";
  await told();
  expect(it.whispers).toEqual([]);
});

test("Discord tells of a press no more once it is taken, and of nothing that came before", async () => {
  const listening = async () => {
    const listener = startListener("gateway");
    await listener.reported;
    return listener;
  };
  const first = await listening();
  const { id } = await whoAmI();
  const stored = async () =>
    (await store.get<{ sequence: number; session?: object }>(`gateway:${id}`)) ?? { sequence: 0 };
  // Before it says that it is connected: what comes from now on is not lost with the process.
  expect((await stored()).session).toBeDefined();
  const custom_id = "heddle:once:approval-1";
  const press = () => discord.interact(ADA, GENERAL, { type: 3, data: { custom_id } });
  const { sequence } = await stored();
  press();
  await until(async () => (await stored()).sequence === sequence + 1);
  press();
  await until(async () => (await stored()).sequence === sequence + 2);
  await first.stop();
  const second = await listening();
  await second.stop();
  expect(decided).toHaveLength(2);
  expect(discord.began).toEqual(["identify", "resume"]);
});

test("all that was written while Discord had forgotten the session is read, page by page", async () => {
  const first = startListener("gateway");
  await first.reported;
  discord.write(ADA, DIRECT, "Before");
  await until(() => heddle.events.length === 1);
  await first.stop();
  discord.forgetSessions();
  for (let at = 1; at <= 230; at++) discord.write(ADA, DIRECT, `Missed ${at}`);
  const refused = startListener("gateway");
  await expect(refused.reported).rejects.toThrow("cannot resume");
  await refused.stop().catch(() => undefined);
  const second = startListener("gateway");
  await second.reported;
  await until(() => heddle.events.length === 231);
  discord.write(ADA, DIRECT, "After");
  await until(() => heddle.events.length === 232);
  await second.stop();
  expect(heddle.events.slice(1).map(({ content }) => content)).toEqual([
    ...Array.from({ length: 230 }, (_, at) => `Missed ${at + 1}`),
    "After",
  ]);
});

test("Discord shows that the bot writes, and a test of the connection says what is missing", async () => {
  await runHook("before_context_assembly", {
    ...{
      source: "discord",
      message: { id: "m", author: null, metadata: { channel_id: GENERAL, message_id: "1" } },
    },
  });
  expect(discord.typing).toEqual([GENERAL]);
  discord.mayRead = false;
  expect(await integration.testConnection?.({ signal })).toContain("Message Content Intent is off");
});

test("reactions show what a run does and how it ended, on a mention in its channel", async () => {
  const { id } = await mention("Hello");
  const message = { id: "m", author: null, metadata: heddle.firstEvent.metadata ?? {} };
  const reactions = () => found(id)?.reactions;
  await runHook("before_context_assembly", { source: "discord", message });
  await runHook("after_tool_call", { message, tool_name: "web_search" });
  await runHook("after_tool_call", { message, tool_name: "roll_dice" });
  expect(reactions()).toEqual(["⏳", "🔍", "⚙️"]);
  await runHook("after_response", { message, status: "complete" });
  expect(reactions()).toEqual(["🔍", "⚙️", "✅"]);
  await runHook("after_response", { message, status: "failed", error: true });
  expect(reactions()?.at(-1)).toBe("❌");
  useSettings({ DISCORD_REACTIONS: "false" });
  await runHook("before_context_assembly", { message });
  expect(reactions()).not.toContain("⏳");
  useSettings({ DISCORD_REACTIONS: undefined });
  // A reaction that Discord refuses does not hold the run up.
  discord.refuse.push({ path: "/@me", status: 403, code: 50_013 });
  await runHook("before_context_assembly", { message });
  expect(reactions()).not.toContain("⏳");
});

test("a wrong token, and an intent that is off, are told as what they are; without the intent only mentions are read", async () => {
  const failure = async () => {
    const listener = startListener("gateway");
    const error = await listener.reported.then(
      () => undefined,
      (reason: Error) => reason,
    );
    await listener.stop().catch(() => {});
    return error;
  };
  discord.mayRead = false;
  expect(await failure()).toMatchObject({
    name: "ReauthRequired",
    message: expect.stringContaining("Message Content Intent is off"),
  });
  useSettings({ DISCORD_MESSAGE_CONTENT: "false" });
  const listener = startListener("gateway");
  await listener.reported;
  discord.write(ADA, GENERAL, `<@${BOT}> For you`);
  await until(() => heddle.events.length === 1);
  know(`discord:${GENERAL}`, { require_mention: false });
  discord.write(ADA, GENERAL, "For nobody");
  discord.write(ADA, DIRECT, "Alone");
  await until(() => heddle.events.length === 2);
  expect(heddle.events.map(({ content }) => content)).toEqual(["Ada: For you", "Alone"]);
  await listener.stop();
  discord.mayRead = true;
  useSettings({ DISCORD_MESSAGE_CONTENT: undefined, DISCORD_BOT_TOKEN: "wrong" });
  expect(await failure()).toMatchObject({
    name: "ReauthRequired",
    message: expect.stringContaining("DISCORD_BOT_TOKEN"),
  });
});

test("reactions to what the bot has posted are told to its conversation, over the gateway", async () => {
  discord.write(ADA, DIRECT, "Hi");
  const { receipt } = await deliver("discord", { channel_id: DIRECT }, "It is nine.");
  const [id = ""] = (receipt as { message_ids: string[] }).message_ids;
  const listener = startListener("gateway");
  await listener.reported;
  discord.react(BEN, id, { id: null, name: "👍" });
  discord.react(BOT, id, { id: null, name: "👍" });
  discord.react(ADA, "1", { id: null, name: "👍" });
  discord.react(ADA, id, { id: "77", name: "party" });
  discord.react(ADA, id, { id: "77", name: "party" }, true);
  const told = await until(
    () => heddle.messages.map(({ content }) => content),
    (found) => found.length === 2,
  );
  expect(told).toEqual([
    'Ada has reacted with :party: to what you wrote: "It is nine."',
    'Ada has taken back the reaction :party: to what you wrote: "It is nine."',
  ]);
  expect(heddle.messages[0]).toMatchObject({ notify: false, author: { id: ADA } });
  await listener.stop();
});
