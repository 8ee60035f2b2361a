// Reactions of people to what the bot has posted.

import { type JsonObject, people } from "heddle/sdk";
import { isPost, tellReaction } from "../_reactions/reacted.ts";
import { isAllowed } from "./access.ts";
import type { Self } from "./known.ts";
import { nameOf } from "./message.ts";

/** https://discord.com/developers/docs/events/gateway-events#message-reaction-add, as far as it is used. */
interface Reaction {
  user_id?: unknown;
  message_id?: unknown;
  emoji?: { id?: string | null; name?: string | null };
  /** Only in a server, and only where the reaction was made. */
  member?: { nick?: string | null; user?: { id: string; username: string; global_name?: string | null } };
}

/** Returns what became of it. */
export async function takeReaction(
  event: JsonObject,
  { isGone, self }: { isGone: boolean; self: Self },
): Promise<string> {
  const { user_id: user, message_id: post, emoji, member } = event as Reaction;
  const name = emoji?.name;
  if (typeof user !== "string" || typeof post !== "string" || typeof name !== "string") return "unhandled";
  if (user === self.id) return "own";
  // Most reactions are to what people write, and need no look at who reacts.
  if (!(await isPost(post))) return "unknown";
  if (!(await isAllowed(user))) return "not_allowed";
  return tellReaction({
    // Emojis of a server have an id and a name.
    ...{ post, emoji: emoji?.id ? `:${name}:` : name, isGone, source: "discord" },
    by: { id: user, name: member?.user ? nameOf({ author: member.user, member }) : await knownName(user) },
    key: `${post}:${user}:${emoji?.id ?? name}${isGone ? ":gone" : ""}`,
  });
}

/** The name by which the operator knows somebody. */
const knownName = async (id: string): Promise<string> =>
  (await people.list()).find((one) => one.id === id)?.name || id;
