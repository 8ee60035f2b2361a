// Whom the bot answers. Everybody can find a bot of Telegram, so nobody is answered who has not been named.

import type { User } from "grammy/types";
import { log, store } from "heddle/sdk";
import { connectTelegram, signalOf } from "./client.ts";
import { settings } from "./config.ts";
import { type Place, target } from "./place.ts";

/** Somebody who goes on asking is told once in this time. */
const TOLD_SECONDS = 3_600;

export const isAllowed = ({ id }: User): boolean =>
  settings.TELEGRAM_ALLOWED_USERS.split(",").some((one) => one.trim() === String(id));

/** Tells a stranger how to be let in. */
export async function refuse(user: User, place: Place, signal: AbortSignal): Promise<void> {
  const key = `told:${user.id}`;
  let isNew = false;
  await store.update<boolean>(
    key,
    (told) => {
      isNew = told !== true;
      return true;
    },
    { ttlSeconds: TOLD_SECONDS },
  );
  if (!isNew) return;
  log.warning(`Somebody writes to the bot of Telegram who is not in TELEGRAM_ALLOWED_USERS: ${user.id}`);
  const text = `I do not know you yet. Your Telegram id is ${user.id}: whoever runs me can add it to TELEGRAM_ALLOWED_USERS.`;
  try {
    await connectTelegram(10).sendMessage({ ...target(place), text }, signalOf(signal));
  } catch (error) {
    log.warning("A stranger at Telegram could not be told why nobody answers", { error: String(error) });
  }
}
