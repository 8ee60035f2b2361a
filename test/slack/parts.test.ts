// The integration in this process, against the strict fake: what becomes of messages, files, commands and buttons, and what is posted.

import { afterAll, beforeEach, expect, test } from "bun:test";
import "../../integrations/slack/dispatcher.ts";
import "../../integrations/slack/hooks.ts";
import {
  deliver,
  dispatchContext,
  fakeHeddle,
  registered,
  runHook,
  streamTo,
  useServer,
  useSettings,
} from "heddle/sdk/testing";
import { receiveAny } from "../../integrations/slack/receive-any.ts";
import { router } from "../../integrations/slack/router.ts";
import { SETUP } from "../../integrations/slack/setup.ts";
import { signWebhook } from "../../src/sdk/index.ts";
import { envelopeOf, type Posted, startFakeSlack } from "../fakes/slack/fake-slack.ts";
import {
  ADA,
  BEN,
  BOT,
  BOT_TOKEN,
  DIRECT,
  GENERAL,
  OTHER_TEAM,
  OTHER_TOKEN,
  SIGNING_SECRET,
  TEAM,
} from "../fakes/slack/ids.ts";

const slack = startFakeSlack();
const decided: unknown[] = [];
let refusal: string | undefined;
const channels = new Map<string, Record<string, unknown>>();
const stopped: string[] = [];
const compacted: string[] = [];
const heddle = fakeHeddle({
  controls: {
    decide: async (_id: string, decision: unknown) => {
      if (refusal) throw Object.assign(new Error("Ann has decided already."), { code: refusal });
      decided.push(decision);
      return { status: "approved", decided_by_name: "Ada", decided_at: null };
    },
    findChannel: async (clientId: string) => channels.get(clientId),
    patchChannel: async (id: string, change: object) => Object.assign(channels.get(id) ?? {}, change),
    resetSession: async () => ({}),
    compactSession: async (id: string) => {
      compacted.push(id);
      return { session_id: "s" };
    },
    unfinishedTasks: async () => ["task-9"],
    cancelTask: async (id: string) => stopped.push(id),
  } as never,
});
afterAll(() => {
  heddle.restore();
  slack.stop();
});
beforeEach(() => {
  heddle.clear();
  channels.clear();
  for (const list of [slack.messages, slack.whispers, slack.calls, slack.refuse, decided, stopped])
    list.length = 0;
  slack.missing.clear();
  refusal = undefined;
  useSettings({
    ...{ SLACK_API_URL: `${slack.url}/api/`, SLACK_BOT_TOKEN: BOT_TOKEN, SLACK_TEAM_TOKENS: undefined },
    ...{ SLACK_THREADS: undefined, SLACK_THREADS_IN: undefined, SLACK_LISTEN_IN: undefined },
    ...{ SLACK_AUDIT_CHANNEL: undefined, SLACK_WHO_MAY_TALK: undefined, SLACK_MAX_FILE_BYTES: "1000" },
  });
});

const say = (event: object, team = TEAM) =>
  receiveAny(
    envelopeOf(
      { type: "message", channel: GENERAL, user: ADA, channel_type: "channel", ...event },
      team,
    ) as never,
  );
const asked = (text = "Hi", more: object = {}) =>
  say({ text: `<@${BOT}> ${text}`, ts: slack.nextTs(), ...more });
const know = (clientId: string, fields: object = {}) =>
  channels.set(clientId, { id: clientId, bot_id: "default", ...fields });
const place = `slack:${TEAM}:${GENERAL}`;
const posted = (): Posted[] => slack.messages.filter(({ user }) => user === BOT);

test("a repeated event is one message; the bot's own words, other bots and unfurled links start nothing", async () => {
  const ts = slack.nextTs();
  for (const type of ["message", "app_mention", "message"]) await asked("Hi", { ts, type });
  expect(heddle.events.length).toBe(1);
  expect(heddle.firstEvent).toMatchObject({
    ...{
      content: "Ada: Hi",
      author: { id: ADA, display_name: "Ada" },
      clientId: `${place}:${ts}`,
      fromBot: false,
    },
  });
  expect(await asked("Hi", { user: BOT, bot_id: "B0BOT" })).toMatchObject({ status: "ignored" });
  await asked("Hi", { user: undefined, bot_id: "B0OTHER", subtype: "bot_message" });
  expect(heddle.events.at(-1)).toMatchObject({ fromBot: true });
  const same = { text: "x", ts, user: ADA };
  const change = { subtype: "message_changed", message: same, previous_message: same };
  expect(await say(change)).toMatchObject({ status: "ignored" });
});

