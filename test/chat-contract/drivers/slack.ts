// Slack over Socket Mode, and over HTTP: one app in one workspace, whose channels differ in how their events come.

import { expect } from "bun:test";
import { signWebhook } from "../../../src/sdk/index.ts";
import { startCuttingProxy } from "../../fakes/cutting-proxy.ts";
import {
  envelopeOf,
  type FakeSlack,
  type SlackRefuses,
  startFakeSlack,
} from "../../fakes/slack/fake-slack.ts";
import { ADA, APP_TOKEN, BOT, BOT_TOKEN, SIGNING_SECRET, TEAM } from "../../fakes/slack/ids.ts";
import type { ChatDriver, Said, Trouble } from "../driver.ts";
import { eventually } from "../eventually.ts";
import { slackCases, slackCasesAtTheEnd, slackOverKill } from "../own/slack.ts";
import type { World } from "../world.ts";

export async function slackDrivers(): Promise<ChatDriver[]> {
  const slack = startFakeSlack();
  const proxy = await startCuttingProxy(Number(new URL(slack.url).port));
  slack.socketUrl = `ws://127.0.0.1:${proxy.port}`;
  const environment = {
    ...{ SLACK_API_URL: `${slack.url}/api/`, SLACK_BOT_TOKEN: BOT_TOKEN, SLACK_APP_TOKEN: APP_TOKEN },
    SLACK_SIGNING_SECRET: SIGNING_SECRET,
  };
  const socket: ChatDriver = {
    ...conversing(slack),
    ...{ name: "Slack by Socket Mode", listener: "socket", environment },
    lacks: {},
    connections: () => slack.connections,
    drop: proxy.drop,
    cut: proxy.cut,
    back: () => slack.sendAgain(),
    own: slackCases(slack),
    overKill: slackOverKill(slack),
    ownLast: slackCasesAtTheEnd(slack),
    stop() {
      proxy.stop();
      slack.stop();
    },
  };
  return [socket, overHttp(slack)];
}

let rooms = 0;

type Conversing = Omit<ChatDriver, "name" | "listener" | "environment" | "lacks" | "connections" | "stop">;

function conversing(slack: FakeSlack): Conversing {
  const event = (said: Said, fields: object) => ({
    ...{ type: "message", channel: said.room, ts: slack.nextTs(), thread_ts: said.conversation },
    ...{ parent_user_id: ADA, channel_type: "channel", ...fields },
  });
  const tell = (fields: object) => void slack.send("events_api", envelopeOf(fields));
  const inThread = ({ room, conversation }: Said) =>
    slack.messages.filter(
      (one) => one.channel === room && one.thread_ts === conversation && one.bot_id === "B0BOT",
    );
  const asked = (said: Said) =>
    inThread(said).find(({ text, blocks }) => blocks !== undefined && text.includes("to call"));
  const press = (said: Said, value: string, user: string) => {
    const ids = { user: { id: user }, team: { id: TEAM }, channel: { id: said.room } };
    const actions = [{ action_id: "heddle_approve", value }];
    const message = { ts: said.id, thread_ts: said.conversation };
    slack.send("interactive", { type: "block_actions", ...ids, message, actions });
  };
  return {
    integration: "slack",
    limit: 12_000,
    approver: `slack:${ADA}`,
    prepare: (world) => world.allow("slack", ADA),
    room: () => `C0ROOM${++rooms}`,
    say(room, text, after) {
      const more = after ? { thread_ts: after.conversation, parent_user_id: ADA } : {};
      const id = slack.write(ADA, room, after ? text : `<@${BOT}> ${text}`, more);
      return { room, id, conversation: after?.conversation ?? id };
    },
    redeliver({ room, id }) {
      const { text, thread_ts } = slack.messages.find(({ ts }) => ts === id) ?? { text: "" };
      tell({
        ...{ type: "message", channel: room, user: ADA, text, ts: id, channel_type: "channel" },
        ...(thread_ts !== undefined && { thread_ts, parent_user_id: ADA }),
      });
    },
    edit(said, text) {
      const before = {
        type: "message",
        user: ADA,
        text: "before",
        ts: said.id,
        thread_ts: said.conversation,
      };
      const message = { ...before, text, edited: { user: ADA, ts: slack.nextTs() } };
      tell(event(said, { subtype: "message_changed", message, previous_message: before }));
    },
    react(said) {
      const item = { type: "message", channel: said.room, ts: inThread(said).at(-1)?.ts };
      const about = { user: ADA, reaction: "thumbsup", item_user: BOT, event_ts: "1790000000.000001" };
      tell({ type: "reaction_added", item, ...about });
    },
    mention: `<@${BOT}>`,
    remove(said) {
      const found = slack.messages.find(({ ts }) => ts === said.id);
      if (!found) throw new Error(`There is no message ${said.id}`);
      const previous_message = { type: "message", user: ADA, text: found.text, ts: said.id };
      if (inThread(said).length === 0) {
        slack.messages.splice(slack.messages.indexOf(found), 1);
        tell(event(said, { subtype: "message_deleted", deleted_ts: said.id, previous_message }));
        return;
      }
      // Where there are replies, Slack leaves something to which they belong.
      Object.assign(found, { user: "USLACKBOT", text: "This message was deleted." });
      const message = { ...found, type: "message", subtype: "tombstone", hidden: true };
      tell(event(said, { subtype: "message_changed", message, previous_message }));
    },
    sayFile(after) {
      const id = `F${after.id}`;
      slack.files.set(id, { name: "note.txt", bytes: new TextEncoder().encode("A note.") });
      const file = { id, name: "note.txt", mimetype: "text/plain", size: 7 };
      const files = [{ ...file, url_private: `${slack.url}/files/${id}` }];
      const more = { thread_ts: after.conversation, parent_user_id: ADA, subtype: "file_share", files };
      return { ...after, id: slack.write(ADA, after.room, "", more) };
    },
    removeShown(said) {
      const at = slack.messages.findIndex(
        (one) => one.bot_id === "B0BOT" && one.thread_ts === said.conversation,
      );
      return slack.messages.splice(at, at < 0 ? 0 : 1).length > 0;
    },
    removeConversation(said) {
      slack.messages = slack.messages.filter(({ thread_ts, ts }) => thread_ts !== said.id && ts !== said.id);
    },
    postsInRoom: (room) =>
      slack.messages
        .filter((one) => one.channel === room && one.thread_ts === undefined && one.bot_id === "B0BOT")
        .map(({ text }) => text),
    editFirst(room, text, edited) {
      const ts = slack.nextTs();
      const about = { type: "message", user: ADA, ts };
      const before = { ...about, text: `<@${BOT}> ${text}` };
      const message = { ...about, text: `<@${BOT}> ${edited}`, edited: { user: ADA, ts: slack.nextTs() } };
      const fields = { type: "message", channel: room, channel_type: "channel" };
      slack.messages.push({ channel: room, ...message, edits: [], reactions: [], cards: {} });
      tell({ ...fields, subtype: "message_changed", message, previous_message: before });
      tell({ ...fields, ...before });
      return { room, id: ts, conversation: ts };
    },
    echo: (said, text) => tell(event(said, { user: BOT, bot_id: "B0BOT", text })),
    saysBot: (said, text) =>
      tell(event(said, { subtype: "bot_message", bot_id: "B0OTHER", text: `<@${BOT}> ${text}` })),
    posts: (said) =>
      inThread(said)
        .filter(({ streaming, blocks }) => !streaming && blocks === undefined)
        .map(({ text }) => text),
    previews: (said) => inThread(said).flatMap(({ edits, grown = [] }) => [...grown, ...edits]),
    trouble(room, kind) {
      const methods = kind === "markup" || kind === "unsure" ? POSTING : [...POSTING, ...STREAMING];
      const begun = methods.map((method) => ({ ...refusals[kind], method, channel: room, isLasting: true }));
      slack.refuse.push(...begun);
      return () => {
        slack.refuse = slack.refuse.filter((one) => !begun.some((other) => other === one));
      };
    },
    question(said) {
      const question = asked(said);
      return question && { text: question.text, yes: yesIn(question.blocks ?? []) };
    },
    async forge(said, { yes = "" }) {
      const before = slack.whispers.length;
      press(said, yes, "U0EVE");
      return eventually(() => slack.whispers[before]?.text).then(String);
    },
    async press(said, { yes = "" }) {
      const before = slack.whispers.length;
      press(said, yes, ADA);
      const isShown = () => asked(said)?.text.includes("Allowed by Ada") === true;
      if (!isShown()) {
        await eventually(isShown);
        return "";
      }
      return eventually(() => slack.whispers[before]?.text).then(String);
    },
  };
}

