// Sockets that are half open: the network swallows what they carry and tells nobody. Every listener notices, says so and connects again.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { channel } from "node:diagnostics_channel";
import { getLogger } from "@logtape/logtape";
import { fakeHeddle, registered, useSettings } from "heddle/sdk/testing";
import "../../integrations/discord/listeners.ts";
import "../../integrations/frigate/listeners.ts";
import "../../integrations/homeassistant/listeners.ts";
import "../../integrations/mail/listeners.ts";
import "../../integrations/ntfy/listeners.ts";
import "../../integrations/slack/listeners.ts";
import "../../integrations/telegram/listeners.ts";
import { startLoop } from "../../src/listeners/loop.ts";
import { type CuttingProxy, startCuttingProxy } from "../fakes/cutting-proxy.ts";
import { startFakeDiscord } from "../fakes/discord/fake-discord.ts";
import { TOKEN as DISCORD_TOKEN } from "../fakes/discord/ids.ts";
import { TOKEN as HOME_TOKEN, startFakeHome } from "../fakes/homeassistant.ts";
import { createFakeNtfy } from "../fakes/ntfy.ts";
import { startFakeSlack } from "../fakes/slack/fake-slack.ts";
import { APP_TOKEN, BOT_TOKEN } from "../fakes/slack/ids.ts";
import { createFakeTelegram } from "../fakes/telegram.ts";
import { BROKER_USER, hasBroker, startBroker } from "../frigate/broker.ts";
import { hasDovecot, MAILBOX, startDovecot } from "../mail/dovecot.ts";
import { until } from "../until.ts";

setDefaultTimeout(120_000);

/** Instead of up to 60. Listeners ask three times as often whether somebody is there. */
const SILENCE_SECONDS = 6;

interface Service {
  proxy: CuttingProxy;
  settings: Record<string, string>;
  stop(): void | Promise<void>;
}

const portOf = (url: string): number => Number(new URL(url).port);
const through = async (
  port: number,
  settings: (port: number) => Record<string, string>,
  stop: () => void | Promise<void>,
): Promise<Service> => {
  const proxy = await startCuttingProxy(port);
  return { proxy, settings: settings(proxy.port), stop };
};

/** By the names of the listeners. */
const SERVICES: Record<string, () => Promise<Service>> = {
  async socket() {
    const slack = startFakeSlack();
    const service = await through(portOf(slack.url), () => ({}), slack.stop);
    slack.socketUrl = `ws://127.0.0.1:${service.proxy.port}`;
    const settings = { SLACK_BOT_TOKEN: BOT_TOKEN, SLACK_APP_TOKEN: APP_TOKEN };
    return { ...service, settings: { ...settings, SLACK_API_URL: `${slack.url}/api/` } };
  },
  async gateway() {
    const discord = startFakeDiscord();
    const service = await through(portOf(discord.url), () => ({}), discord.stop);
    discord.gatewayUrl = `ws://127.0.0.1:${service.proxy.port}`;
    return { ...service, settings: { DISCORD_BOT_TOKEN: DISCORD_TOKEN, DISCORD_API_URL: discord.url } };
  },
  async updates() {
    const telegram = createFakeTelegram();
    const settings = { TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_POLL_SECONDS: "2" };
    return through(
      portOf(telegram.url),
      (port) => ({ ...settings, TELEGRAM_API_URL: `http://127.0.0.1:${port}` }),
      telegram.close,
    );
  },
  async topics() {
    const ntfy = createFakeNtfy({ keepAliveMs: 2_000 });
    return through(
      portOf(ntfy.url),
      (port) => ({ NTFY_URL: `http://127.0.0.1:${port}`, NTFY_LISTEN: "ops" }),
      ntfy.close,
    );
  },
  async events() {
    const home = startFakeHome();
    return through(
      portOf(home.url),
      (port) => ({ HOMEASSISTANT_URL: `http://127.0.0.1:${port}`, HOMEASSISTANT_TOKEN: HOME_TOKEN }),
      home.stop,
    );
  },
  ...(hasBroker && {
    async mqtt() {
      const broker = await startBroker();
      const { username, password } = BROKER_USER;
      const user = { FRIGATE_MQTT_USERNAME: username, FRIGATE_MQTT_PASSWORD: password };
      return through(
        broker.port,
        (port) => ({ ...user, FRIGATE_MQTT_BROKER: "127.0.0.1", FRIGATE_MQTT_PORT: String(port) }),
        broker.stop,
      );
    },
  }),
  ...(hasDovecot && {
    async imap() {
      const dovecot = await startDovecot();
      const mailbox = { MAIL_ADDRESS: MAILBOX.user, MAIL_PASSWORD: MAILBOX.pass, MAIL_TLS: "off" };
      const server = { MAIL_IMAP_HOST: "127.0.0.1", MAIL_POLL_SECONDS: "2" };
      return through(
        dovecot.port,
        (port) => ({ ...mailbox, ...server, MAIL_IMAP_PORT: String(port) }),
        dovecot.stop,
      );
    },
  }),
};

