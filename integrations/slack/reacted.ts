// Reactions of people to what the bot has posted.

import type { JsonObject } from "heddle/sdk";
import { isPost, rememberPosts, tellReaction } from "../_reactions/reacted.ts";
import { mayTalk, statusOf } from "./may-talk.ts";
import { record, text } from "./message.ts";
import { personName, type Self } from "./workspace.ts";

/** As `remember` and the events name a message. */
const idOf = (channel: string, ts: string): string => `${channel}:${ts}`;

export const rememberPosted = (
  { channel, ts }: { channel: string; ts: string[] },
  said: { sessionId: string | undefined; text: string },
): Promise<void> =>
  rememberPosts(
    ts.map((one) => idOf(channel, one)),
    said,
  );

export const isReaction = ({ type }: JsonObject): boolean =>
  type === "reaction_added" || type === "reaction_removed";

/** Returns what became of it. */
export async function takeReaction(event: JsonObject, self: Self): Promise<string> {
  const item = record(event.item);
  const [user, channel, ts] = [text(event.user), text(item.channel), text(item.ts)];
  const emoji = text(event.reaction);
  if (user === undefined || channel === undefined || ts === undefined || emoji === undefined)
    return "unhandled";
  if (user === self.user) return "own";
  const post = idOf(channel, ts);
  // Most reactions are to what people write, and need no look at who reacts.
  if (!(await isPost(post))) return "unknown";
  if (!mayTalk(await statusOf(user))) return "not_allowed";
  return tellReaction({
    ...{ post, emoji: `:${emoji}:`, isGone: event.type === "reaction_removed", source: "slack" },
    by: { id: user, name: await personName(self.team, user) },
    key: `${self.team}:${post}:${user}:${emoji}:${text(event.event_ts) ?? ""}`,
  });
}

export const channelOf = (event: JsonObject): string => text(record(event.item).channel) ?? "";
