// Emojis with which people react to what a bot has posted: the bot is told of them with the next message, and no run begins.

import { injectMessage, log, store } from "heddle/sdk";
import { isRefused } from "../_injections/readable.ts";
import { shortened } from "../_keys/shortened.ts";
import { nameInText } from "../_overheard/spoken-by.ts";

const KEPT_SECONDS = 7 * 86_400;
const LONGEST_QUOTED = 200;
const LONGEST_EMOJI = 100;
/** Of one post: what a whole company clicks on must not fill a conversation. */
const MOST = 20;

interface Post {
  session_id: string;
  said: string;
  /** How many reactions the bot was told of. */
  told: number;
}

/** Remembers what was posted, by the service's ids of the messages. */
export async function rememberPosts(
  ids: readonly (string | number)[],
  { sessionId, text }: { sessionId: string | undefined; text: string },
): Promise<void> {
  if (sessionId === undefined) return;
  const said = text.replace(/\s+/g, " ").trim().slice(0, LONGEST_QUOTED).toWellFormed();
  const post: Post = { session_id: sessionId, said, told: 0 };
  // A delivery that is repeated must not forget what the bot was told of already.
  for (const id of ids)
    await store.update<Post>(keyOf(id), (known) => ({ ...post, told: known?.told ?? 0 }), {
      ttlSeconds: KEPT_SECONDS,
    });
}

export interface Reaction {
  /** The service's id of the message, as it was remembered. */
  post: string | number;
  /** As people read it: "👍", ":party:". */
  emoji: string;
  /** Whether it was taken back. */
  isGone: boolean;
  by: { id: string; name: string };
  source: string;
  /** The same for each report of the same reaction. */
  key: string;
}

/** What became of a reaction: "unknown" if the message is nothing that the bot has posted lately. */
export type Told = "told" | "unknown" | "too_many" | "refused";

/** Whether the message is something that a bot has posted lately. */
export const isPost = async (id: string | number): Promise<boolean> =>
  (await store.get(keyOf(id))) !== undefined;

/** Tells the bot. Who may talk to it is checked before. */
export async function tellReaction({ post, emoji, isGone, by, source, key }: Reaction): Promise<Told> {
  const count = (known: Post | undefined) => known && { ...known, told: known.told + 1 };
  const known = await store.update<Post>(keyOf(post), count, { ttlSeconds: KEPT_SECONDS });
  if (known === undefined) return "unknown";
  if (known.told > MOST) return "too_many";
  const shown = emoji.replace(/\s+/g, " ").slice(0, LONGEST_EMOJI).toWellFormed();
  const what = isGone ? `has taken back the reaction ${shown}` : `has reacted with ${shown}`;
  const quoted = known.said === "" ? "what you posted" : `what you wrote: "${known.said}"`;
  try {
    await injectMessage({
      ...{ sessionId: known.session_id, source, notify: false },
      content: `${nameInText(by.name)} ${what} to ${quoted}`,
      author: { id: by.id, display_name: by.name },
      idempotencyKey: shortened(`reaction:${key}`),
    });
    return "told";
  } catch (error) {
    // The conversation was deleted meanwhile.
    if ((error as { code?: unknown }).code === "not_found") return "unknown";
    if (!isRefused(error)) throw error;
    log.warning("A reaction was left out, since it was refused", { source, error: String(error) });
    return "refused";
  }
}

const keyOf = (id: string | number): string => shortened(`posted:${id}`);
