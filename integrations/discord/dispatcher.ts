import {
  type DispatchContext,
  type DispatcherOf,
  type ExtraMetadata,
  type JsonObject,
  registerDispatcher,
  splitText,
  t,
} from "heddle/sdk";
import { rememberPosts } from "../_reactions/reacted.ts";
import { askWithButtons } from "./approvals.ts";
import { codeOf, deliveryError, isFinal, UNKNOWN_CHANNEL } from "./client.ts";
import { postFiles } from "./files-out.ts";
import { channelIn, type Target, targetConfig } from "./place.ts";
import { edit, LIMIT, postPart, removeMessage, replying, type Shown } from "./post.ts";
import { show } from "./stream.ts";

/** Posts answers to the channel or thread that the dispatch_config names. */
export const dispatcher = {
  config: targetConfig,
  receipt: t.Object({ message_ids: t.Array(t.String()), skipped: t.Optional(t.String()) }),
  lane: channelIn,
  // Discord takes five messages in five seconds in a channel.
  rate: { perLane: 1, perSecond: 40 },
  streamEvery: 2,
  stream: (update, ctx) => posting(update.config, () => show(update, ctx)),
  deliver({ task, config, result, isError, clientActions, streamed, extraMetadata }, ctx) {
    const isCancelled = task.status === "cancelled";
    const text = isCancelled
      ? "⏹ Stopped."
      : isError
        ? `⚠️ **No answer: the run failed.**\n${result}`
        : result;
    const by = extraMetadata.delegated_by ? extraMetadata.bot_display : undefined;
    const shown =
      (streamed as Shown | undefined) ?? (config.interaction ? { interaction: true as const } : undefined);
    const posted = { config, text: attributed(text, by, extraMetadata), actions: clientActions, shown };
    return post(posted, ctx, { sessionId: task.session_id, text: result });
  },
  postMessage({ config, text, username, clientActions = [], extraMetadata, replyInThread, sessionId }, ctx) {
    const { reply_to: _, interaction: __, thread_id, ...channel } = config;
    const place = { ...channel, ...(replyInThread !== false && thread_id !== undefined && { thread_id }) };
    return post(
      {
        config: place,
        text: attributed(text, username, extraMetadata),
        actions: clientActions,
        shown: undefined,
      },
      ctx,
      { sessionId, text },
    );
  },
  edit: ({ config, text, receipt }, ctx) =>
    posting(config, async () => ({
      receipt: { message_ids: await correct(config, text, idsOf(receipt), ctx) },
    })),
  remove: ({ config, receipt }, ctx) =>
    posting(config, async () => {
      for (const id of idsOf(receipt)) await removeMessage(config, id, ctx.signal);
      return { receipt: { message_ids: [] } };
    }),
  askApproval: (input, ctx) => posting(input.config, () => askWithButtons(input, ctx)),
} satisfies DispatcherOf<typeof targetConfig>;

registerDispatcher("discord", dispatcher);

const idsOf = (receipt: unknown): string[] => (receipt as { message_ids: string[] }).message_ids;

/** Edits the messages of an answer; removes those that are left over, and posts the parts that are new. */
async function correct(
  config: Target,
  text: string,
  there: string[],
  ctx: DispatchContext,
): Promise<string[]> {
  const ids: string[] = [];
  const parts = splitText(text, { limit: LIMIT, keepFences: true });
  for (const [index, content] of parts.entries()) {
    const message_id = there[index];
    if (message_id === undefined) ids.push(await postPart(config, index, { content }, ctx));
    else ids.push(await edit(config, { message_id }, { content, components: [] }, ctx.signal));
  }
  for (const id of there.slice(parts.length)) await removeMessage(config, id, ctx.signal);
  return ids;
}

interface Posted {
  config: Target;
  text: string;
  actions: JsonObject[];
  shown: Shown | undefined;
}

/** People may react to it, so that the session and the text are remembered. */
function post(posted: Posted, ctx: DispatchContext, about: { sessionId: string | undefined; text: string }) {
  return posting(posted.config, async () => {
    const made = await postAnywhere(posted, ctx);
    await rememberPosts(made.receipt.message_ids, about);
    return made;
  });
}

async function postAnywhere(posted: Posted, ctx: DispatchContext) {
  try {
    return await postThere(posted, ctx);
  } catch (error) {
    const config = channelInstead(posted.config, error);
    if (!config) throw error;
    await postPart(config, "moved", { content: "*(The thread in which this was asked is gone.)*" }, ctx);
    return postThere({ ...posted, config }, ctx);
  }
}

async function postThere({ config, text, actions, shown }: Posted, ctx: DispatchContext) {
  const parts = splitText(text, { limit: LIMIT, keepFences: true }).filter((part) => part.trim() !== "");
  const ids: string[] = [];
  if (shown) ids.push(await replace(config, shown, parts.shift() ?? "(no text)", ctx));
  for (const [index, content] of parts.entries()) {
    const message = { content, ...(index === 0 && !shown && replying(config)) };
    ids.push(await postPart(config, index, message, ctx));
  }
  ids.push(...(await postFiles(config, actions, ctx)));
  return { receipt: { message_ids: ids, ...(ids.length === 0 && { skipped: "nothing to post" }) } };
}

/** Where the answer goes if its thread was deleted; undefined where more people would read it than have been in the thread. */
function channelInstead(
  { thread_id, or_in_channel, reply_to: _, ...channel }: Target,
  error: unknown,
): Target | undefined {
  const isGone = thread_id !== undefined && codeOf(error) === UNKNOWN_CHANNEL;
  return isGone && or_in_channel ? channel : undefined;
}

/** Puts the answer in the place of what was shown. Somebody may have deleted that, and a command can be answered for 15 minutes only. */
function replace(config: Target, shown: Shown, content: string, ctx: DispatchContext): Promise<string> {
  return ctx.once("shown", async () => {
    try {
      return await edit(config, shown, { content, components: [] }, ctx.signal);
    } catch (error) {
      if (!isFinal(error)) throw error;
      return postPart(config, "instead", { content, ...replying(config) }, ctx);
    }
  });
}

/** Turns what goes wrong into what the server understands. */
async function posting<Made>(config: Target, work: () => Promise<Made>): Promise<Made> {
  try {
    return await work();
  } catch (error) {
    throw deliveryError(error, `Posting to ${channelIn(config)}`);
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
