import {
  type EventResult,
  injectEvent,
  // @if listeners|process
  log,
  // @end
} from "heddle/sdk";
import { settings } from "./config.ts";

export interface RoomEvent {
  /** Acme's own id of it. */
  id: string;
  room: string;
  text: string;
}

/**
 * Hands something that happened in a room to the bot that answers there. Once it resolves, the message and its run are
 * stored, and no crash loses them; the bot works on it afterwards.
 */
export function handOver(
  event: "message" | "mention" | "reminder",
  { id, room, text }: RoomEvent,
): Promise<EventResult> {
  return injectEvent({
    // One place, one conversation: the bot remembers what was said in this room. Where channels are bound to the room,
    // the event goes into those, unless their filters leave events of this name out.
    clientId: `acme:${room}`,
    event,
    botId: settings.ACME_BOT_ID,
    content: text,
    source: "acme",
    runAgent: true,
    // The same key is stored, and answered, once: senders send again when an answer is late, and a process that was
    // stopped half-way asks again. Each kind of event comes in one way only, and has keys of its own.
    idempotencyKey: `${event}:${id}`,
    // @if dispatcher
    dispatchConfig: { type: "acme", room },
    // @end
    executionConfig: {
      system_preamble: `This is a ${event} from the room "${room}" of Acme. Answer in a few sentences.`,
      // @if skills
      skills: ["integrations/acme/acme"],
      // @end
      // @if tools
      tools: ["acme_get_room"],
      // @end
    },
  });
}

// @if listeners|process
/** For an event that is refused, such as for an id that is too long: it would be each time, and hold up those after it. */
export function leaveOut(error: unknown): void {
  if (!["validation", "payload_too_large"].includes(String((error as { code?: unknown }).code))) throw error;
  log.error("An event was left out, since it was refused", { reason: String(error) });
}
// @end

/** Null for anything else: even a signed body is only what a sender wrote. */
export function readEvent(value: unknown): RoomEvent | null {
  const { id, room, text } = (value ?? {}) as Record<string, unknown>;
  const isText = (field: unknown): field is string => typeof field === "string" && field.trim() !== "";
  return isText(id) && isText(room) && isText(text) ? { id, room, text } : null;
}
