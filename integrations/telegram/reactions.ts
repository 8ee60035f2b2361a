// Reactions on a message show that its run has begun, and how it ended.

import { log, registerHook } from "heddle/sdk";
import { connectTelegram, signalOf } from "./client.ts";
import { settings } from "./config.ts";

/** Bots may use some emojis only: https://core.telegram.org/bots/api#reactiontypeemoji */
type Mark = "👀" | "👌" | "😢";

interface Asked {
  chat_id: number;
  message_id: number;
}

/** The message that a run answers, if it came from Telegram. */
function askedIn(message: { metadata: Record<string, unknown> } | null): Asked | undefined {
  const { chat_id, message_id } = (message?.metadata.telegram ?? {}) as Partial<Asked>;
  return typeof chat_id === "number" && typeof message_id === "number" ? { chat_id, message_id } : undefined;
}

/** Takes the place of the reaction before. One that cannot be made is only logged: a group may forbid them. */
async function react(asked: Asked | undefined, emoji: Mark | undefined): Promise<void> {
  if (!asked || !settings.TELEGRAM_REACTIONS) return;
  const reaction = emoji === undefined ? [] : [{ type: "emoji" as const, emoji }];
  try {
    const signal = signalOf(AbortSignal.timeout(8_000));
    await connectTelegram(8).setMessageReaction({ ...asked, reaction }, signal);
  } catch (error) {
    log.debug("A reaction could not be made", { reason: String(error) });
  }
}

registerHook("before_context_assembly", ({ extra }) => react(askedIn(extra.message), "👀"));

registerHook("after_response", ({ extra }) =>
  react(askedIn(extra.message), extra.status === "cancelled" ? undefined : extra.error ? "😢" : "👌"),
);
