// What only Slack has.

import { expect } from "bun:test";
import { signWebhook } from "../../../src/sdk/index.ts";
import { envelopeOf, type FakeSlack } from "../../fakes/slack/fake-slack.ts";
import { ADA, BEN, BOT, BOT_TOKEN, DIRECT, GENERAL, SIGNING_SECRET, TEAM } from "../../fakes/slack/ids.ts";
import type { KillCase, OwnCase } from "../driver.ts";
import { eventually } from "../eventually.ts";
import { answerTo } from "../world.ts";

const answeredAt = (slack: FakeSlack) => (mark: string, where: { channel: string; thread_ts?: string }) =>
  eventually(() =>
    slack.messages.find(
      ({ channel, thread_ts, user, text }) =>
        user === BOT &&
        channel === where.channel &&
        thread_ts === where.thread_ts &&
        text.includes(answerTo(mark)),
    ),
  );

export function slackCases(slack: FakeSlack): OwnCase[] {
  const answered = answeredAt(slack);
  const channelOf = async (
    world: { get(path: string): ReturnType<typeof fetch> | Promise<unknown> },
    id: string,
  ) => {
    const { channels } = (await world.get("/channels?limit=200")) as {
      channels: { client_id: string; active_session_id: string }[];
    };
    return channels.find(({ client_id }) => client_id === id);
  };

  return [
    {
      name: "talk that does not address the bot is not answered; a mention gets a reaction once it is",
      async run(world) {
        const other = slack.write(ADA, GENERAL, "{q900001} Nobody is asked here.");
        const asked = slack.write(ADA, GENERAL, `<@${BOT}> {q900002} What is &lt;up&gt;?`);
        await answered("{q900002}", { channel: GENERAL, thread_ts: asked });
        const client = `slack:${TEAM}:${GENERAL}:${asked}`;
        const session = (await channelOf(world, client))?.active_session_id;
        expect(JSON.stringify(await world.get(`/sessions/${session}/messages`))).toContain("What is <up>?");
        expect(slack.messages.some(({ thread_ts }) => thread_ts === other)).toBe(false);
        const marks = await eventually(
          () => slack.messages.find(({ ts }) => ts === asked)?.reactions ?? [],
          (found) => found.includes("white_check_mark"),
        );
        expect(marks).toEqual(["white_check_mark"]);
      },
    },
    {
      name: "a thread that others began is read first, and a direct message needs no mention",
      async run(world) {
        const parent = slack.write(ADA, GENERAL, "The printer is on fire.");
        slack.write(ADA, GENERAL, `<@${BOT}> {q900003} What shall we do?`, {
          ...{ thread_ts: parent, parent_user_id: ADA },
        });
        await answered("{q900003}", { channel: GENERAL, thread_ts: parent });
        const channel = await channelOf(world, `slack:${TEAM}:${GENERAL}:${parent}`);
        const messages = await world.get(`/sessions/${channel?.active_session_id}/messages`);
        expect(JSON.stringify(messages)).toContain("Ada: The printer is on fire.");
        slack.files.set("F900", { name: "no.png", bytes: new TextEncoder().encode("not a picture") });
        const file = { id: "F900", name: "no.png", mimetype: "image/png", size: 13 };
        const files = [{ ...file, url_private: `${slack.url}/files/F900` }];
        slack.write(ADA, DIRECT, "{q900004} Hello", { files });
        await answered("{q900004}", { channel: DIRECT });
        slack.files.set("F901", { name: "memo.mp3", bytes: new TextEncoder().encode("a recording") });
        const memo = { id: "F901", name: "memo.mp3", mimetype: "audio/mpeg", size: 11 };
        slack.write(ADA, DIRECT, "", { files: [{ ...memo, url_private: `${slack.url}/files/F901` }] });
        await answered("{q900007}", { channel: DIRECT });
      },
    },
    {
      name: "over HTTP a request must be signed",
      async run(world) {
        const body = JSON.stringify({ type: "url_verification", challenge: "abc" });
        const send = (secret: string) =>
          fetch(`${world.url}/integrations/slack/webhook`, {
            method: "POST",
            headers: {
              "content-type": "application/json",
              ...signWebhook(body, { scheme: "slack", secret }),
            },
            body,
          });
        expect(await (await send(SIGNING_SECRET)).json()).toEqual({ challenge: "abc" });
        expect((await send("another")).status).toBe(403);
      },
    },
    {
      name: "an event that comes over both transports, and again as Slack retries, is answered once",
      async run(world) {
        const text = `<@${BOT}> {q900007} Twice`;
        const ts = slack.write(ADA, GENERAL, text);
        const event = { type: "message", channel: GENERAL, user: ADA, text, ts, channel_type: "channel" };
        const body = JSON.stringify(envelopeOf(event));
        for (const number of ["1", "2"]) {
          const headers = {
            ...signWebhook(body, { scheme: "slack", secret: SIGNING_SECRET }),
            ...{ "content-type": "application/json", "x-slack-retry-num": number },
            "x-slack-retry-reason": "http_timeout",
          };
          const url = `${world.url}/integrations/slack/webhook`;
          expect((await fetch(url, { method: "POST", headers, body })).status).toBe(200);
        }
        await answered("{q900007}", { channel: GENERAL, thread_ts: ts });
        // Its turn comes after whatever would be answered twice.
        slack.write(ADA, GENERAL, "{q900008} And?", { thread_ts: ts, parent_user_id: ADA });
        await answered("{q900008}", { channel: GENERAL, thread_ts: ts });
        const texts = slack.messages.filter(({ thread_ts }) => thread_ts === ts).map((one) => one.text);
        expect(texts.filter((one) => one.includes(answerTo("{q900007}")))).toHaveLength(1);
      },
    },
    {
      name: "the guide's dispatch_config works literally, with a sealed token; a channel that is not there ends the delivery",
      async run(world) {
        const thread = slack.write(ADA, GENERAL, "A thread");
        const target = { type: "slack", channel_id: GENERAL, token: BOT_TOKEN, thread_ts: thread };
        const { session_id } = await world.send("/sessions", {
          ...{ client_id: "github:octo/hello", bot_id: "default" },
          dispatch_config: { ...target, reply_in_thread: true },
        });
        expect(JSON.stringify(await world.get(`/sessions/${session_id}`))).not.toContain(BOT_TOKEN);
        const say = (content: string, more: object = {}) =>
          world.send(`/sessions/${session_id}/messages`, { content, run_agent: true, notify: true, ...more });
        await say("{q900005} Guide");
        await answered("{q900005}", { channel: GENERAL, thread_ts: thread });
        await say("{q900006}", { dispatch_config: { type: "slack", channel_id: "C0NOWHERE" } });
        const dead = await eventually(
          async () => (await world.get("/deliveries?status=dead&dispatch_type=slack")).deliveries,
          (found) => found.length > 0,
        );
        expect(dead[0].last_error).toContain("channel_not_found");
        expect(dead[0].attempts).toBe(1);
        const tested = await world.send("/admin/integrations/slack/test-connection", {});
        expect(JSON.stringify(tested)).toContain("Socket Mode works.");
      },
    },
  ];
}

