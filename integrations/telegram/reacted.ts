// Reactions of people to what the bot has posted. In groups, Telegram tells only bots that are administrators.

import type { MessageReactionUpdated, ReactionType } from "grammy/types";
import { isPost, rememberPosts, tellReaction } from "../_reactions/reacted.ts";
import { isAllowed, nameOf } from "./access.ts";
import { accountId } from "./config.ts";

/** As `rememberPosted` and the updates name a message. */
const idOf = (chat: number, message: number): string => `${accountId()}:${chat}:${message}`;

export const rememberPosted = (
  chat: number,
  ids: readonly number[],
  about: { sessionId: string | undefined; text: string },
): Promise<void> =>
  rememberPosts(
    ids.map((id) => idOf(chat, id)),
    about,
  );

/** Telegram tells which reactions somebody had and has now. Returns what became of it. */
export async function takeReaction(update: MessageReactionUpdated): Promise<string> {
  const { chat, message_id, user, date, old_reaction: before, new_reaction: now } = update;
  // Nobody knows who an anonymous administrator is.
  if (!user || user.is_bot) return "unhandled";
  const post = idOf(chat.id, message_id);
  if (!(await isPost(post))) return "unknown";
  if (!(await isAllowed(user))) return "not_allowed";
  let outcome = "unchanged";
  const tell = async (reactions: ReactionType[], without: ReactionType[], isGone: boolean) => {
    const others = without.map(shown);
    for (const emoji of reactions.map(shown).filter((one) => !others.includes(one)))
      outcome = await tellReaction({
        ...{ post, emoji, isGone, source: "telegram", by: { id: String(user.id), name: nameOf(user) } },
        key: `${post}:${user.id}:${emoji}:${date}${isGone ? ":gone" : ""}`,
      });
  };
  await tell(before, now, true);
  await tell(now, before, false);
  return outcome;
}

const shown = (reaction: ReactionType): string =>
  reaction.type === "emoji"
    ? reaction.emoji
    : reaction.type === "custom_emoji"
      ? "a custom emoji"
      : "a paid star";
