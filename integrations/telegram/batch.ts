// What getUpdates has returned, in order. Photos that were sent together arrive as messages of their own, and are one here.

import type { Message, Update } from "grammy/types";
import { log } from "heddle/sdk";
import { isRefused } from "../_injections/readable.ts";
import { decideByButton } from "./buttons.ts";
import { takeCorrection, takeMessages } from "./messages.ts";
import { takeReaction } from "./reacted.ts";
import { stopDraft } from "./streaming.ts";

export interface Handling {
  signal: AbortSignal;
}

/**
 * Handles updates up to a group of media at the end that may not be complete. `known` is how many messages of that group
 * were there the last time: if there are no more, it is complete.
 */
export async function handleUpdates(
  updates: Update[],
  known: number,
  ctx: Handling,
): Promise<{ handled: number; waiting: number }> {
  const runs = joined(updates);
  let handled = 0;
  for (const [position, run] of runs.entries()) {
    const isLast = position === runs.length - 1;
    if (isLast && groupOf(run[0]) !== undefined && run.length !== known && updates.length < 100) {
      return { handled, waiting: run.length };
    }
    await handle(run, ctx);
    handled += run.length;
  }
  return { handled, waiting: 0 };
}

/** Updates in a row that belong to one group of media. */
function joined(updates: Update[]): Update[][] {
  const runs: Update[][] = [];
  for (const update of updates) {
    const group = groupOf(update);
    const last = runs.at(-1);
    if (group !== undefined && last && groupOf(last[0]) === group) last.push(update);
    else runs.push([update]);
  }
  return runs;
}

export const groupOf = (update: Update | undefined): string | undefined => {
  const { chat, media_group_id: id } = update?.message ?? {};
  return chat && id !== undefined ? `${chat.id}:${id}` : undefined;
};

/** Handles one update, or those of one group of media. */
export async function handle(updates: Update[], ctx: Handling): Promise<string> {
  const [update] = updates;
  if (!update) return "nothing";
  try {
    if (update.message) {
      const messages = updates.flatMap(({ message }) => message ?? []) as Message[];
      return await takeMessages(messages, ctx);
    }
    if (update.edited_message) return await takeCorrection(update.edited_message as Message, ctx);
    if (update.callback_query) return await decideByButton(update.callback_query, ctx);
    if (update.message_reaction) return await takeReaction(update.message_reaction);
    if (update.stopped_message_generation) return await stopDraft(update.stopped_message_generation);
  } catch (error) {
    // A message that can never be stored must not hold back those behind it.
    if (!isRefused(error)) throw error;
    log.error("A message of Telegram was left out", { update_id: update.update_id, error: String(error) });
    return "refused";
  }
  return "unhandled";
}
