// Telegram allows about one message a second in a chat, and twenty a minute in a group.

import { rateLimit } from "heddle/sdk";
import { isPrivate, type Place } from "./place.ts";

/** A delivery that would wait longer is better tried again later. */
const maxWaitSeconds = 10;
const EACH_SECOND = { requests: 1, seconds: 1 };
const chats = rateLimit({ rates: [EACH_SECOND], maxWaitSeconds });
const groups = rateLimit({ rates: [EACH_SECOND, { requests: 20, seconds: 60 }], maxWaitSeconds });
const limitOf = (place: Place) => (isPrivate(place) ? chats : groups);

/** Waits until the chat may get another message. Throws Retryable if that takes longer than a delivery should. */
export const takeTurn = (place: Place, signal: AbortSignal): Promise<void> =>
  limitOf(place).run(`The chat ${place.chat_id}`, () => undefined, { signal });

/** Telegram has said that the chat gets nothing for so long. */
export const holdChat = (place: Place, seconds: number): void =>
  limitOf(place).hold(`The chat ${place.chat_id}`, seconds);