const listenerOf = (name: string) => {
  const found = registered().listeners.find((one) => one.name === name);
  if (!found) throw new Error(`There is no listener "${name}".`);
  return found;
};

/** What the listener reports while its network is there, vanishes, and is there again. */
async function cutAndWait(name: string, { proxy }: Service): Promise<void> {
  const reports: string[] = [];
  let heard = 0;
  const started = performance.now();
  const loop = startLoop({
    listener: { ...listenerOf(name), silenceSeconds: SILENCE_SECONDS },
    name,
    since: async () => null,
    report: (status) => void reports.push(status),
    alive: () => {
      heard += 1;
    },
    log: getLogger("test"),
    now: () => performance.now(),
    sleep: (_ms, signal) => Bun.sleep(20).then(() => signal.throwIfAborted()),
    random: () => 0,
  });
  try {
    // It stays connected for longer than a silence may last.
    await until(() => heard > 2 && performance.now() - started > (SILENCE_SECONDS + 1) * 1_000);
    expect(reports).toEqual(["connecting", "connected"]);
    const before = proxy.connections;
    proxy.cut();
    await until(
      () => reports.slice(2),
      (since) => since.includes("degraded") && since.at(-1) === "connected",
    );
    expect(proxy.connections).toBeGreaterThan(before);
  } finally {
    await loop.stop();
  }
}

const heddle = fakeHeddle();
const services = new Map<string, Service>();
const outcomes = new Map<string, Promise<unknown>>();
beforeAll(async () => {
  for (const [name, start] of Object.entries(SERVICES)) services.set(name, await start());
  useSettings(Object.assign({}, ...[...services.values()].map(({ settings }) => settings)));
  // All at once, since they only wait.
  for (const [name, service] of services)
    outcomes.set(
      name,
      cutAndWait(name, service).then(
        () => undefined,
        (error: unknown) => error,
      ),
    );
});
afterAll(async () => {
  // Other files may follow in this process.
  const keys = [...services.values()].flatMap(({ settings }) => Object.keys(settings));
  useSettings(Object.fromEntries(keys.map((key) => [key, undefined])));
  heddle.clear();
  heddle.restore();
  for (const { proxy, stop } of services.values()) {
    proxy.stop();
    await stop();
  }
});

test.each(Object.keys(SERVICES))(
  "%s: a network that vanishes is noticed, told, and listened over again",
  async (name) => {
    const error = await outcomes.get(name);
    if (error !== undefined) throw error;
  },
);

test("the pong of another socket of this process is not taken for Slack's", async () => {
  // The service of this name is the network of another test, which listens beside it.
  await outcomes.get("socket");
  const stopping = new AbortController();
  const connected = Promise.withResolvers<void>();
  let heard = 0;
  const listening = listenerOf("socket").run({
    ...{ signal: stopping.signal, since: null, silenceSeconds: SILENCE_SECONDS, attempt: 1 },
    ...{ connected: () => connected.resolve(), degraded: () => {} },
    alive: () => {
      heard += 1;
    },
  });
  await connected.promise;
  const before = heard;
  const payload = Buffer.from("Ping from client (1)");
  channel("undici:websocket:pong").publish({ websocket: { url: "wss://elsewhere.example/link" }, payload });
  expect(heard).toBe(before);
  await until(() => heard > before);
  stopping.abort();
  await listening;
});

test("no listener is deaf for more than a minute without saying so", () => {
  const names = ["socket", "gateway", "updates", "topics", "events", "mqtt", "imap", "gmail"];
  const limits = names.map((name) => listenerOf(name).silenceSeconds ?? Number.POSITIVE_INFINITY);
  expect(Math.max(...limits)).toBeLessThanOrEqual(60);
});