const POSTING = ["chat.postMessage", "chat.update"];
const STREAMING = ["chat.startStream", "chat.appendStream", "chat.stopStream"];
const refusals: Record<Trouble, Omit<SlackRefuses, "method">> = {
  limit: { error: "ratelimited", retryAfter: 7 },
  down: { error: "internal_error" },
  unsure: { error: "", isDone: true },
  // What a server answers that knows no Markdown.
  markup: { error: "no_text", having: "markdown_text" },
};

// biome-ignore lint/suspicious/noExplicitAny: blocks are what the integration made of them
const yesIn = (blocks: any[]): string | undefined =>
  blocks.find(({ type }) => type === "actions")?.elements[0].value;

function overHttp(slack: FakeSlack): ChatDriver {
  let world: World | undefined;
  const failed: object[] = [];
  const refused: string[] = [];
  async function send(payload: object): Promise<void> {
    const isButton = "actions" in payload;
    const json = JSON.stringify(payload);
    const body = isButton ? `payload=${encodeURIComponent(json)}` : json;
    const type = isButton ? "application/x-www-form-urlencoded" : "application/json";
    const headers = {
      ...signWebhook(body, { scheme: "slack", secret: SIGNING_SECRET }),
      "content-type": type,
    };
    const url = `${world?.url}/integrations/slack/webhook`;
    const sent = fetch(url, { method: "POST", headers, body });
    const reason = await sent.then(
      async (answer) => (answer.ok ? undefined : `${answer.status} ${await answer.text()}`),
      String,
    );
    if (reason === undefined) return;
    // Slack sends again what was not answered with 2xx.
    failed.push(payload);
    refused.push(reason);
  }
  const base = conversing(slack);
  return {
    ...base,
    ...{ name: "Slack by HTTP", listener: null, environment: {} },
    lacks: { reconnect: "Slack connects for each event." },
    async prepare(given) {
      world = given;
    },
    room() {
      const room = base.room();
      slack.routes.set(room, (payload) => void send(payload));
      return room;
    },
    connections: () => 0,
    async back() {
      refused.length = 0;
      await Promise.all(failed.splice(0).map(send));
      expect(refused).toEqual([]);
    },
    stop: () => {},
  };
}
