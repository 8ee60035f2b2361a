// Services that call Heddle: Slack over HTTP, Telegram by webhook, and a GitHub App with two installations. Whoever writes is let in with the code that
// the bot gives them, where it gives one.

import { slackDrivers } from "../chat-contract/drivers/slack.ts";
import { startCuttingProxy } from "../fakes/cutting-proxy.ts";
import { BOT_TOKEN, SIGNING_SECRET } from "../fakes/slack/ids.ts";
import { createFakeTelegram, messageOf, PERSON } from "../fakes/telegram.ts";
import { until } from "../until.ts";
import { subjectOf } from "./chats.ts";
import { gitHubApp } from "./github-app.ts";
import type { Subject } from "./subject.ts";

export async function webhooks(url: () => string): Promise<Subject[]> {
  return [await slackByHttp(), await telegramByWebhook(url), await gitHubApp(url)] as Subject[];
}

/** Without the token for Socket Mode, so that nothing can come another way. */
async function slackByHttp() {
  const [socket, http] = await slackDrivers();
  if (!socket || !http) throw new Error("There are two drivers for Slack.");
  const settings = {
    ...{ SLACK_API_URL: socket.environment.SLACK_API_URL ?? "", SLACK_BOT_TOKEN: BOT_TOKEN },
    SLACK_SIGNING_SECRET: SIGNING_SECRET,
  };
  return { ...subjectOf(http), settings, lacks: NO_CONNECTION, stop: () => socket.stop() };
}

const NO_CONNECTION = { cut: "No connection is held.", drop: "No connection is held." };
const TELEGRAM_SECRET = "secret-of-the-webhook-of-the-walk";

async function telegramByWebhook(url: () => string): Promise<Subject<string>> {
  const telegram = createFakeTelegram();
  const proxy = await startCuttingProxy(Number(new URL(telegram.url).port));
  const chats = { chats: new Map([[PERSON, { id: PERSON, type: "private", isBlocked: false }]]) };
  const shown = () => telegram.shown(PERSON);
  const markOf = (told: string) => told.split(" ")[0] ?? "";
  return {
    ...{ name: "Telegram by webhook", integration: "telegram", connection: "updates" },
    ...{ approver: `telegram:${PERSON}`, lacks: {}, mayDouble: "Telegram knows no keys of what is posted." },
    settings: {
      ...{ TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_URL: `http://127.0.0.1:${proxy.port}` },
      TELEGRAM_WEBHOOK_SECRET: TELEGRAM_SECRET,
    },
    async prepare(heddle) {
      telegram.webhookTarget = `${url()}/integrations/telegram/webhook`;
      await heddle.connected("telegram", "updates");
      const { detail } = (await heddle.connection("telegram", "updates")) ?? {};
      if (!detail?.includes("by webhook")) throw new Error(`It is connected ${detail}.`);
      telegram.say("Hello?");
      const refusal = await until(() => shown().find(({ text }) => text.includes("Give this code")));
      const text = String(refusal?.text);
      await heddle.api("/people/pair", { code: text.slice(text.lastIndexOf(" ") + 1) });
    },
    async tell(text) {
      telegram.say(text);
      return text;
    },
    answers: () =>
      shown()
        .filter(({ buttons, text }) => buttons.length === 0 && !text.includes("to call"))
        .map(({ text }) => text),
    progress: (told) => telegram.drafts.map(({ text }) => text).filter((text) => text.includes(markOf(told))),
    question(told) {
      const found = shown().find(({ text }) => text.includes("to call") && text.includes(markOf(told)));
      return found && { text: found.text, yes: found.buttons[0]?.callback_data };
    },
    async decide(_told, { yes }) {
      const id = `press-${telegram.toasts.length}`;
      const { from } = messageOf(chats, 1, PERSON, PERSON);
      telegram.update({ callback_query: { id, from, data: yes, message: messageOf(chats, 1, PERSON, 7) } });
      return String(await until(() => telegram.toasts.find((toast) => toast.id === id)?.text));
    },
    cut: proxy.cut,
    drop: proxy.drop,
    back: () => telegram.bringAgain(),
    async stop() {
      proxy.stop();
      await telegram.close();
    },
  };
}
