// Places of Telegram: a chat, or a topic in it.

import { t } from "heddle/sdk";

const PREFIX = "telegram:";

// Not `t.Integer`: Elysia's version also accepts digits in a string.
const wholeNumber = (options: { minimum?: number } = {}) => t.Number({ multipleOf: 1, ...options });

/** The dispatch_config without its type. */
export const placeConfig = t.Object({
  chat_id: wholeNumber(),
  topic: t.Optional(wholeNumber({ minimum: 1 })),
  reply_to: t.Optional(wholeNumber({ minimum: 1 })),
});
export type Place = typeof placeConfig.static;

export const clientIdOf = ({ chat_id, topic }: Place): string =>
  `${PREFIX}${chat_id}${topic === undefined ? "" : `:${topic}`}`;

export function placeOf(clientId: string): Place | null {
  const [, chat, topic] = /^telegram:(-?\d{1,15})(?::(\d{1,15}))?$/.exec(clientId) ?? [];
  if (chat === undefined) return null;
  return { chat_id: Number(chat), ...(topic !== undefined && { topic: Number(topic) }) };
}

export const dispatchConfigOf = (place: Place) => ({ type: "telegram", ...place });

/** Groups and channels have negative ids. */
export const isPrivate = ({ chat_id }: Place): boolean => chat_id > 0;

/** Telegram would fetch what a text links to, which a stranger may have talked the bot into. */
export const NO_PREVIEW = { link_preview_options: { is_disabled: true } };

/** The fields of a call that posts to the place. */
export const target = ({ chat_id, topic }: Place) => ({
  chat_id,
  ...(topic !== undefined && { message_thread_id: topic }),
});
