// Questions with every kind of text, at each service: what it takes at once is not exceeded, no text is cut within a character, and whoever
// can decide is shown all of the arguments.

import { afterAll, describe, expect, test } from "bun:test";
import type { AskedApproval } from "heddle/sdk";
import { dispatchContext, fakeFetch, fakeHeddle, useServer, useSettings } from "heddle/sdk/testing";
import { argumentsText } from "../../integrations/_decisions/arguments.ts";
import { askInComment } from "../../integrations/_forge/approvals.ts";
import { askWithButtons as askInDiscord } from "../../integrations/discord/approvals.ts";
import { askByNotification } from "../../integrations/homeassistant/approvals.ts";
import { askByActions } from "../../integrations/ntfy/approvals.ts";
import { askWithButtons as askInSlack } from "../../integrations/slack/approvals.ts";
import { askByButtons as askInTelegram } from "../../integrations/telegram/approvals.ts";

// biome-ignore lint/suspicious/noExplicitAny: bodies of six services
type Body = any;

const heddle = fakeHeddle();
const bodies: Body[] = [];
let isHome = false;
const service = fakeFetch(async (request) => {
  bodies.push(JSON.parse(await request.text()));
  return Response.json(isHome ? [] : { id: "1" });
});
useServer({ baseUrl: "https://heddle.example.org", integrationId: "ntfy" });
useSettings({
  ...{ DISCORD_API_URL: "https://discord.example", DISCORD_BOT_TOKEN: "t", NTFY_URL: "https://ntfy.example" },
  ...{ HOMEASSISTANT_URL: "https://home.example", HOMEASSISTANT_TOKEN: "t" },
});
afterAll(() => {
  service.restore();
  heddle.restore();
  useServer(undefined);
});

const NAMES = ["telegram:1", "slack:T1/U1", "discord:1", "ntfy:ops", "homeassistant:u1", "github:ann"];
const THUMB = "\u{1f44d}";

/** Values of one argument. */
const TEXTS: Record<string, string> = {
  short: "front",
  quotes: '"\\'.repeat(180),
  "line ends": "a\n\t\r".repeat(120),
  emoji: THUMB.repeat(300),
  "families of emoji": "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}".repeat(20),
  "the other direction": "\u202eelif.exe\u2066 ".repeat(30),
  "no width": "pay\u200b\u2060\ufeffpal".repeat(20),
  Arabic: "\u0645\u0631\u062d\u0628\u0627 ".repeat(100),
  "letters of three bytes": "\u4f60".repeat(900),
  "half a character": "\ud83d".repeat(50),
  "what HTML and Markdown know": "<b>&`*_|~[x](y)".repeat(20),
  long: "x".repeat(2_700),
  "too long for anybody": "x".repeat(60_000),
};
/** The longest names that there are, and reasons that a cut would divide. */
const ABOUT: Record<string, Partial<AskedApproval>> = {
  plain: { tool: "open_door", policy: "Doors", reason: "Burglars." },
  long: { tool: "_".repeat(64), policy: THUMB.repeat(100), reason: `a${THUMB.repeat(499)}` },
  quoted: { tool: "t".repeat(64), policy: '"'.repeat(200), reason: "&".repeat(1_000) },
};

interface Shown {
  text: string;
  /** What the buttons are called by; empty: nobody can decide here. */
  buttons: string[];
}

const textsIn = (value: unknown): string[] =>
  typeof value === "string"
    ? [value]
    : typeof value === "object" && value !== null
      ? Object.values(value).flatMap(textsIn)
      : [];
/** The one body that was posted; undefined if nothing was. */
const posted = (): Body => {
  expect(bodies.length).toBeLessThan(2);
  return bodies.shift();
};
/** A method of a client that takes a body. */
const taking =
  <Answer>(answer: Answer) =>
  async (body: Body) => {
    bodies.push(body);
    return answer;
  };
const bytes = (text: string): number => Buffer.byteLength(text);

