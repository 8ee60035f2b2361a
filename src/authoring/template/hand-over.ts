import { injectEvent } from "heddle/sdk";
import { settings } from "./config.ts";

export interface RoomMessage {
  id: string;
  room: string;
  text: string;
}

/** Hands a message to the bot that answers in its room; the same one a second time changes nothing. */
export async function handOver({ id, room, text }: RoomMessage): Promise<void> {
  await injectEvent({
    clientId: `acme:${room}`,
    event: "message",
    botId: settings.ACME_BOT_ID,
    content: text,
    source: "acme",
    runAgent: true,
    idempotencyKey: id,
    // @if dispatcher
    dispatchConfig: { type: "acme", room },
    // @end
  });
}
