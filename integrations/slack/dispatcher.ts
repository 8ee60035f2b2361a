import {
  type DispatchContext,
  type DispatcherOf,
  type ExtraMetadata,
  type JsonObject,
  registerDispatcher,
  splitText,
  t,
} from "heddle/sdk";
import { askWithButtons } from "./approvals.ts";
import { codeOf, connect, deliveryError } from "./client.ts";
import { tokenOf, tokenSettingOf } from "./config.ts";
import { type As, editText, MARKDOWN_LIMIT, postPart, removeMessage, type Where } from "./post.ts";
import { rememberPosted } from "./reacted.ts";
import { finish, type Shown, show } from "./stream.ts";
import { upload } from "./upload.ts";

const config = t.Object({
  channel_id: t.String({ minLength: 1, maxLength: 100 }),
  token: t.Optional(t.String({ secret: true, minLength: 1, description: "Instead of the settings' token" })),
  team_id: t.Optional(t.String({ description: "The workspace, if there are several" })),
  thread_ts: t.Optional(t.String({ pattern: "^[0-9]{1,12}\\.[0-9]{1,9}$" })),
  message_ts: t.Optional(t.String({ pattern: "^[0-9]{1,12}\\.[0-9]{1,9}$" })),
  reply_in_thread: t.Optional(t.Boolean()),
  user_id: t.Optional(t.String({ description: "Who is answered" })),
});

export type Target = typeof config.static;

const receipt = t.Object({
  channel: t.String(),
  ts: t.Array(t.String()),
  files: t.Optional(t.Array(t.String())),
  skipped: t.Optional(t.String()),
});

type Posted = typeof receipt.static;

/** Posts answers in the channel or thread that the dispatch_config names. */
export const dispatcher: DispatcherOf<typeof config> = {
  config,
  lane: ({ channel_id }) => channel_id,
  // Slack allows about one message each second in a channel.
  rate: { perLane: 1 },
  streamEvery: 1,
  async deliver({ config, result, isError, clientActions, extraMetadata, streamed, task }, ctx) {
    const text = isError ? errorText(result, task.status) : result;
    const shown = streamed as Shown | undefined;
    const as = extraMetadata.delegated_by ? nameOf(extraMetadata) : {};
    const about = { sessionId: task.session_id, text: result };
    return delivering(config, ctx, async (slack, where) => ({
      receipt: await postAndRemember(text, { as, shown, clientActions, slack, where, ctx }, about),
    }));
  },
  async postMessage({ config, text, replyInThread, clientActions = [], sessionId, ...from }, ctx) {
    const as: As = {
      ...nameOf(from.extraMetadata ?? {}),
      ...(from.username && { username: from.username }),
      ...(from.iconEmoji && { icon_emoji: from.iconEmoji }),
      ...(from.iconUrl && { icon_url: from.iconUrl }),
    };
    const target = replyInThread === false ? { ...config, reply_in_thread: false } : config;
    const about = { sessionId, text };
    return delivering(target, ctx, async (slack, where) => ({
      receipt: await postAndRemember(text, { as, shown: undefined, clientActions, slack, where, ctx }, about),
    }));
  },
  edit: ({ config, text, receipt }, ctx) =>
    delivering(config, ctx, async (slack, where) => ({
      receipt: await correct(text, { shown: receipt as Posted, slack, where, ctx }),
    })),
  remove: ({ config, receipt }, ctx) =>
    delivering(config, ctx, async (slack) => {
      const { channel, ts } = receipt as Posted;
      for (const one of ts) await removeMessage(slack, channel, one);
      return { receipt: { channel, ts: [] } };
    }),
  askApproval: (input, ctx) =>
    delivering(input.config, ctx, (slack, where) => askWithButtons(input, slack, where, ctx)),
  stream: (update, ctx) => delivering(update.config, ctx, (slack, where) => show(update, slack, where, ctx)),
};

registerDispatcher("slack", { ...dispatcher, receipt: t.Unknown() });

const THREAD_IS_GONE = ["thread_not_found", "cannot_reply_to_message"];
/** The number of a part that no answer has. */
const MOVED = 1_000_000;