test("edits and deletions are told in a conversation, once, and only there", async () => {
  const ts = slack.nextTs();
  know(`${place}:${ts}`);
  const message = { user: ADA, ts, thread_ts: ts, text: "two" };
  const root = { ...message, thread_ts: slack.nextTs() };
  const edit = (now: object) =>
    say({
      subtype: "message_changed",
      message: { ...now, edited: { ts: "1.2" } },
      previous_message: { ...now, text: "one" },
    });
  know(`${place}:${root.thread_ts}`);
  await edit(root);
  await edit(root);
  await say({ subtype: "message_deleted", previous_message: root });
  expect(heddle.messages.map(({ content, runAgent }) => [content, runAgent])).toEqual([
    ["Ada has edited a message, which now reads: two", undefined],
    ["Ada has deleted this message: two", undefined],
  ]);
  expect(await edit({ ...message, thread_ts: "1700000000.000009" })).toMatchObject({
    reason: "not_mentioned",
  });
});

test("a channel's settings hold: its bot, and that it needs no mention", async () => {
  know(place, { require_mention: false, bot_id: "ops" });
  await say({ text: "no mention", ts: slack.nextTs() });
  expect(heddle.firstEvent).toMatchObject({ clientId: place, botId: "ops", event: "message" });
  const thread_ts = slack.nextTs();
  expect(await say({ text: "stop", ts: slack.nextTs() })).toMatchObject({ reason: "stopped" });
  expect(stopped).toEqual(["task-9"]);
  channels.clear();
  expect(await say({ text: "in a thread of others", ts: slack.nextTs(), thread_ts })).toMatchObject({
    reason: "not_mentioned",
  });
});

test("where answers stand can be chosen", async () => {
  const placeOf = async (fields: object) => {
    heddle.clear();
    await say({ ts: slack.nextTs(), ...fields });
    return heddle.firstEvent.clientId;
  };
  useSettings({ SLACK_THREADS: "never" });
  expect(await placeOf({ text: `<@${BOT}> here` })).toBe(place);
  const thread_ts = slack.write(ADA, GENERAL, "root");
  expect(await placeOf({ text: `<@${BOT}> there`, thread_ts })).toBe(`${place}:${thread_ts}`);
  useSettings({ SLACK_THREADS: "always" });
  know(place, { require_mention: false });
  const ts = slack.nextTs();
  expect(await placeOf({ text: "each", ts })).toBe(`${place}:${ts}`);
  useSettings({ SLACK_THREADS: undefined });
});

test("a channel may have answers stand elsewhere than the others", async () => {
  const at = () => heddle.events.at(-1)?.clientId;
  useSettings({ SLACK_THREADS: "always", SLACK_THREADS_IN: `C0OTHER=mentions, ${GENERAL} = never` });
  await asked();
  expect(at()).toBe(place);
  useSettings({ SLACK_THREADS_IN: "C0OTHER=never" });
  const ts = slack.nextTs();
  await asked("Hi", { ts });
  expect(at()).toBe(`${place}:${ts}`);
  useSettings({ SLACK_THREADS_IN: `${GENERAL}=sometimes`, SLACK_THREADS: "never" });
  await asked();
  expect(at()).toBe(place);
});

