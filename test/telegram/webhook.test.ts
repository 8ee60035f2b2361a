// Updates by webhook: only with the secret token, groups of photos as one message, and back to asking.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { type FakeService, fakeService, useServer, useSettings } from "heddle/sdk/testing";
import { connectTelegram } from "../../integrations/telegram/client.ts";
import { watchWebhook } from "../../integrations/telegram/listeners.ts";
import { router } from "../../integrations/telegram/router.ts";
import { messageOf, PERSON } from "../fakes/telegram.ts";
import { until } from "../until.ts";
import { telegramFixture } from "./fixture.ts";

const it = telegramFixture();
const SECRET = "a-secret-of-the-webhook";
let server: FakeService;

beforeEach(async () => {
  useServer({ baseUrl: "https://heddle.example", integrationId: "telegram" });
  useSettings({ TELEGRAM_WEBHOOK_SECRET: SECRET });
  server = await fakeService((request) => router.handle(request));
  it.telegram.webhookTarget = `${server.url}/webhook`;
});
afterEach(async () => {
  useServer(undefined);
  await server.close();
});

const post = (body: unknown, token: string) =>
  router.handle(
    new Request("http://heddle.internal/webhook", {
      method: "POST",
      headers: { "content-type": "application/json", "x-telegram-bot-api-secret-token": token },
      body: JSON.stringify(body),
    }),
  );
const message = (id: number) => messageOf({ chats: new Map() }, id, PERSON, PERSON);

test("Telegram is told where to call, with the secret, and its calls are messages", async () => {
  await it.listen();
  expect(it.telegram.callsOf("setWebhook")).toMatchObject([
    { fields: { url: "https://heddle.example/integrations/telegram/webhook", secret_token: SECRET } },
  ]);
  expect(it.telegram.callsOf("getUpdates")).toEqual([]);
  it.telegram.say("Hello");
  await until(() => it.telegram.waiting() === 0);
  expect(it.heddle.firstMessage).toMatchObject({ content: "Hello", runAgent: true });
});

test("nobody else may call it", async () => {
  const update = { update_id: 1, message: { ...message(1), text: "Hello" } };
  expect((await post(update, "wrong")).status).toBe(403);
  useSettings({ TELEGRAM_WEBHOOK_SECRET: "" });
  expect((await post(update, "")).status).toBe(403);
  expect(it.heddle.messages).toEqual([]);
});

test("photos in requests of their own are one message, also if the first request comes again", async () => {
  const photo = (id: string) => [{ file_id: id, file_unique_id: id, width: 1, height: 1, file_size: 3 }];
  it.telegram.addFile("one", "one");
  it.telegram.addFile("two", "two");
  const first = { update_id: 11, message: { ...message(11), media_group_id: "g", photo: photo("one") } };
  const second = { update_id: 12, message: { ...message(12), media_group_id: "g", photo: photo("two") } };
  const answers = await Promise.all([post(first, SECRET), post(second, SECRET)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  await post(first, SECRET);
  expect(it.heddle.messages).toHaveLength(1);
  const files = it.heddle.firstMessage.attachments?.map(({ data }) => Buffer.from(data, "base64").toString());
  expect(files).toEqual(["one", "two"]);
});

test("without https, or on a port that Telegram does not call, Heddle asks", async () => {
  useServer({ baseUrl: "https://heddle.example:9000", integrationId: "telegram" });
  it.telegram.say("Hello");
  await it.listen();
  await until(() => it.heddle.messages.length === 1);
  expect(it.telegram.callsOf("deleteWebhook")).toHaveLength(1);
  expect(it.telegram.callsOf("setWebhook")).toEqual([]);
});

test("people are told whether Telegram can call the webhook, and that another program has changed it", async () => {
  const said: string[] = [];
  const stopping = new AbortController();
  const url = "https://heddle.example:8443/integrations/telegram/webhook";
  const watching = watchWebhook(
    connectTelegram(),
    url,
    "as @ops_bot",
    {
      signal: stopping.signal,
      connected: (detail) => said.push(`connected ${detail}`),
      degraded: (reason) => said.push(reason),
      alive: () => {},
    },
    20,
  );
  await until(() => said.length > 0);
  // Nothing is there where Telegram calls.
  it.telegram.webhookTarget = `${server.url}/nowhere`;
  await Bun.sleep(1_000);
  it.telegram.say("Is anybody there?");
  await until(() => said.at(-1)?.includes("cannot call") === true);
  expect(said.at(-1)).toBe("Telegram cannot call the webhook, 1 messages wait: Wrong response: 404");
  it.telegram.webhookTarget = `${server.url}/webhook`;
  await it.telegram.bringAgain();
  await until(() => said.at(-1)?.startsWith("connected") === true);
  await connectTelegram().setWebhook({ url: "https://other.example/" });
  await expect(watching).rejects.toThrow("Another program has changed the webhook of this bot.");
});
