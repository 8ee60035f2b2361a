// Posting, with what makes it safe to do it again: the mark of the delivery in the message's metadata.

import type { WebClient } from "@slack/web-api";
import { type DispatchContext, patiently } from "heddle/sdk";
import { askedSeconds, codeOf } from "./client.ts";
import { record } from "./message.ts";
import { toMrkdwn, withoutBroadcasts } from "./text.ts";

export interface Where {
  channel: string;
  thread?: string;
}

/** Under whose name it appears. */
export interface As {
  username?: string;
  icon_emoji?: string;
  icon_url?: string;
}

const EVENT = "heddle_delivery";
/** Slack takes 12,000 characters of Markdown at once. */
export const MARKDOWN_LIMIT = 12_000;
const LOOK_BACK_SECONDS = 86_400;
const MOST_PAGES = 10;
/** What servers that do not know Markdown answer. */
const NO_MARKDOWN = new Set(["no_text", "invalid_arguments", "invalid_arg_name"]);

/** Posts one part of a delivery unless an earlier attempt has; returns the message's `ts`. */
export async function postPart(
  slack: WebClient,
  where: Where,
  text: string,
  part: number,
  ctx: DispatchContext,
  as: As = {},
  more: Record<string, unknown> = {},
): Promise<string> {
  return ctx.once(`part:${part}`, async () => {
    const mark = `${ctx.delivery_id}:${part}`;
    const earlier = ctx.attempt > 1 ? await findPosted(slack, where, mark) : undefined;
    if (earlier !== undefined) return earlier;
    const metadata = { event_type: EVENT, event_payload: { mark } };
    const post = () => postText(slack, where, text, { ...as, ...more, metadata });
    return patiently(post, { signal: ctx.signal, secondsOf: askedSeconds });
  });
}

export async function postText(
  slack: WebClient,
  { channel, thread }: Where,
  text: string,
  more: Record<string, unknown> = {},
): Promise<string> {
  const place = { channel, ...(thread !== undefined && { thread_ts: thread }), ...more };
  const safe = withoutBroadcasts(text);
  // Slack would fetch what an answer links to, which a stranger may have talked the bot into.
  const post = (content: object) =>
    slack.apiCall("chat.postMessage", { ...place, ...content, unfurl_links: false, unfurl_media: false });
  if (more.blocks !== undefined) return tsOf(await post({ text: safe }));
  try {
    return tsOf(await post({ markdown_text: safe }));
  } catch (error) {
    if (!NO_MARKDOWN.has(codeOf(error) ?? "")) throw error;
    return tsOf(await post({ text: toMrkdwn(safe) }));
  }
}

/** Replaces what a message says. */
export async function editText(
  slack: WebClient,
  channel: string,
  ts: string,
  text: string,
  more: Record<string, unknown> = {},
): Promise<void> {
  const safe = withoutBroadcasts(text);
  const edit = (content: object) => slack.apiCall("chat.update", { channel, ts, ...content, ...more });
  if (more.blocks !== undefined) return void (await edit({ text: safe }));
  try {
    await edit({ markdown_text: safe });
  } catch (error) {
    if (!NO_MARKDOWN.has(codeOf(error) ?? "")) throw error;
    await edit({ text: toMrkdwn(safe) });
  }
}

/** Removes a message, unless that was done before. */
export async function removeMessage(slack: WebClient, channel: string, ts: string): Promise<void> {
  try {
    await slack.chat.delete({ channel, ts });
  } catch (error) {
    if (codeOf(error) !== "message_not_found") throw error;
  }
}

export function tsOf(answer: unknown): string {
  const { ts } = record(answer);
  if (typeof ts !== "string") throw new Error("Slack has not said which message it posted.");
  return ts;
}

/** The message with this mark among those of the last day; by Slack's clock, since `oldest` is only a lower bound. */
async function findPosted(slack: WebClient, where: Where, mark: string): Promise<string | undefined> {
  const oldest = String(Math.floor(Date.now() / 1000) - LOOK_BACK_SECONDS);
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const options = {
      ...{ channel: where.channel, oldest, limit: 200, include_all_metadata: true },
      ...(cursor && { cursor }),
    };
    const answer =
      where.thread === undefined
        ? await slack.conversations.history(options)
        : await slack.conversations.replies({ ...options, ts: where.thread });
    for (const message of answer.messages ?? []) {
      const { event_type, event_payload } = record(record(message).metadata);
      if (event_type === EVENT && record(event_payload).mark === mark) return message.ts;
    }
    cursor = answer.response_metadata?.next_cursor;
    if (!cursor) return undefined;
  }
  return undefined;
}