const SERVICES: Record<string, (approval: AskedApproval) => Promise<Shown | undefined>> = {
  async Telegram(approval) {
    const telegram = { sendMessage: taking({ message_id: 1 }) };
    // A chat for each, since one gets a message a second.
    const config = { chat_id: ++chats };
    await askInTelegram({ approval, botId, config } as never, telegram as never, dispatchContext());
    const { text, reply_markup } = posted();
    const plain = text
      .replaceAll(/<\/?(?:b|pre|code)>/g, "")
      .replaceAll("&quot;", '"')
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&");
    expect(plain.length).toBeLessThanOrEqual(4_096);
    const buttons: string[] = (reply_markup?.inline_keyboard ?? [])
      .flat()
      .map((one: Body) => one.callback_data);
    for (const data of buttons) expect(bytes(data)).toBeLessThanOrEqual(64);
    return { text: plain, buttons };
  },
  async Slack(approval) {
    const post = taking({ ok: true, ts: "1" });
    const slack = { apiCall: (_: string, body: Body) => post(body) };
    await askInSlack(
      { approval, botId, receipt: undefined },
      slack as never,
      { channel: "C1" },
      dispatchContext(),
    );
    const body = posted();
    if (!body) return undefined;
    const [section, args, actions] = body.blocks;
    expect(section.text.text.length).toBeLessThanOrEqual(3_000);
    const [{ text }] = args.elements[0].elements;
    expect(text.length).toBeLessThanOrEqual(3_000);
    for (const { action_id, value } of actions.elements) {
      expect([action_id.length <= 255, value.length <= 2_000]).toEqual([true, true]);
    }
    return { text, buttons: actions.elements.map((one: Body) => one.value) };
  },
  async Discord(approval) {
    await askInDiscord({ approval, botId, config: { channel_id: "1" } } as never, dispatchContext());
    const body = posted();
    if (!body) return undefined;
    expect(body.content.length).toBeLessThanOrEqual(2_000);
    const buttons: string[] = body.components[0].components.map((one: Body) => one.custom_id);
    for (const id of buttons) expect(id.length).toBeLessThanOrEqual(100);
    return { text: body.content.replaceAll("\\u0060", "`"), buttons };
  },
  async ntfy(approval) {
    const input = { approval, botId, config: { topic: "ops" } };
    await askByActions(input as never, { topic: "ops", tags: ["heddle"] }, dispatchContext());
    const body = posted();
    expect(bytes(body.message)).toBeLessThanOrEqual(4_096);
    // The server reads no more of a body than twice that.
    expect(bytes(JSON.stringify(body))).toBeLessThanOrEqual(8_192);
    expect((body.actions ?? []).length).toBeLessThanOrEqual(3);
    return { text: body.message, buttons: (body.actions ?? []).map((one: Body) => one.url) };
  },
  async "Home Assistant"(approval) {
    isHome = true;
    const config = { service: "notify.phone" };
    await askByNotification({ approval, botId, config } as never, dispatchContext());
    isHome = false;
    const body = posted();
    // What the push services of phones take at once is 4 KB.
    expect(bytes(JSON.stringify(body))).toBeLessThanOrEqual(4_096);
    return { text: body.message, buttons: (body.data.actions ?? []).map((one: Body) => one.action) };
  },
  async GitHub(approval) {
    const about = { source: "github", service: "GitHub", place: { number: 1 } };
    const input = { approval, botId, receipt: undefined };
    await askInComment(input, about, dispatchContext(), {
      post: async (text) => void bodies.push(text),
      change: async () => undefined,
    });
    const text: string | undefined = posted();
    if (text === undefined) return undefined;
    expect(text.length).toBeLessThan(60_000);
    return { text, buttons: text.includes(`/approve ${approval.id}`) ? ["/approve"] : [] };
  },
};

const botId = "b".repeat(64);
let chats = 0;

describe.each(Object.entries(SERVICES))("%s", (_name, ask) => {
  test.each(Object.keys(TEXTS).flatMap((what) => Object.keys(ABOUT).map((about) => [what, about] as const)))(
    "%s, %s",
    async (what, about) => {
      const given = { text: TEXTS[what] ?? "" };
      const approval: AskedApproval = {
        ...{
          id: crypto.randomUUID(),
          tool: "",
          policy: "",
          reason: null,
          status: "pending",
          approvers: NAMES,
        },
        ...{ decided_by: null, decided_at: null, arguments: given },
        expires_at: new Date(Date.now() + 3_600_000).toISOString(),
        ...ABOUT[about],
      };
      const shown = await ask(approval);
      if (what === "short") expect(shown?.buttons.length).toBeGreaterThan(0);
      if (what === "too long for anybody") expect(shown?.buttons ?? []).toEqual([]);
      if (!shown) return;
      const ways = [argumentsText(approval), argumentsText(approval, 1)];
      if (shown.buttons.length > 0) expect(ways.some((text) => shown.text.includes(text))).toBe(true);
      for (const text of textsIn(shown)) expect(text.isWellFormed()).toBe(true);
      expect(/[\u200b\u202e\u2060\u2066\ufeff]/.test(shown.text)).toBe(false);
    },
  );
});
