// Telegram allows about one message a second in a chat, and twenty a minute in a group.

import { setTimeout as sleep } from "node:timers/promises";
import { Retryable } from "heddle/sdk";
import { isPrivate, type Place } from "./place.ts";

const SPACING_MS = 1_000;
const WINDOW_MS = 60_000;
const PER_WINDOW = 20;
const MOST_CHATS = 1_000;

/** When this server has last posted, by chat; the oldest first. */
const posted = new Map<number, number[]>();

/** Waits until the chat may get another message. Throws Retryable if that takes longer than a delivery should. */
export async function takeTurn(place: Place, signal: AbortSignal): Promise<void> {
  const now = Date.now();
  const times = (posted.get(place.chat_id) ?? []).filter((time) => time > now - WINDOW_MS);
  const oldest = times.at(-PER_WINDOW);
  if (!isPrivate(place) && oldest !== undefined) {
    throw new Retryable("A group of Telegram gets at most 20 messages a minute.", {
      retryAfter: Math.ceil((oldest + WINDOW_MS - now) / 1_000),
    });
  }
  const at = Math.max(now, (times.at(-1) ?? 0) + SPACING_MS);
  posted.delete(place.chat_id);
  posted.set(place.chat_id, [...times, at]);
  for (const chat of posted.keys()) {
    if (posted.size <= MOST_CHATS) break;
    posted.delete(chat);
  }
  if (at > now) await sleep(at - now, undefined, { signal });
}
