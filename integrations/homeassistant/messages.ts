// Events that automations fire: a question to a bot, and taps on the buttons of notifications.

import { approvals, injectEvent, log, people } from "heddle/sdk";
import { readTap } from "./approvals.ts";
import { api, nameOfUser } from "./client.ts";
import { settings } from "./config.ts";

/** An event as Home Assistant gives it. The context is its own: whose user fired the event, or null for an automation. */
export interface Fired {
  data: Record<string, unknown>;
  time_fired: string;
  context: { id: string; user_id: string | null };
}

export const ASK = "heddle_ask";
export const ANSWER = "heddle_answer";
export const TAPPED = "mobile_app_notification_action";
/** Who asks when no user does. */
const AUTOMATIONS = { id: "automations", name: "Automations of the home" };
const LONGEST_TEXT = 20_000;

/**
 * A question to a bot: `{ text, conversation?, bot?, notify? }`. The answer is fired as heddle_answer, or goes to a notify
 * service. So does the reason if the question cannot be taken, since nobody at Home Assistant reads Heddle's log.
 */
export async function ask({ data, context, time_fired }: Fired): Promise<void> {
  const { text, conversation, bot, notify } = data;
  const room = typeof conversation === "string" && conversation !== "" ? conversation.slice(0, 100) : "home";
  const refuse = (reason: string) =>
    api.post(`/api/events/${ANSWER}`, { conversation: room, text: reason, is_error: true }).text();
  if (typeof text !== "string" || text.trim() === "") {
    await refuse(`The event ${ASK} must have a text.`);
    return;
  }
  const author = await whoAsks(context.user_id, `homeassistant:${room}`);
  if (author === undefined) return;
  try {
    await injectEvent({
      clientId: `homeassistant:${room}`,
      event: ASK,
      botId: typeof bot === "string" && bot !== "" ? bot : settings.HOMEASSISTANT_BOT_ID,
      content: text.slice(0, LONGEST_TEXT),
      source: "homeassistant",
      runAgent: true,
      notify: true,
      author,
      // All that one run of an automation fires has the same context.
      idempotencyKey: `${ASK}:${context.id}:${time_fired}`,
      dispatchConfig: {
        type: "homeassistant",
        conversation: room,
        ...(typeof notify === "string" && notify !== "" && { service: notify }),
      },
      metadata: { conversation: room },
      executionConfig: { skills: ["integrations/homeassistant/homeassistant"] },
    });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await refuse(`Heddle does not take the question: ${(error as Error).message}`);
  }
}

/** The author of a question; undefined for somebody whom the operator has blocked. */
async function whoAsks(userId: string | null, place: string) {
  const person = userId === null ? AUTOMATIONS : { id: userId, name: await nameOfUser(userId) };
  const { status } = await people.check({ ...person, place });
  return status === "blocked" ? undefined : { id: person.id, display_name: person.name };
}

/** What would be refused each time: an unknown bot, or a field that does not fit. */
export const isRefusal = (error: unknown): boolean =>
  ["unknown_bot", "validation"].includes(String((error as { code?: unknown } | null)?.code));

/** Somebody tapped a button of a question that Heddle has sent. */
export async function tapped({ data, context }: Omit<Fired, "time_fired">): Promise<void> {
  const tap = await readTap(data.action);
  if (tap === undefined || context.user_id === null) return;
  const { id, approved } = tap;
  try {
    const by = { id: context.user_id, name: await nameOfUser(context.user_id) };
    await approvals.decide(id, { approved, by });
  } catch (error) {
    const code = String((error as { code?: unknown } | null)?.code);
    if (!["conflict", "forbidden", "not_found"].includes(code)) throw error;
    // Decided before, or by somebody who is not asked: the question itself says how it stands.
    log.info("A tap on a question decided nothing", { approval: id, reason: code });
  }
}
