// Events over HTTP that never came are looked up, at a bounded cost.

import { afterAll, beforeEach, expect, setSystemTime, test } from "bun:test";
import { store } from "heddle/sdk";
import { fakeHeddle, useServer, useSettings } from "heddle/sdk/testing";
import { lookForMissed } from "../../integrations/slack/look-for-missed.ts";
import { receiveAny } from "../../integrations/slack/receive-any.ts";
import { router } from "../../integrations/slack/router.ts";
import { signWebhook } from "../../src/sdk/index.ts";
import { envelopeOf, type Posted, startFakeSlack } from "../fakes/slack/fake-slack.ts";
import { ADA, BOT, BOT_TOKEN, GENERAL, SIGNING_SECRET } from "../fakes/slack/ids.ts";

const MINUTE = 60_000;
const slack = startFakeSlack();
const heddle = fakeHeddle({ controls: { findChannel: async () => undefined } as never });
let now = Date.now();
afterAll(() => {
  setSystemTime();
  useServer(undefined);
  heddle.restore();
  slack.stop();
});
beforeEach(async () => {
  heddle.clear();
  slack.messages.length = 0;
  slack.calls.length = 0;
  // Which places there are is stored once a day.
  pass(2 * 24 * 60);
  useServer({ baseUrl: "https://heddle.example", integrationId: "slack" } as never);
  useSettings({
    ...{
      SLACK_API_URL: `${slack.url}/api/`,
      SLACK_BOT_TOKEN: BOT_TOKEN,
      SLACK_SIGNING_SECRET: SIGNING_SECRET,
    },
    ...{ SLACK_THREADS: "never", SLACK_WHO_MAY_TALK: undefined },
  });
});

function pass(minutes: number): void {
  now += minutes * MINUTE;
  setSystemTime(now);
}

/** Something is said, and Slack tells nobody. */
function untold(text: string, channel = GENERAL): void {
  const ts = slack.nextTs();
  slack.messages.push({
    channel,
    user: ADA,
    text: `<@${BOT}> ${text}`,
    ts,
    edits: [],
    reactions: [],
    cards: {},
  });
}

async function told(text: string, channel = GENERAL): Promise<void> {
  untold(text, channel);
  const { ts, user } = slack.messages.at(-1) ?? { ts: "" };
  const event = { type: "message", channel_type: "channel", channel, user, ts, text: `<@${BOT}> ${text}` };
  await receiveAny(envelopeOf(event) as never);
}

/** What people are told, if anything. */
async function look(since: number | null = now - 5 * MINUTE): Promise<string[]> {
  const said: string[] = [];
  slack.calls.length = 0;
  await lookForMissed({
    since: since === null ? null : new Date(since),
    signal: new AbortController().signal,
    degraded: (reason) => said.push(reason),
  });
  return said;
}
const contents = () => heddle.events.map(({ content }) => content);
const reads = () => slack.calls.filter((method) => method.startsWith("conversations.h")).length;

test("what was said while the address could not be reached is looked up, and people are told", async () => {
  expect(await look(null)).toEqual([]);
  await told("Heard");
  pass(5);
  expect(await look()).toEqual([]);
  untold("Missed");
  pass(20);
  untold("Just now");
  expect(await look()).toEqual([
    "Slack could not deliver 1 message, which had to be looked up. https://heddle.example/integrations/slack/webhook must be reachable from outside.",
  ]);
  expect(contents()).toEqual(["Ada: Heard", "Ada: Missed"]);
  // Its event was on its way, and is not.
  pass(5);
  expect(await look()).toHaveLength(1);
  expect(contents()).toEqual(["Ada: Heard", "Ada: Missed", "Ada: Just now"]);
  pass(5);
  expect(await look()).toEqual([]);
  expect(reads()).toBe(1);
});

test("only the latest places are read each time; all of them once anything was missed, or was sent again", async () => {
  await look();
  for (let room = 1; room <= 30; room++) {
    await told("Hello", `C0ROOM${room}`);
    pass(1);
  }
  await look();
  pass(5);
  untold("In an old place", "C0ROOM2");
  pass(5);
  expect(await look()).toEqual([]);
  expect(reads()).toBe(20);
  untold("In a new place", "C0ROOM29");
  pass(5);
  expect(await look()).toEqual([expect.stringContaining("2 messages")]);
  expect(contents().slice(-2)).toEqual(["Ada: In a new place", "Ada: In an old place"]);
  expect(reads()).toBe(50);

  pass(60);
  await look();
  untold("Again in an old place", "C0ROOM3");
  pass(5);
  const body = JSON.stringify(
    envelopeOf({ type: "message", channel: "C0ROOM29", user: BOT, ts: slack.nextTs() }),
  );
  const headers = {
    ...signWebhook(body, { scheme: "slack", secret: SIGNING_SECRET }),
    ...{ "content-type": "application/json", "x-slack-retry-num": "1", "x-slack-retry-reason": "http_error" },
  };
  expect(
    (await router.handle(new Request("http://heddle.internal/webhook", { method: "POST", headers, body })))
      .status,
  ).toBe(200);
  expect(await look()).toEqual([expect.stringContaining("1 message,")]);
  expect(contents().at(-1)).toBe("Ada: Again in an old place");
  // Once for all of them.
  pass(5);
  expect(await look()).toEqual([]);
  expect(reads()).toBe(20);
});

test("a long silence is not read from its beginning", async () => {
  await look();
  await told("Heard");
  await store.set("looked", { latest: now, all: now - 20 * 24 * 60 * MINUTE });
  slack.messages.unshift({
    ...(slack.messages[0] as Posted),
    ts: `${Math.floor(now / 1_000) - 5 * 86_400}.000001`,
    text: `<@${BOT}> Days ago`,
  });
  untold("Missed");
  pass(5);
  expect(await look()).toHaveLength(1);
  expect(contents()).toEqual(["Ada: Heard", "Ada: Missed"]);
});

test("a place in which much was said is read page by page", async () => {
  await look();
  await told("Heard");
  pass(5);
  await look();
  for (let number = 0; number < 450; number++) untold(`Missed ${number}`);
  pass(5);
  expect(await look()).toEqual([expect.stringContaining("450 messages")]);
  const missed = Array.from({ length: 450 }, (_, number) => `Ada: Missed ${number}`);
  expect(contents()).toEqual(["Ada: Heard", ...missed]);
});
