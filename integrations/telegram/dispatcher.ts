import {
  type DispatchContext,
  type DispatcherOf,
  type ExtraMetadata,
  type JsonObject,
  Permanent,
  registerDispatcher,
  t,
} from "heddle/sdk";
import { askByButtons } from "./approvals.ts";
import { correct, removeMessages } from "./change.ts";
import { connectTelegram, deliveryError, isTopicGone, migratedTo, refusalOf, signalOf } from "./client.ts";
import { settings } from "./config.ts";
import { postFiles } from "./files-out.ts";
import { holdChat } from "./pace.ts";
import { type Place, placeConfig } from "./place.ts";
import { rememberPosted } from "./reacted.ts";
import { postText } from "./send.ts";
import { type Shown, showProgress } from "./streaming.ts";

/** Posts answers to the chat that the dispatch_config names. */
export const dispatcher = {
  config: placeConfig,
  receipt: t.Object({ message_ids: t.Array(t.Integer()), skipped: t.Optional(t.String()) }),
  lane: ({ chat_id }) => chat_id,
  // Telegram allows a bot 30 messages a second in all. pace.ts keeps the limits of each chat.
  rate: { perSecond: 25 },
  streamEvery: 1,
  stream: (update, ctx) => posting(update.config, () => showProgress(update, ctx)),
  deliver({ task, config, result, isError, clientActions, streamed, extraMetadata }, ctx) {
    const shown = streamed as Shown | undefined;
    const isCancelled = task.status === "cancelled";
    const text = isCancelled ? "⏹ Stopped." : isError ? `⚠️ ${result}` : result;
    const { delegated_by, bot_display } = extraMetadata;
    return post(
      {
        place: config,
        text: attributed(text, delegated_by ? bot_display : undefined, extraMetadata),
        actions: clientActions,
        ...(shown && "message_id" in shown && { into: shown.message_id }),
      },
      ctx,
      { sessionId: task.session_id, text: result },
    );
  },
  postMessage({ config, text, username, clientActions = [], extraMetadata, replyInThread, sessionId }, ctx) {
    const { reply_to: _, topic, ...chat } = config;
    const place = { ...chat, ...(replyInThread !== false && topic !== undefined && { topic }) };
    const posted = { place, text: attributed(text, username, extraMetadata), actions: clientActions };
    return post(posted, ctx, { sessionId, text });
  },
  edit: ({ config, text, receipt }, ctx) =>
    posting(config, async () => ({
      receipt: { message_ids: await correct(connectTelegram(), config, text, idsOf(receipt), ctx) },
    })),
  remove: ({ config, receipt }, ctx) =>
    posting(config, async () => {
      await removeMessages(connectTelegram(), config, idsOf(receipt), ctx);
      return { receipt: { message_ids: [] } };
    }),
  askApproval: (input, ctx) => posting(input.config, () => askByButtons(input, connectTelegram(), ctx)),
} satisfies DispatcherOf<typeof placeConfig>;

registerDispatcher("telegram", dispatcher);

const idsOf = (receipt: unknown): number[] => (receipt as { message_ids: number[] }).message_ids;

interface Posted {
  place: Place;
  text: string;
  actions: JsonObject[];
  into?: number;
}

/** People may react to it, so that the session and the text are remembered. */
function post(posted: Posted, ctx: DispatchContext, about: { sessionId: string | undefined; text: string }) {
  return posting(posted.place, async () => {
    const made = await postAnywhere(posted, ctx);
    await rememberPosted(posted.place.chat_id, made.receipt.message_ids, about);
    return made;
  });
}

async function postAnywhere(posted: Posted, ctx: DispatchContext) {
  const { reply_to: _, topic, ...chat } = posted.place;
  try {
    return await postThere(posted, ctx);
  } catch (error) {
    if (topic === undefined || !isTopicGone(error)) throw error;
    const note = { text: "(The topic in which this was asked is gone.)" };
    await ctx.once("moved", () => connectTelegram().sendMessage({ ...chat, ...note }, signalOf(ctx.signal)));
    // What was shown so far has gone with the topic.
    const { into: __, ...anew } = posted;
    return postThere({ ...anew, place: chat }, ctx);
  }
}

async function postThere({ place, text, actions, into }: Posted, ctx: DispatchContext) {
  const telegram = connectTelegram();
  // What was shown so far ends with a word, and loses its button.
  const shown = text.trim() === "" && into !== undefined ? "(no text)" : text;
  const ids =
    shown.trim() === ""
      ? []
      : await postText({ telegram, place, text: shown, ctx, ...(into !== undefined && { into }) });
  ids.push(...(await postFiles(telegram, place, actions, ctx)));
  return { receipt: { message_ids: ids, ...(ids.length === 0 && { skipped: "nothing to post" }) } };
}

/** Turns what goes wrong into what the server understands. */
async function posting<Made>(place: Place, work: () => Promise<Made>): Promise<Made> {
  if (settings.TELEGRAM_BOT_TOKEN === "") {
    throw new Permanent("TELEGRAM_BOT_TOKEN must be set; nothing was posted.");
  }
  try {
    return await work();
  } catch (error) {
    const moved = migratedTo(error);
    if (moved !== undefined) {
      throw new Permanent(`The group ${place.chat_id} has become the supergroup ${moved}; write there.`, {
        cause: error,
      });
    }
    // Whatever else goes to this chat waits as well, instead of being refused one after another.
    const { retryAfter } = refusalOf(error) ?? {};
    if (retryAfter !== undefined) holdChat(place, retryAfter);
    throw deliveryError(error, place.chat_id);
  }
}

function attributed(
  text: string,
  name = "",
  { icon_emoji, delegated_by_display }: ExtraMetadata = {},
): string {
  if (name === "" || text === "") return text;
  const asker = delegated_by_display ? `, asked by ${delegated_by_display}` : "";
  return `**${[icon_emoji, name].filter(Boolean).join(" ")}${asker}:**\n\n${text}`;
}
