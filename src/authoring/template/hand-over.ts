import { getOrCreateSession, injectMessage } from "heddle/sdk";
import { settings } from "./config.ts";

export interface RoomMessage {
  id: string;
  room: string;
  text: string;
}

/** Puts a message into the session of its room, where the bot answers it; a second time, nothing happens. */
export async function handOver({ id, room, text }: RoomMessage): Promise<void> {
  const sessionId = await getOrCreateSession({ clientId: `acme:${room}`, botId: settings.ACME_BOT_ID });
  await injectMessage({
    sessionId,
    content: text,
    source: "acme",
    runAgent: true,
    idempotencyKey: id,
    // @if dispatcher
    dispatchConfig: { type: "acme", room },
    // @end
  });
}