test("talk among people is kept only where the bot is to listen, without a run; a thread that begins there is told the latest", async () => {
  const talk = (text: string, more: object = {}) => say({ text, ts: slack.nextTs(), ...more });
  expect(await talk("Nobody hears this.")).toMatchObject({ reason: "not_mentioned" });
  useSettings({ SLACK_LISTEN_IN: `C0OTHER, ${GENERAL}` });
  expect(await talk("", { ts: slack.nextTs() })).toMatchObject({ reason: "empty" });
  const ts = slack.nextTs();
  for (let times = 0; times < 2; times++)
    expect(await talk("The shop opens at <https://a.example|nine>.", { ts })).toMatchObject({
      reason: "overheard",
    });
  // Threads are read when the bot is called into them.
  expect(await talk("Aside", { thread_ts: ts })).toMatchObject({ reason: "not_mentioned" });
  expect(heddle.messages).toMatchObject([
    {
      ...{ content: "Ada: The shop opens at nine (https://a.example).", source: "slack", notify: false },
      ...{ author: { id: ADA, display_name: "Ada" }, fromBot: false },
    },
  ]);
  expect(heddle.messages[0]?.runAgent).toBeFalsy();
  for (let number = 0; number < 25; number++) await talk(`Word ${number}`);
  heddle.messages.length = 0;
  await asked("When?");
  const [told] = heddle.messages;
  expect(told?.content.split("\n").slice(2)).toEqual(
    Array.from({ length: 20 }, (_, number) => `Ada: Word ${number + 5}`),
  );
  expect(told?.author).toBeUndefined();
  expect(heddle.events.at(-1)).toMatchObject({ content: "Ada: When?", runAgent: true });
  // The most that can be kept fits, whatever its characters cost.
  for (let number = 0; number < 20; number++) await talk("\u0001".repeat(40_000));
  expect(await talk("\u0001".repeat(40_000))).toMatchObject({ reason: "overheard" });
  useSettings({ SLACK_LISTEN_IN: "*", SLACK_WHO_MAY_TALK: "allowed" });
  expect(await talk("A stranger")).toMatchObject({ reason: "not_allowed" });
  heddle.people.push({ id: ADA, name: "Ada", place: null, status: "allowed" });
  expect(await talk("Allowed")).toMatchObject({ reason: "overheard" });
  let outcome: unknown;
  for (let number = 0; number < 500; number++) outcome = await talk(`Chatter ${number}`);
  expect(outcome).toMatchObject({ reason: "too_much" });
  expect(heddle.messages.length).toBeLessThan(500);
});

test("an edit that overtakes its message is taken in its place", async () => {
  const ts = slack.nextTs();
  const message = { type: "message", user: ADA, ts, text: `<@${BOT}> new`, edited: { ts: slack.nextTs() } };
  const previous_message = { ...message, text: `<@${BOT}> old` };
  await say({ subtype: "message_changed", message, previous_message, user: undefined, text: undefined });
  await say({ ts, text: `<@${BOT}> old` });
  expect(heddle.events.map(({ content, idempotencyKey }) => [content, idempotencyKey])).toEqual([
    ["Ada: new", `${TEAM}:${GENERAL}:${ts}`],
  ]);
  heddle.clear();
  const old = { ...message, ts: "1600000000.000001" };
  await say({ subtype: "message_changed", message: old, previous_message: { ...old, text: "" } });
  expect(heddle.events).toEqual([]);
});

test("where only some may talk, a stranger gets a code that nobody else sees", async () => {
  useSettings({ SLACK_WHO_MAY_TALK: "allowed" });
  expect(await asked()).toMatchObject({ reason: "not_allowed" });
  expect(slack.whispers).toEqual([{ user: ADA, text: expect.stringContaining("PAIR0001") }]);
  expect(heddle.events).toEqual([]);
  heddle.people[0] = { id: ADA, name: "Ada", place: null, status: "allowed" };
  await asked();
  expect(heddle.events.length).toBe(1);
});

test("each workspace has its own token, place and answers", async () => {
  useSettings({ SLACK_TEAM_TOKENS: `T0NO=x, ${OTHER_TEAM}=${OTHER_TOKEN}` });
  await asked("Hi", {});
  await say({ text: `<@${BOT}> Hi`, ts: slack.nextTs() }, OTHER_TEAM);
  const [here, there] = heddle.events.map(({ dispatchConfig }) => dispatchConfig as Record<string, unknown>);
  expect([here?.team_id, there?.team_id]).toEqual([TEAM, OTHER_TEAM]);
  await deliver("slack", { channel_id: GENERAL, team_id: OTHER_TEAM }, "There");
  await deliver("slack", { channel_id: GENERAL, team_id: TEAM }, "Here");
  expect(posted().map(({ text, token }) => [text, token])).toEqual([
    ["There", OTHER_TOKEN],
    ["Here", BOT_TOKEN],
  ]);
});

