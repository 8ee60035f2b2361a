// Telegram, which Heddle asks for updates: groups with topics, and private chats.

import { startCuttingProxy } from "../../fakes/cutting-proxy.ts";
import { createFakeTelegram, messageOf, PERSON, type Refusal } from "../../fakes/telegram.ts";
import type { ChatDriver, Said, Trouble } from "../driver.ts";
import { eventually } from "../eventually.ts";
import { bringAgain, telegramOverKill } from "../own/telegram.ts";
import type { World } from "../world.ts";

export async function telegramDriver(): Promise<ChatDriver> {
  const telegram = createFakeTelegram();
  const proxy = await startCuttingProxy(Number(new URL(telegram.url).port));
  let last = -5_000;
  let topics = 1;
  let files = 800_000;
  let world: World | undefined;
  const state = { chats: new Map<number, { id: number; type: string; isBlocked: boolean }>() };
  const addChat = (id: number, type: "private" | "supergroup"): string => {
    telegram.addChat(id, type);
    state.chats.set(id, { id, type, isBlocked: false });
    return String(id);
  };
  const topicOf = ({ conversation }: Said) => (conversation === "" ? undefined : Number(conversation));
  const shown = (said: Said) =>
    telegram.shown(Number(said.room)).filter(({ topic }) => topic === topicOf(said));
  const sent = new Map<string, string>();
  const message = (said: Said, id: number, from: number) => ({
    ...messageOf(state, id, Number(said.room), from, topicOf(said)),
  });
  const press = (said: Said, data: string | undefined, person: number): Promise<string> => {
    const id = `press-${telegram.toasts.length}-${said.room}`;
    const { from } = messageOf(state, 1, PERSON, person);
    telegram.update({ callback_query: { id, from, data, message: message(said, 1, 7) } });
    return eventually(() => telegram.toasts.find((toast) => toast.id === id)?.text).then(String);
  };
  return {
    ...{ name: "Telegram", integration: "telegram", listener: "updates", limit: 30_000 },
    lacks: {},
    mayDouble: "Telegram knows no keys of what is posted, and shows no history.",
    environment: {
      ...{ TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_POLL_SECONDS: "2" },
      TELEGRAM_API_URL: `http://127.0.0.1:${proxy.port}`,
    },
    approver: `telegram:${PERSON}`,
    async prepare(given) {
      world = given;
      await given.allow("telegram", String(PERSON));
    },
    room: () => addChat(last--, "supergroup"),
    // Groups get few edits; in private chats there are drafts.
    roomFor: { streaming: () => addChat(PERSON, "private") },
    say(room, text, after) {
      const isPrivate = Number(room) > 0;
      const topic = isPrivate ? undefined : after ? Number(after.conversation) : ++topics;
      const written = isPrivate ? text : `@ops_bot ${text}`;
      const options = { chat: Number(room), ...(topic !== undefined && { topic }) };
      const id = String(telegram.say(written, options));
      sent.set(`${room} ${id}`, written);
      return { room, id, conversation: String(topic ?? "") };
    },
    redeliver(said) {
      const text = sent.get(`${said.room} ${said.id}`);
      telegram.update({ message: { ...message(said, Number(said.id), PERSON), text } });
    },
    edit(said, text) {
      const edited = { ...message(said, Number(said.id), PERSON), edit_date: 1_790_000_000 };
      telegram.update({ edited_message: { ...edited, text: `@ops_bot ${text}` } });
    },
    react(said) {
      const { chat, from: user } = message(said, 1, PERSON);
      const message_id = shown(said).at(-1)?.message_id;
      const new_reaction = [{ type: "emoji", emoji: "👍" }];
      const about = { chat, user, message_id, date: 1_790_000_000 };
      telegram.update({ message_reaction: { ...about, old_reaction: [], new_reaction } });
    },
    mention: "@ops_bot",
    sayFile(after) {
      const id = --files;
      telegram.addFile(`note${id}`, "A note.");
      const document = { file_id: `note${id}`, file_unique_id: "n", file_name: "note.txt", file_size: 7 };
      telegram.update({ message: { ...message(after, id, PERSON), document, caption: "@ops_bot" } });
      return { ...after, id: String(id) };
    },
    removeShown(said) {
      const at = telegram.messages.findIndex(
        ({ chat_id, topic, buttons }) =>
          chat_id === Number(said.room) && topic === topicOf(said) && buttons.length > 0,
      );
      return telegram.messages.splice(at, at < 0 ? 0 : 1).length > 0;
    },
    removeConversation(said) {
      telegram.removeTopic(Number(said.room), topicOf(said) ?? 0);
    },
    postsInRoom: (room) =>
      telegram
        .shown(Number(room))
        .filter(({ topic, buttons }) => topic === undefined && buttons.length === 0)
        .map(({ text }) => text),
    editFirst(room, text, edited) {
      const said: Said = { room, id: String(--files), conversation: String(++topics) };
      const about = message(said, Number(said.id), PERSON);
      telegram.update({
        edited_message: { ...about, text: `@ops_bot ${edited}`, edit_date: about.date + 1 },
      });
      telegram.update({ message: { ...about, text: `@ops_bot ${text}` } });
      return said;
    },
    echo(said, text) {
      const from = { id: 7, is_bot: true, first_name: "Ops", username: "ops_bot" };
      telegram.update({ message: { ...message(said, 900_001, 7), from, text: `@ops_bot ${text}` } });
    },
    saysBot(said, text) {
      const from = { id: 8, is_bot: true, first_name: "Other", username: "other_bot" };
      telegram.update({ message: { ...message(said, 900_002, 8), from, text: `@ops_bot ${text}` } });
    },
    posts: (said) =>
      shown(said)
        .filter(({ buttons, text }) => buttons.length === 0 && !text.includes("to call"))
        .map(({ text }) => text),
    previews: (said) => [
      ...telegram.drafts.filter(({ chat_id }) => chat_id === Number(said.room)).map(({ text }) => text),
      ...shown(said)
        .filter(({ buttons, text }) => buttons.length > 0 && !text.includes("to call"))
        .map(({ text }) => text),
    ],
    trouble(room, kind) {
      const chat = Number(room);
      const methods =
        kind === "markup" ? ["sendRichMessage"] : ["sendRichMessage", "sendMessage", "editMessageText"];
      const ends = methods.map((method) =>
        telegram.refuse(method, refusals[kind], { chat, times: Number.POSITIVE_INFINITY }),
      );
      return () => {
        for (const end of ends) end();
      };
    },
    question(said) {
      const found = shown(said).find(({ text }) => text.includes("to call"));
      return found && { text: found.text, yes: found.buttons[0]?.callback_data };
    },
    press: (said, { yes }) => press(said, yes, PERSON),
    forge: (said, { yes }) => press(said, yes, PERSON + 1_000),
    connections: () => telegram.callsOf("getUpdates").length,
    drop: proxy.drop,
    cut: proxy.cut,
    back: () => bringAgain(telegram, world),
    overKill: telegramOverKill(telegram),
    async stop() {
      proxy.stop();
      await telegram.close();
    },
  };
}

const DOWN = { error_code: 502, description: "Bad Gateway" };
const refusals: Record<Trouble, Refusal> = {
  limit: {
    ...{ error_code: 429, description: "Too Many Requests: retry after 7" },
    parameters: { retry_after: 7 },
  },
  down: DOWN,
  unsure: DOWN,
  markup: { error_code: 400, description: "Bad Request: can't parse rich message" },
};
