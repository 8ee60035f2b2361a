// Buttons below messages: stopping a run, and deciding on a call of a tool that waits.

import type { CallbackQuery } from "grammy/types";
import { approvals, log, store } from "heddle/sdk";
import { refusedBecause, TOO_LATE } from "../_decisions/refused.ts";
import { isAllowed, nameOf } from "./access.ts";
import { type Asked, approvalKey } from "./approvals.ts";
import { connectTelegram, refusalOf, signalOf } from "./client.ts";
import { stopTask } from "./streaming.ts";

const DATA = /^(stop|once|run|deny):([0-9a-f-]{36})$/;

export async function decideByButton(
  query: CallbackQuery,
  { signal }: { signal: AbortSignal },
): Promise<string> {
  const [, action, id] = DATA.exec(query.data ?? "") ?? [];
  const chatId = query.message?.chat.id;
  const isKnown = action !== undefined && id !== undefined && chatId !== undefined;
  const said = !isKnown
    ? "This button is too old."
    : action === "stop"
      ? await stop(query, id)
      : await decide(query, id, action, chatId);
  try {
    await connectTelegram(10).answerCallbackQuery(
      { callback_query_id: query.id, text: said, show_alert: !OUTCOMES.includes(said) },
      signalOf(signal),
    );
  } catch (error) {
    // It was pressed too long ago for an answer to be shown.
    if (refusalOf(error)?.status !== 400) log.warning("A button was not answered", { error: String(error) });
  }
  return said;
}

async function stop({ from }: CallbackQuery, taskId: string): Promise<string> {
  if (!(await isAllowed(from))) return "Only people whom I know may stop me.";
  return (await stopTask(taskId)) ? "Stopped." : "I have finished already.";
}

const OUTCOMES = ["Approved.", "Denied.", "Stopped."];
/** Of the text that Telegram shows over the chat. */
const LONGEST = 200;

async function decide({ from }: CallbackQuery, id: string, action: string, chatId: number): Promise<string> {
  const asked = await store.get<Asked>(approvalKey(id));
  if (asked?.chat_id !== chatId) return TOO_LATE;
  try {
    const { status } = await approvals.decide(id, {
      approved: action !== "deny",
      by: { id: String(from.id), name: nameOf(from) },
      ...(action === "run" && { choice: "run" as const }),
    });
    return status === "approved" ? "Approved." : "Denied.";
  } catch (error) {
    const reason = refusedBecause(error);
    if (reason === undefined) throw error;
    return reason.slice(0, LONGEST).toWellFormed();
  }
}