test("files come with the message; what cannot be read says why, and the token goes to Slack only", async () => {
  slack.files.set("F1", { name: "a.txt", bytes: new TextEncoder().encode("hello") });
  const file = (more: object) => ({
    ...{ id: "F1", name: "a.txt", mimetype: "text/plain", size: 5, url_private: `${slack.url}/files/F1` },
    ...more,
  });
  const files = [
    ...[
      file({}),
      file({ name: "b.bin", mimetype: "application/x-evil" }),
      file({ name: "c.txt", size: 2_000 }),
    ],
    file({ name: "d.txt", url_private: "https://evil.example/slack.com" }),
  ];
  await asked("See", { files });
  const { content, attachments } = heddle.firstEvent;
  expect(attachments).toEqual([
    { name: "a.txt", media_type: "text/plain", data: Buffer.from("hello").toString("base64") },
  ]);
  expect(content).toContain('The file "b.bin" was left out: application/x-evil cannot be read.');
  expect(content).toContain('"c.txt" was left out: it is larger than 1000 bytes');
  expect(content).toContain('"d.txt" was left out: it is not stored at Slack');
});

test("an answer's files are uploaded in its thread, and not again by a second attempt", async () => {
  const thread_ts = slack.write(ADA, GENERAL, "root");
  slack.refuse.push({ method: "files.completeUploadExternal", error: "internal_error" });
  const data = Buffer.from("picture").toString("base64");
  const outcome = await deliver("slack", { channel_id: GENERAL, thread_ts }, "Here.", {
    clientActions: [{ type: "upload_image", filename: "a.png", data }],
  });
  expect(outcome).toMatchObject({
    status: "delivered",
    attempts: 2,
    receipt: { files: [expect.any(String)] },
  });
  expect(posted().length).toBe(1);
  expect([...slack.files.values()].at(-1)).toMatchObject({
    name: "a.png",
    channel: GENERAL,
    thread: thread_ts,
  });
});

test("long answers are split, a 429 waits as Slack says, nobody is pinged, and mrkdwn is the fallback", async () => {
  const long = `<!channel> @here ${"word ".repeat(4_000)}`;
  slack.refuse.push({ method: "chat.postMessage", error: "", retryAfter: 7 });
  const outcome = await deliver("slack", { channel_id: GENERAL }, long);
  expect(outcome).toMatchObject({ status: "delivered", attempts: 2, waits: [7] });
  expect(posted().length).toBe(2);
  expect(posted()[0]?.text).not.toMatch(/<!channel|@here/);
  slack.refuse.push({ method: "chat.postMessage", error: "no_text" });
  await deliver("slack", { channel_id: GENERAL }, "# A\n**b** [c](https://d.e) `<f>`");
  expect(posted().at(-1)?.text).toBe("*A*\n*b* <https://d.e|c> `&lt;f&gt;`");
});

test("an answer is a stream with a card for each tool, and an edited message where Slack has no streams", async () => {
  const thread_ts = slack.write(ADA, GENERAL, "root");
  const config = { channel_id: GENERAL, team_id: TEAM, user_id: ADA, thread_ts };
  const tool = { name: "look", status: "running" as const };
  const updates = [{}, { tools: [tool] }, { text: "Once ", tools: [{ ...tool, status: "done" as const }] }];
  const { handle } = await streamTo("slack", config, updates as never, { stream_id: "one" });
  expect(posted()).toMatchObject([{ streaming: true, cards: { "tool-0 look": "complete" }, text: "…Once " }]);
  await deliver("slack", config, "Once upon a time.", { streamed: handle });
  expect(posted()).toMatchObject([{ streaming: false, text: "Once upon a time." }]);
  slack.refuse.push({ method: "chat.startStream", error: "feature_not_enabled" });
  const plain = await streamTo("slack", config, updates as never, { stream_id: "two" });
  expect(posted()[1]).toMatchObject({ text: "Once ", edits: ["…", "⏳ look"] });
  await deliver("slack", config, "The end.", { streamed: plain.handle });
  expect(posted().map(({ text }) => text)).toEqual(["Once upon a time.", "The end."]);
});

