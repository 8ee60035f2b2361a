// Posts a text: as a rich message, or else as HTML, or else as it is.

import { type DispatchContext, splitText } from "heddle/sdk";
import { withoutImages } from "../_answers/without-images.ts";
import { refusalOf, type Signal, signalOf, type Telegram } from "./client.ts";
import { toHtml } from "./html.ts";
import { takeTurn } from "./pace.ts";
import { NO_PREVIEW, type Place, target } from "./place.ts";

/** Below Telegram's 32,768 characters, since nobody says how these are counted. */
const RICH_LIMIT = 30_000;
const TEXT_LIMIT = 4_096;

export interface Post {
  telegram: Telegram;
  place: Place;
  text: string;
  ctx: Pick<DispatchContext, "once" | "signal">;
  /** The message that the text is put into instead of a new one. */
  into?: number;
}

/** Returns the ids of the messages. A part that an earlier attempt has posted is not posted again. */
export async function postText({ telegram, place, text, ctx, into }: Post): Promise<number[]> {
  const ids: number[] = [];
  for (const [number, part] of splitText(text, { limit: RICH_LIMIT }).entries()) {
    const at = { place, into: number === 0 ? into : undefined, isFirst: number === 0 };
    const rich = await ctx.once(`rich:${number}`, () => postRich(telegram, part, at, ctx.signal));
    if (rich !== null) ids.push(rich);
    else ids.push(...(await postSimple(telegram, part, at, ctx, number)));
  }
  return ids;
}

interface At {
  place: Place;
  into: number | undefined;
  isFirst: boolean;
}

/** Telegram would fetch an image as well. */
export const content = (markdown: string) => ({ rich_message: { markdown: withoutImages(markdown) } });

/** Null if Telegram does not accept the text as a rich message, or does not know rich messages. */
async function postRich(
  telegram: Telegram,
  markdown: string,
  at: At,
  abort: AbortSignal,
): Promise<number | null> {
  const signal = signalOf(abort);
  await takeTurn(at.place, abort);
  try {
    if (at.into === undefined) {
      return (await telegram.sendRichMessage({ ...head(at), ...content(markdown) }, signal)).message_id;
    }
    return await edit(telegram, at, content(markdown), signal);
  } catch (error) {
    if (isAboutFormat(error)) return null;
    throw error;
  }
}

async function postSimple(
  telegram: Telegram,
  text: string,
  at: At,
  ctx: Post["ctx"],
  number: number,
): Promise<number[]> {
  const ids: number[] = [];
  for (const [index, part] of splitText(text, { limit: TEXT_LIMIT, keepFences: true }).entries()) {
    const here = index === 0 ? at : { ...at, into: undefined, isFirst: false };
    ids.push(
      await ctx.once(`text:${number}:${index}`, async () => {
        await takeTurn(at.place, ctx.signal);
        return postPart(telegram, part, here, signalOf(ctx.signal));
      }),
    );
  }
  return ids;
}

async function postPart(telegram: Telegram, text: string, at: At, signal: Signal): Promise<number> {
  const post = async (fields: { text: string; parse_mode?: "HTML" }) =>
    at.into === undefined
      ? (await telegram.sendMessage({ ...head(at), ...NO_PREVIEW, ...fields }, signal)).message_id
      : edit(telegram, at, { ...NO_PREVIEW, ...fields }, signal);
  try {
    return await post({ text: toHtml(text), parse_mode: "HTML" });
  } catch (error) {
    if (!isAboutFormat(error)) throw error;
    return post({ text });
  }
}

const head = ({ place, isFirst }: At) => ({
  ...target(place),
  ...(isFirst &&
    place.reply_to !== undefined && {
      // The message may have been deleted meanwhile.
      reply_parameters: { message_id: place.reply_to, allow_sending_without_reply: true },
    }),
});

type Content = { rich_message: { markdown: string } } | { text: string; parse_mode?: "HTML" };

async function edit(telegram: Telegram, at: At, fields: Content, signal: Signal): Promise<number> {
  const message_id = at.into as number;
  try {
    await telegram.editMessageText({ chat_id: at.place.chat_id, message_id, ...fields }, signal);
    return message_id;
  } catch (error) {
    const text = refusalOf(error)?.text ?? "";
    if (text.includes("message is not modified")) return message_id;
    if (!/message (to edit not found|can't be edited)/.test(text)) throw error;
  }
  // Somebody has deleted it.
  const posted =
    "rich_message" in fields
      ? await telegram.sendRichMessage({ ...head(at), ...fields }, signal)
      : await telegram.sendMessage({ ...head(at), ...fields }, signal);
  return posted.message_id;
}

/** A server of an older version answers 404 to a method that it does not have. */
export function isAboutFormat(error: unknown): boolean {
  const { status, text } = refusalOf(error) ?? { status: 0, text: "" };
  if (status === 404) return true;
  return status === 400 && /pars|entit|rich|too long|too many|block|unsupported|markdown/i.test(text);
}
