// What only Telegram has: messages that it brings itself, instead of being asked for them.

import { expect } from "bun:test";
import { type FakeTelegram, messageOf, PERSON } from "../../fakes/telegram.ts";
import type { KillCase } from "../driver.ts";
import { eventually } from "../eventually.ts";
import { answerTo, type World } from "../world.ts";

const SECRET = "secret-of-the-webhook-of-the-contract";

export function telegramOverKill(telegram: FakeTelegram): KillCase {
  let asked = 0;
  const addressOf = (world: World) => `${world.url}/integrations/telegram/webhook`;
  const setTo = (world: World, value: string) =>
    world.send(
      "/admin/integrations/telegram/settings",
      { settings: { TELEGRAM_WEBHOOK_SECRET: value } },
      "PUT",
    );
  return {
    name: "a secret turns the webhook on: what it brings is answered once, also over a kill; without it Heddle asks again",
    async before(world) {
      telegram.webhookTarget = addressOf(world);
      await setTo(world, SECRET);
      const set = await eventually(() => telegram.callsOf("setWebhook").at(-1));
      expect(set?.fields).toMatchObject({
        ...{ url: "https://heddle.example/integrations/telegram/webhook", secret_token: SECRET },
        drop_pending_updates: false,
      });
      asked = telegram.callsOf("getUpdates").length;
      expect((await fetch(addressOf(world), { method: "POST", body: "{}" })).status).toBe(403);
      telegram.say("{q920001} By webhook");
      await answered(telegram, "{q920001}");
      await pressed(telegram);
      // Telegram brings again what nobody has taken.
      telegram.say("{q920002} Just before");
    },
    away: () => void telegram.say("{q920003} While it is away"),
    async after(world) {
      await answered(telegram, "{q920002}");
      await answered(telegram, "{q920003}");
      expect(telegram.waiting()).toBe(0);
      expect(telegram.callsOf("getUpdates").length).toBe(asked);

      await setTo(world, "");
      await eventually(() => telegram.callsOf("getUpdates").length > asked);
      expect(telegram.callsOf("deleteWebhook").at(-1)?.fields).toEqual({ drop_pending_updates: false });
      expect(await connection(world)).not.toContain("webhook");
      telegram.say("{q920004} Asked for");
      await answered(telegram, "{q920004}");
      for (const mark of ["{q920001}", "{q920003}", "{q920004}"])
        expect(finished(telegram, mark)).toHaveLength(1);
      // Its answer may have been posted when the server was killed, before it was stored that it was: see the driver's mayDouble.
      expect(finished(telegram, "{q920002}").length).toBeLessThanOrEqual(2);
    },
  };
}

/** The server has another address after a start, and Telegram brings again what it could not bring. */
export async function bringAgain(telegram: FakeTelegram, world: World | undefined): Promise<void> {
  if (telegram.webhookTarget === undefined) return;
  telegram.webhookTarget = `${world?.url}/integrations/telegram/webhook`;
  await telegram.bringAgain();
  await telegram.bringAgain();
}

const finished = (telegram: FakeTelegram, mark: string) =>
  telegram.shown(PERSON).filter(({ text, buttons }) => text.includes(answerTo(mark)) && buttons.length === 0);
const answered = (telegram: FakeTelegram, mark: string) =>
  eventually(
    () => finished(telegram, mark),
    (found) => found.length > 0,
  );
const connection = async (world: World) => (await world.connection("telegram", "updates"))?.detail;

async function pressed(telegram: FakeTelegram): Promise<void> {
  telegram.say("{q920005} [ask]");
  const question = await eventually(() =>
    telegram.shown(PERSON).find(({ text, buttons }) => text.includes("to call") && buttons.length > 0),
  );
  const data = question?.buttons[0]?.callback_data;
  const { from, chat } = messageOf({ chats: new Map() }, 1, PERSON, PERSON);
  const message = { message_id: question?.message_id, date: 1, chat };
  telegram.update({ callback_query: { id: "by-webhook", from, data, message } });
  const toast = await eventually(() => telegram.toasts.find(({ id }) => id === "by-webhook"));
  expect(toast?.text).toBe("Approved.");
  await answered(telegram, "{q920005}");
}