test("where only what was written last is shown, a message is edited, since a stream can only grow", async () => {
  const thread_ts = slack.write(ADA, GENERAL, "root");
  const config = { channel_id: GENERAL, thread_ts, user_id: ADA, team_id: TEAM };
  const display = "replace" as const;
  await streamTo("slack", config, [
    { text: "I look.", display },
    { text: "Found", display },
  ]);
  expect(slack.calls).not.toContain("chat.startStream");
  expect(posted()).toMatchObject([{ thread_ts, text: "Found", edits: ["I look."] }]);
});

test("an approval is asked with buttons; who presses is passed on, others are told, and all see the decision", async () => {
  const approval = {
    ...{
      id: "a1",
      tool: "delete_room",
      arguments: { room: "*x*" },
      policy: "ask",
      reason: null,
      decided_at: null,
    },
    ...{
      approvers: [`slack:${ADA}`],
      expires_at: "2030-01-01T00:00:00Z",
      status: "pending",
      decided_by: null as string | null,
    },
  };
  const ask = async (more: object = {}, receipt?: unknown) => {
    const config = { channel_id: GENERAL };
    const input = {
      approval: { ...approval, ...more },
      text: "?",
      config,
      dispatchConfig: config,
      botId: "default",
      sessionId: "s",
      receipt,
    };
    const dispatcher = registered().dispatchers.get("slack");
    const found = await dispatcher.askApproval?.(input as never, dispatchContext());
    return (found as { receipt: unknown }).receipt;
  };
  expect(await ask({ approvers: ["key:ann"] })).toEqual({ skipped: expect.any(String) });
  const receipt = await ask();
  const [question] = posted();
  const buttons = (question as unknown as { blocks: [0, 0, { elements: object[] }] }).blocks[2].elements;
  const press = (action: object, user: string) =>
    receiveAny({
      type: "block_actions",
      team: { id: TEAM },
      user: { id: user },
      channel: { id: GENERAL },
      actions: [action],
    } as never);
  expect(await press(buttons[1] as object, ADA)).toMatchObject({ status: "processed" });
  expect(decided).toEqual([{ approved: true, by: { id: ADA, name: "Ada" }, choice: "run" }]);
  for (const [code, text] of [
    ["forbidden", "does not name you"],
    ["conflict", "Ann has decided already."],
  ] as const) {
    refusal = code;
    await press(buttons[2] as object, BEN);
    expect(slack.whispers.at(-1)).toEqual({ user: BEN, text: expect.stringContaining(text) });
  }
  await ask({ status: "approved", decided_by: "Ada", decided_at: "2026-11-29T04:00:12.000Z" }, receipt);
  expect(posted()).toMatchObject([
    { text: expect.stringContaining("Allowed by Ada, 2026-11-29 04:00 UTC."), edits: [expect.any(String)] },
  ]);
});

test("what people paste at Slack is there", async () => {
  useServer({ baseUrl: "https://heddle.example", integrationId: "slack" });
  for (const { path } of SETUP.to_paste ?? []) {
    const answer = await router.handle(new Request(`http://localhost${path}`));
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/plain; charset=utf-8"]);
    expect(await answer.text()).toStartWith("display_information:");
  }
  expect(SETUP.to_paste).toHaveLength(2);
  useServer(undefined);
});

test("the app's manifest has the server's address where Slack sends, which must be one that Slack takes", async () => {
  const ask = async (query: string) => {
    const answer = await router.handle(new Request(`http://localhost/app-manifest${query}`));
    return [answer.status, await answer.text()] as const;
  };
  useServer({ baseUrl: "http://127.0.0.1:8000", integrationId: "slack" });
  const [status, socket] = await ask("");
  expect([status, socket.includes("socket_mode_enabled: true"), socket.includes("8000")]).toEqual([
    200,
    true,
    false,
  ]);
  expect(await ask("?transport=http")).toEqual([
    409,
    expect.stringContaining("BASE_URL to the https address"),
  ]);
  useServer({ baseUrl: "https://heddle.example", integrationId: "slack" });
  expect((await ask("?transport=http"))[1]).toContain(
    'request_url: "https://heddle.example/integrations/slack/webhook"',
  );
  useServer(undefined);
});

