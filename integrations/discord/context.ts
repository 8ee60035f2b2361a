// What was said in a thread before the bot was called.

import { nameInText } from "../_overheard/spoken-by.ts";
import { call, isFinal } from "./client.ts";
import { type DiscordMessage, nameOf, readable } from "./message.ts";
import type { Place } from "./place.ts";

const REPLIES = 20;
const LONGEST = 4_000;

/** The first message and the last replies before the message, or why they cannot be read; throws if Discord has to be asked again. */
export async function earlier(
  { channel, thread }: Place,
  before: string,
  self: string,
): Promise<string | undefined> {
  if (thread === undefined) return undefined;
  const query = { before, limit: REPLIES };
  try {
    const replies = await call<DiscordMessage[]>("GET", `/channels/${thread}/messages`, { query });
    const first = await starterOf(channel, thread);
    const lines = [...(first ? [first] : []), ...replies.reverse()]
      .filter(({ content }) => content !== "")
      .map((one) => `${nameInText(nameOf(one))}: ${readable(one, self).slice(0, LONGEST)}`);
    return lines.length > 0 ? `Earlier in this thread:\n\n${lines.join("\n")}` : undefined;
  } catch (error) {
    if (!isFinal(error)) throw error;
    return `(The earlier messages of this thread cannot be read: ${error.message}.)`;
  }
}

/** A thread that was begun from a message has that message's id. */
async function starterOf(channel: string, thread: string): Promise<DiscordMessage | undefined> {
  try {
    return await call<DiscordMessage>("GET", `/channels/${channel}/messages/${thread}`);
  } catch (error) {
    if (isFinal(error)) return undefined;
    throw error;
  }
}
