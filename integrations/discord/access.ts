// Whom the bot answers: only people whom the operator has allowed, since everybody can join a server of Discord or write to a bot.

import { log, people, store } from "heddle/sdk";
import { call } from "./client.ts";
import { clientIdOf } from "./place.ts";
import { quiet } from "./post.ts";

/** Somebody who keeps asking is told only once within this time. */
const TOLD_SECONDS = 3_600;

/** Whether the operator has allowed somebody. The person is told nothing. */
export const isAllowed = async (id: string): Promise<boolean> =>
  (await people.list()).some((one) => one.id === id && one.status === "allowed");

/** Tells a stranger who has addressed the bot how to be let in. */
export async function refuse(
  person: { id: string; name: string },
  channel: string,
  isDirect: boolean,
): Promise<void> {
  const content = await refusal(person, channel, isDirect);
  const key = `told:${person.id}:${channel}`;
  if (content === undefined || (await store.get<string>(key)) === content) return;
  await store.set(key, content, { ttlSeconds: TOLD_SECONDS });
  try {
    const json = quiet({ content });
    await call("POST", `/channels/${channel}/messages`, { json, timeoutSeconds: 10 });
  } catch (error) {
    log.warning("A stranger at Discord could not be told why nobody answers", { reason: String(error) });
  }
}

/** What a stranger is told; undefined if nothing, for those who are blocked. */
export async function refusal(
  { id, name }: { id: string; name: string },
  channel: string,
  isAlone: boolean,
): Promise<string | undefined> {
  // A code that a whole channel can read would not say whose it is.
  if (!isAlone)
    return "I do not know you yet. Send me a direct message, and I will tell you how to be let in.";
  const { status, code } = await people.check({ id, name, place: clientIdOf({ channel }) });
  if (status !== "pending" || code === null) return undefined;
  return `I do not know you yet. Give this code to the person who runs me: ${code}`;
}