test("commands ask, stop, show and change, the latter by people whom the operator has allowed", async () => {
  const run = async (command: string, text = "", user = ADA) => {
    const payload = { command, text, team_id: TEAM, channel_id: GENERAL, user_id: user, trigger_id: "1.2" };
    return (await receiveAny(payload as never)).text;
  };
  know(place);
  expect(await run("/ask", "when?")).toBe("Asked: when?");
  await run("/ask", "when?");
  expect(heddle.messages).toMatchObject([{ content: "Ada: when?", runAgent: true, author: { id: ADA } }]);
  expect(await run("/stop")).toBe("Stopped 1 run.");
  expect(await run("/model", "fast")).toContain("Only people whom the operator has allowed");
  heddle.people.push({ id: ADA, name: "Ada", place: null, status: "allowed" });
  expect(await run("/model", "fast")).toBe("The model here is now fast.");
  expect(await run("/model")).toBe("The model here is fast.");
  expect(await run("/compact")).toContain("puts notes in the place");
  expect(compacted).toHaveLength(1);
  expect(await run("/nonsense")).toContain("no command");
  heddle.people.push({ id: BEN, name: "Ben", place: null, status: "blocked" });
  expect(await run("/ask", "me?", BEN)).toBe("You may not talk to the bots here.");
});

test("reactions show what a run does, and the audit channel is told of calls", async () => {
  useSettings({ SLACK_AUDIT_CHANNEL: DIRECT });
  const ts = slack.write(ADA, GENERAL, "root");
  const message = { id: "m", author: null, metadata: { team_id: TEAM, channel_id: GENERAL, message_ts: ts } };
  const reactions = () => slack.messages.find((one) => one.ts === ts)?.reactions;
  await runHook("before_context_assembly", { message });
  await runHook("after_tool_call", { message, tool_name: "web_search", duration_ms: 12 });
  expect(reactions()).toEqual(["hourglass_flowing_sand", "mag"]);
  await runHook("after_response", { message, status: "complete" });
  expect(reactions()).toEqual(["mag", "white_check_mark"]);
  expect(posted()).toMatchObject([{ channel: DIRECT, text: "default called `web_search` (12 ms)" }]);
});

test("a thread of others is told from its beginning to the last replies; what cannot be read is told, what failed comes again", async () => {
  const root = slack.write(ADA, GENERAL, "The printer is on fire.");
  for (let number = 1; number <= 230; number++)
    slack.write(BEN, GENERAL, `Reply ${number}`, { thread_ts: root });
  const call = () => asked("What now?", { thread_ts: root, parent_user_id: ADA });
  await call();
  const lines = heddle.firstMessage.content.split("\n");
  expect(lines.slice(2, 4)).toEqual(["Ada: The printer is on fire.", "(210 replies are left out.)"]);
  expect(lines.slice(4)).toEqual(Array.from({ length: 20 }, (_, number) => `Ben: Reply ${number + 211}`));
  heddle.clear();
  slack.missing.add("conversations.replies");
  await call();
  expect(heddle.firstMessage.content).toBe(
    "(The earlier messages of this thread cannot be read: missing_scope.)",
  );
  slack.missing.clear();
  heddle.clear();
  slack.refuse.push({ method: "conversations.replies", error: "internal_error" });
  await expect(call()).rejects.toThrow("internal_error");
  expect(heddle.events).toEqual([]);
});

test("a name is asked for once", async () => {
  const user = "U0NEW";
  const count = () => slack.calls.filter((method) => method === "users.info").length;
  for (let times = 0; times < 3; times++) await asked("Hi", { user });
  expect(count()).toBe(1);
  expect(heddle.firstEvent.author).toEqual({ id: user, display_name: user });
});