interface Posting {
  as: As;
  shown: Shown | undefined;
  clientActions: JsonObject[];
  slack: ReturnType<typeof connect>;
  where: Where;
  ctx: DispatchContext;
}

/** People may react to it. */
async function postAndRemember(
  text: string,
  posting: Posting,
  about: { sessionId: string | undefined; text: string },
): Promise<Posted> {
  const posted = await post(text, posting);
  await rememberPosted(posted, about);
  return posted;
}

async function post(text: string, posting: Posting) {
  const { slack, where, ctx } = posting;
  try {
    return await postThere(text, posting);
  } catch (error) {
    if (where.thread === undefined || !THREAD_IS_GONE.includes(codeOf(error) ?? "")) throw error;
    const channel = { channel: where.channel };
    const note = "_(The thread in which this was asked is gone.)_";
    await postPart(slack, channel, note, MOVED, ctx);
    return postThere(text, { ...posting, where: channel });
  }
}

async function postThere(text: string, { as, shown, clientActions, slack, where, ctx }: Posting) {
  const parts = splitText(text, { limit: MARKDOWN_LIMIT, keepFences: true }).filter(
    (part) => part.trim() !== "",
  );
  const ts: string[] = [];
  if (shown) {
    const first = parts.shift() ?? "(no text)";
    const isThere = await ctx.once("shown", () => finish(slack, where.channel, shown, first));
    ts.push(isThere !== false ? shown.ts : await postPart(slack, where, first, 0, ctx, as));
  }
  for (const [index, part] of parts.entries())
    ts.push(await postPart(slack, where, part, index + 1, ctx, as));
  const files = await upload(slack, where, clientActions, ctx);
  return {
    ...{ channel: where.channel, ts },
    ...(files.length > 0 && { files }),
    ...(ts.length + files.length === 0 && { skipped: "empty text" }),
  } satisfies typeof receipt.static;
}

/** Edits the messages of an answer; removes those that are left over, and posts the parts that are new. */
async function correct(
  text: string,
  { shown, slack, where, ctx }: Pick<Posting, "slack" | "where" | "ctx"> & { shown: Posted },
): Promise<Posted> {
  const parts = splitText(text, { limit: MARKDOWN_LIMIT, keepFences: true });
  const ts: string[] = [];
  for (const [index, part] of parts.entries()) {
    const there = shown.ts[index];
    if (there !== undefined) await editText(slack, shown.channel, there, part);
    ts.push(there ?? (await postPart(slack, where, part, index + 1, ctx)));
  }
  for (const one of shown.ts.slice(parts.length)) await removeMessage(slack, shown.channel, one);
  return { ...shown, ts };
}

/** Turns what goes wrong into what the server understands. */
async function delivering<Made>(
  { channel_id, token, team_id, thread_ts, message_ts, reply_in_thread }: Target,
  { signal }: { signal: AbortSignal },
  work: (slack: ReturnType<typeof connect>, where: Where) => Promise<Made>,
): Promise<Made> {
  const thread =
    reply_in_thread === false ? undefined : (thread_ts ?? (reply_in_thread ? message_ts : undefined));
  const where = { channel: channel_id, ...(thread !== undefined && { thread }) };
  try {
    return await work(connect(token ?? tokenOf(team_id), signal), where);
  } catch (error) {
    const setting = token === undefined ? tokenSettingOf(team_id) : undefined;
    throw deliveryError(error, `Posting to ${channel_id}`, setting);
  }
}

function nameOf({ bot_display, icon_emoji, icon_url, delegated_by_display }: ExtraMetadata): As {
  if (!bot_display) return {};
  return {
    username: delegated_by_display ? `${bot_display}, asked by ${delegated_by_display}` : bot_display,
    // Slack takes names of emojis only.
    ...(icon_emoji?.startsWith(":") && { icon_emoji }),
    ...(icon_url && { icon_url }),
  };
}

function errorText(text: string, status: string): string {
  const title = status === "cancelled" ? "Stopped." : "⚠️ **No answer: the run failed.**";
  return [title, ...text.split("\n").map((line) => `> ${line}`)].join("\n");
}
