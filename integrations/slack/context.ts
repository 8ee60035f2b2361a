// What was said in a thread before the bot was called.

import { nameInText } from "../_overheard/spoken-by.ts";
import { codeOf, connect, deliveryError } from "./client.ts";
import { tokenOf } from "./config.ts";
import type { Place } from "./place.ts";
import { readable } from "./text.ts";
import { personName, type Self } from "./workspace.ts";

const REPLIES = 20;
const PAGE = 200;
/** In a longer thread, the replies that are shown are not the last ones. */
const MOST_PAGES = 5;
const LONGEST = 4_000;
const REFUSALS = ["missing_scope", "not_in_channel", "channel_not_found", "thread_not_found"];

interface Reply {
  ts?: string;
  user?: string;
  username?: string;
  bot_id?: string;
  text?: string;
}

/** The first message and the last replies before `ts`, or why they cannot be read; throws if Slack has to be asked again. */
export async function earlier(
  self: Self,
  { channel, thread }: Place,
  ts: string,
): Promise<string | undefined> {
  const slack = connect(tokenOf(self.team), AbortSignal.timeout(10_000));
  const found: Reply[] = [];
  try {
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page++) {
      const answer = await slack.conversations.replies({
        ...{ channel, ts: thread ?? ts, latest: ts, inclusive: false, limit: PAGE },
        ...(cursor && { cursor }),
      });
      found.push(...((answer.messages ?? []) as Reply[]));
      cursor = answer.response_metadata?.next_cursor;
      if (!cursor) break;
    }
  } catch (error) {
    const code = codeOf(error);
    if (code !== undefined && REFUSALS.includes(code))
      return `(The earlier messages of this thread cannot be read: ${code}.)`;
    throw deliveryError(error, "Reading the thread");
  }
  const [parent, ...replies] = found.filter((reply) => reply.ts !== ts);
  if (!parent) return undefined;
  const left = Math.max(0, replies.length - REPLIES);
  const lines = [await lineOf(parent, self)];
  if (left > 0) lines.push(`(${left} replies are left out.)`);
  for (const reply of replies.slice(-REPLIES)) lines.push(await lineOf(reply, self));
  return `Earlier in this thread:\n\n${lines.join("\n")}`;
}

async function lineOf({ user, username, bot_id, text = "" }: Reply, self: Self): Promise<string> {
  const name = user ? await personName(self.team, user) : (username ?? bot_id ?? "somebody");
  return `${nameInText(name)}: ${(await readable(text, (id) => personName(self.team, id))).slice(0, LONGEST)}`;
}