test("commands come over HTTP as well, signed", async () => {
  const post = (secret: string) => {
    const fields = { command: "/ask", text: "When?", team_id: TEAM, channel_id: GENERAL, user_id: ADA };
    const body = new URLSearchParams({ ...fields, trigger_id: "http-1" }).toString();
    const headers = {
      ...signWebhook(body, { scheme: "slack", secret }),
      "content-type": "application/x-www-form-urlencoded",
    };
    return router.handle(new Request("http://localhost/webhook", { method: "POST", headers, body }));
  };
  useSettings({ SLACK_SIGNING_SECRET: SIGNING_SECRET });
  expect(await (await post(SIGNING_SECRET)).json()).toEqual({
    response_type: "ephemeral",
    text: "Asked: When?",
  });
  expect(heddle.firstMessage).toMatchObject({ content: "Ada: When?", runAgent: true, author: { id: ADA } });
  expect((await post("another")).status).not.toBe(200);
});

test("a test of the connection tries both tokens, and names the one that Slack does not accept", async () => {
  const { signal } = new AbortController();
  const check = async () => registered().integration?.testConnection?.({ signal });
  useSettings({ SLACK_APP_TOKEN: undefined });
  expect(await check()).toBe(
    `Signed in as heddle in Test Team (${TEAM}). Events come over HTTP, since there is no SLACK_APP_TOKEN.`,
  );
  useSettings({ SLACK_APP_TOKEN: "xapp-wrong" });
  await expect(check()).rejects.toThrow("SLACK_APP_TOKEN");
  useSettings({ SLACK_APP_TOKEN: undefined, SLACK_BOT_TOKEN: "xoxb-wrong" });
  await expect(check()).rejects.toThrow("SLACK_BOT_TOKEN");
});

test("reactions to what the bot has posted are told once, to its conversation; all others are left alone", async () => {
  heddle.people.push({ id: BEN, name: "Ben", place: null, status: "blocked" });
  const { receipt } = await deliver("slack", { channel_id: GENERAL }, "It is **nine**.\n\nReally.");
  const ts = (receipt as { ts: string[] }).ts[0];
  const react = (more: object = {}) =>
    receiveAny(
      envelopeOf({
        ...{ type: "reaction_added", user: ADA, reaction: "thumbsup", event_ts: "9.1" },
        ...{ item: { type: "message", channel: GENERAL, ts }, ...more },
      }) as never,
    );
  expect(await react()).toEqual({ status: "processed" });
  await react();
  await react({ type: "reaction_removed", event_ts: "9.2" });
  expect(await react({ user: BOT })).toMatchObject({ reason: "own" });
  expect(await react({ user: BEN })).toMatchObject({ reason: "not_allowed" });
  expect(await react({ item: { type: "message", channel: GENERAL, ts: "5.5" } })).toMatchObject({
    reason: "unknown",
  });
  expect(await react({ item: { type: "file", file: "F1" } })).toMatchObject({ reason: "unhandled" });
  expect(await react({ reaction: null })).toMatchObject({ reason: "unhandled" });
  useSettings({ SLACK_WHO_MAY_TALK: "allowed" });
  expect(await react({ event_ts: "9.3" })).toMatchObject({ reason: "not_allowed" });
  const keys = heddle.messages.map(({ idempotencyKey }) => idempotencyKey);
  expect(new Set(keys).size).toBe(2);
  expect(
    heddle.messages
      .map(({ content, notify, runAgent, author }) => [content, notify, runAgent, author?.id])
      .slice(-2),
  ).toEqual([
    ['Ada has reacted with :thumbsup: to what you wrote: "It is **nine**. Really."', false, undefined, ADA],
    [
      'Ada has taken back the reaction :thumbsup: to what you wrote: "It is **nine**. Really."',
      false,
      undefined,
      ADA,
    ],
  ]);
});

test("what a whole company clicks on does not fill a conversation", async () => {
  const { receipt } = await deliver("slack", { channel_id: GENERAL }, "Lunch?");
  const ts = (receipt as { ts: string[] }).ts[0];
  const outcomes: unknown[] = [];
  for (let at = 0; at < 25; at++) {
    const item = { type: "message", channel: GENERAL, ts };
    const event = { type: "reaction_added", user: ADA, reaction: `r${at}`, item, event_ts: `${at}.1` };
    outcomes.push((await receiveAny(envelopeOf(event) as never)).reason);
  }
  expect(outcomes.filter((reason) => reason === "too_many")).toHaveLength(5);
  expect(heddle.messages).toHaveLength(20);
});
