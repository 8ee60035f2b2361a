// Whether a message is for the bot, and which part of its text.

import type { Message, UserFromGetMe } from "grammy/types";
import { COMMANDS } from "./commands.ts";

export interface Addressed {
  /** Whether the bot is to answer. */
  isForBot: boolean;
  /** Without the mention at the beginning and without /ask. */
  text: string;
  /** "reset" of "/reset@my_bot"; undefined if the message is not a command, or one for another bot. */
  command?: string;
}

/** Those of the menu, and those that Telegram has everywhere. */
const KNOWN = [...COMMANDS.map(({ command }) => command), "start", "help"];

export function addressed(message: Message, me: UserFromGetMe): Addressed {
  const whole = (message.text ?? message.caption ?? "").trim();
  const inPrivate = message.chat.type === "private";
  const [first = ""] = whole.split(/\s/, 1);
  const [, command, bot] = /^\/([A-Za-z0-9_]{1,32})(?:@(\w{1,64}))?$/.exec(first) ?? [];
  if (command !== undefined) {
    // In a group, Telegram decides which bot gets a command that names none.
    const known = inPrivate || KNOWN.includes(command.toLowerCase());
    const forBot = bot === undefined ? known : same(bot, me.username);
    if (!forBot) return { isForBot: false, text: whole };
    const text = whole.slice(first.length).trim();
    if (command.toLowerCase() === "ask") return { isForBot: true, text };
    return { isForBot: true, text: whole, command: command.toLowerCase() };
  }
  if (inPrivate) return { isForBot: true, text: whole };
  if (same(first.replace(/[,:]$/, ""), `@${me.username}`)) {
    return { isForBot: true, text: whole.slice(first.length).trim() };
  }
  return { isForBot: isMentioned(message, me) || isReplyTo(message, me), text: whole };
}

function isMentioned(message: Message, me: UserFromGetMe): boolean {
  const text = message.text ?? message.caption ?? "";
  return (message.entities ?? message.caption_entities ?? []).some((entity) => {
    if (entity.type === "text_mention") return entity.user.id === me.id;
    const named = text.slice(entity.offset, entity.offset + entity.length);
    return entity.type === "mention" && same(named, `@${me.username}`);
  });
}

// The first message of a topic is what each message in it replies to, as far as Telegram is concerned.
function isReplyTo({ reply_to_message: to }: Message, me: UserFromGetMe): boolean {
  return to !== undefined && to.from?.id === me.id && to.forum_topic_created === undefined;
}

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
