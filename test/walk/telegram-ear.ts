// A private chat of Telegram, to which what happens at places without people is told: their answers and questions arrive there.

import { createFakeTelegram, messageOf, PERSON } from "../fakes/telegram.ts";
import { until } from "../until.ts";
import type { Heddle } from "./heddle.ts";
import type { Question } from "./subject.ts";

export interface Ear {
  approver: string;
  /** Sets Telegram up, and binds a channel with this chat to the places. */
  listen(heddle: Heddle, places: { integration: string; clientId: string }[]): Promise<void>;
  /** The target, for what can be told where to answer. */
  target: Record<string, unknown>;
  answers(): string[];
  /** What was shown while something was answered that has this mark. */
  progress(told: string): string[];
  question(told: string): Question | undefined;
  press(question: Question): Promise<string>;
  stop(): Promise<void>;
}

const markIn = (told: string): string => told.split(" ")[0] ?? "";

export function telegramEar(): Ear {
  const telegram = createFakeTelegram();
  const chats = { chats: new Map([[PERSON, { id: PERSON, type: "private", isBlocked: false }]]) };
  return {
    ...{ approver: `telegram:${PERSON}`, target: { type: "telegram", chat_id: PERSON } },
    async listen(heddle, places) {
      await heddle.set("telegram", {
        ...{ TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_URL: telegram.url, TELEGRAM_POLL_SECONDS: "2" },
      });
      await heddle.connected("telegram", "updates");
      await heddle.allow("telegram", String(PERSON), "Anna");
      const channel = await heddle.api("/channels", { client_id: `telegram:${PERSON}`, bot_id: "default" });
      for (const { integration, clientId } of places) {
        await heddle.api(`/channels/${channel.id}/integrations`, {
          ...{
            integration_type: integration,
            client_id: clientId,
            event_filter: null,
            config: {},
            mirror: false,
          },
        });
      }
    },
    answers: () =>
      telegram
        .shown(PERSON)
        .filter(({ text, buttons }) => buttons.length === 0 && !text.includes("to call"))
        .map(({ text }) => text),
    progress: (told) => telegram.drafts.map(({ text }) => text).filter((text) => text.includes(markIn(told))),
    question(told) {
      const isIt = (text: string) => text.includes("to call") && text.includes(markIn(told));
      const found = telegram.shown(PERSON).find(({ text }) => isIt(text));
      return found && { text: found.text, yes: found.buttons[0]?.callback_data };
    },
    async press({ yes }) {
      const id = `press-${telegram.toasts.length}`;
      const { from } = messageOf(chats, 1, PERSON, PERSON);
      telegram.update({ callback_query: { id, from, data: yes, message: messageOf(chats, 1, PERSON, 7) } });
      return String(await until(() => telegram.toasts.find((toast) => toast.id === id)?.text));
    },
    stop: () => telegram.close(),
  };
}
