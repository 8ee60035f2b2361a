// Events that automations fire: a question to a bot, and taps on the buttons of notifications.

import { approvals, injectEvent, log } from "heddle/sdk";
import { settings } from "./config.ts";

/** What an event carries besides its data. */
interface Fired {
  data: Record<string, unknown>;
  time_fired: string;
  context: { id: string; user_id: string | null };
}

export const ASK = "heddle_ask";
export const TAPPED = "mobile_app_notification_action";
const ACTION = /^HEDDLE_(APPROVE|DENY)_([0-9a-f-]{36})$/;

/** An automation asks a bot: `{ text, conversation?, bot?, notify? }`. The answer is fired as heddle_answer, or goes to a notify service. */
export async function ask({ data, context }: Fired): Promise<void> {
  const { text, conversation, bot, notify } = data;
  if (typeof text !== "string" || text.trim() === "") {
    log.warning("An event heddle_ask has no text", { conversation: String(conversation ?? "") });
    return;
  }
  const room = typeof conversation === "string" && conversation !== "" ? conversation.slice(0, 100) : "home";
  await injectEvent({
    clientId: `homeassistant:${room}`,
    event: ASK,
    botId: typeof bot === "string" && bot !== "" ? bot : settings.HOMEASSISTANT_BOT_ID,
    content: text.slice(0, 20_000),
    source: "homeassistant",
    runAgent: true,
    notify: true,
    idempotencyKey: `${ASK}:${context.id}`,
    dispatchConfig: {
      type: "homeassistant",
      conversation: room,
      ...(typeof notify === "string" && notify !== "" && { service: notify }),
    },
    metadata: { conversation: room },
    executionConfig: { skills: ["integrations/homeassistant/homeassistant"] },
  });
}

/** Somebody tapped a button of a question that Heddle has sent. */
export async function tapped({ data, context }: Fired): Promise<void> {
  const [, what, id] = ACTION.exec(String(data.action ?? "")) ?? [];
  if (id === undefined || context.user_id === null) return;
  try {
    await approvals.decide(id, {
      approved: what === "APPROVE",
      by: { id: context.user_id, name: `Home Assistant user ${context.user_id}` },
    });
  } catch (error) {
    // Decided before, or by somebody who is not asked: the question itself says how it stands.
    log.info("A tap on a question decided nothing", { approval: id, reason: String(error) });
  }
}