export function slackOverKill(slack: FakeSlack): KillCase {
  let began = "";
  let missed = "";
  /** Something is said, and Slack tells nobody. */
  function untold(text: string, more: object = {}): string {
    const ts = slack.nextTs();
    slack.messages.push({
      ...{ channel: GENERAL, user: ADA, text, ts, edits: [], reactions: [], cards: {}, ...more },
    });
    return ts;
  }
  return {
    name: "what was said while the server was away for so long that Slack tells of it no more is looked up",
    async before() {
      began = slack.write(ADA, GENERAL, `<@${BOT}> {q900020} Before`);
      await answeredAt(slack)("{q900020}", { channel: GENERAL, thread_ts: began });
    },
    away() {
      missed = untold(`<@${BOT}> {q900021} In the channel`);
      untold("{q900022} In the thread", { thread_ts: began, parent_user_id: ADA });
    },
    async after() {
      await answeredAt(slack)("{q900021}", { channel: GENERAL, thread_ts: missed });
      await answeredAt(slack)("{q900022}", { channel: GENERAL, thread_ts: began });
      const texts = slack.messages.map(({ text }) => text).join("\n");
      for (const mark of ["{q900020}", "{q900021}", "{q900022}"])
        expect(texts.split(answerTo(mark))).toHaveLength(2);
      // Of the cases before, which may have been left out.
      expect(texts.split(answerTo("{q900002}")).length).toBeLessThanOrEqual(2);
    },
  };
}

export const slackCasesAtTheEnd = (slack: FakeSlack): OwnCase[] => [
  {
    name: "where only those may talk who are allowed, others are let in by a code that nobody else sees",
    async run(world) {
      const setTo = (value: string) =>
        world.send("/admin/integrations/slack/settings", { settings: { SLACK_WHO_MAY_TALK: value } }, "PUT");
      await setTo("allowed");
      slack.write(BEN, GENERAL, `<@${BOT}> {q900010} Hello?`);
      const told = await eventually(
        () => slack.whispers.find(({ user, text }) => user === BEN && text.includes("Give this code"))?.text,
      );
      // The mention comes twice; whoever is let in between the two is answered.
      await eventually(() => slack.waiting() === 0);
      await world.send("/people/pair", { code: String(told).slice(String(told).lastIndexOf(" ") + 1) });
      const asked = slack.write(BEN, GENERAL, `<@${BOT}> {q900011} And now?`);
      await answeredAt(slack)("{q900011}", { channel: GENERAL, thread_ts: asked });
      expect(slack.messages.some(({ text }) => text.includes(answerTo("{q900010}")))).toBe(false);
      await setTo("");
    },
  },
];
