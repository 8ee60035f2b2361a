// Answers below /integrations/acme. Only /webhook needs no API key.

import { Elysia, injectEvent, verifyHmac } from "heddle/sdk";
import { settings } from "./config.ts";

/** Since this version was loaded: a new version begins with new variables. */
const seen = { messages: 0 };

export const router = new Elysia()
  .post(
    "/webhook",
    async ({ request, status }) => {
      // First of all: who has no secret, or a wrong one, gets no further (403).
      const { body } = await verifyHmac(request, {
        secret: settings.ACME_WEBHOOK_SECRET,
        header: "x-acme-signature",
        prefix: "sha256=",
      });
      const event = readEvent(body);
      if (!event) return status(400, { error: "An event has the texts id, room and text." });
      // Stored with its run when this resolves. The bot works on it afterwards, so the sender need not wait.
      const { status: outcome, results } = await injectEvent({
        // One place, one conversation: the bot remembers what was said in this room. Where channels are bound to the
        // room, the message goes into those, unless their filters leave events of this name out.
        clientId: `acme:${event.room}`,
        event: "message",
        botId: settings.ACME_BOT_ID,
        content: event.text,
        source: "acme",
        runAgent: true,
        // Senders send again when an answer is late. The same id is stored, and answered, once.
        idempotencyKey: event.id,
        // @if dispatcher
        dispatchConfig: { type: "acme", room: event.room },
        // @end
        executionConfig: {
          system_preamble: `Somebody wrote this in the room "${event.room}" of Acme. Answer in a few sentences.`,
          // @if skills
          skills: ["integrations/acme/acme"],
          // @end
          // @if tools
          tools: ["acme_get_room"],
          // @end
        },
      });
      if (results.some(({ duplicate }) => !duplicate)) seen.messages++;
      return { status: outcome, results };
    },
    // The signature is over the bytes, so nothing may read them before it is checked.
    { parse: "none" },
  )
  // @if setup
  // The dashboard module that setup.ts declares.
  .get("/mc/activity/data", () => ({
    title: "Acme",
    sections: [
      {
        type: "stat_row",
        stats: [{ label: "Messages", value: seen.messages }],
      },
    ],
  }))
  // @end
  .get("/status", () => ({ status: "ok", ...seen }));

interface Event {
  id: string;
  room: string;
  text: string;
}

/** What the sender signed is still only what a sender wrote. */
function readEvent(body: string): Event | null {
  try {
    const { id, room, text } = JSON.parse(body) ?? {};
    const isEvent = [id, room, text].every((value) => typeof value === "string" && value !== "");
    return isEvent ? { id, room, text } : null;
  } catch {
    return null;
  }
}
