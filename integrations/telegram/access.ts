// Whom the bot answers. Everybody can find a bot of Telegram, so nobody is answered whom the operator has not allowed.

import type { User } from "grammy/types";
import { log, people, store } from "heddle/sdk";
import { connectTelegram, signalOf } from "./client.ts";
import { clientIdOf, isPrivate, type Place, target } from "./place.ts";

/** Somebody who keeps asking is told only once within this time. */
const TOLD_SECONDS = 3_600;

/** Whether the operator has allowed somebody. The person is told nothing. */
export async function isAllowed({ id }: User): Promise<boolean> {
  return (await people.list()).some((one) => one.id === String(id) && one.status === "allowed");
}

/** Tells a stranger who has addressed the bot how to be let in. */
export async function refuse(user: User, place: Place, signal: AbortSignal): Promise<void> {
  const text = await refusal(user, place);
  if (text === null || !(await isNews(`told:${user.id}:${place.chat_id}`, text))) return;
  try {
    await connectTelegram(10).sendMessage({ ...target(place), text }, signalOf(signal));
  } catch (error) {
    log.warning("A stranger at Telegram could not be told why nobody answers", { error: String(error) });
  }
}

async function refusal(user: User, place: Place): Promise<string | null> {
  // A code that a whole group can read would not say whose it is.
  if (!isPrivate(place))
    return "I do not know you yet. Write to me in a private chat, and I will tell you how to be let in.";
  const { status, code } = await people.check({
    id: String(user.id),
    name: nameOf(user),
    place: clientIdOf(place),
  });
  if (status !== "pending" || code === null) return null;
  return `I do not know you yet. Give this code to the person who runs me: ${code}`;
}

async function isNews(key: string, text: string): Promise<boolean> {
  if ((await store.get<string>(key)) === text) return false;
  await store.set(key, text, { ttlSeconds: TOLD_SECONDS });
  return true;
}

export const nameOf = ({ first_name, last_name }: User): string =>
  [first_name, last_name].filter(Boolean).join(" ");
