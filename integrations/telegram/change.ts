// Corrects and removes what was posted.

import type { DispatchContext } from "heddle/sdk";
import { refusalOf, signalOf, type Telegram } from "./client.ts";
import { takeTurn } from "./pace.ts";
import type { Place } from "./place.ts";
import { postText } from "./send.ts";

/** Puts the text into the first message, and removes the others, since their parts were those of another text. */
export async function correct(
  telegram: Telegram,
  place: Place,
  text: string,
  [first, ...others]: number[],
  ctx: DispatchContext,
): Promise<number[]> {
  const ids = await postText({ telegram, place, text, ctx, ...(first !== undefined && { into: first }) });
  await removeMessages(telegram, place, others, ctx);
  return ids;
}

/** Removes messages that are still there. After two days Telegram lets bots delete nothing, and the delivery ends with that reason. */
export async function removeMessages(
  telegram: Telegram,
  place: Place,
  ids: number[],
  { signal }: Pick<DispatchContext, "signal">,
): Promise<void> {
  for (const message_id of ids) {
    await takeTurn(place, signal);
    try {
      await telegram.deleteMessage({ chat_id: place.chat_id, message_id }, signalOf(signal));
    } catch (error) {
      if (!/message to delete not found/.test(refusalOf(error)?.text ?? "")) throw error;
    }
  }
}
