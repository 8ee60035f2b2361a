// Routes below /integrations/acme. Only /webhook and /status need no API key.

import { Elysia, store, verifyHmac } from "heddle/sdk";
import { settings } from "./config.ts";
import { handOver, readEvent } from "./hand-over.ts";

const LAST_MESSAGE_AT = "last_message_at";

export const router = new Elysia()
  .post(
    "/webhook",
    async ({ request, status }) => {
      // First of all: a sender without the secret, or with a wrong one, gets no further (403).
      const { body } = await verifyHmac(request, {
        secret: settings.ACME_WEBHOOK_SECRET,
        header: "x-acme-signature",
        prefix: "sha256=",
      });
      const event = readEvent(jsonOf(body));
      if (!event) return status(400, { error: "An event has the texts id, room and text." });
      const outcome = await handOver("message", event);
      // In the store, not in a variable, which would begin anew with each reload and differ between servers.
      await store.set(LAST_MESSAGE_AT, new Date().toISOString());
      return { status: outcome.status, results: outcome.results };
    },
    // The signature is over the bytes, so nothing may read them before it is checked.
    { parse: "none" },
  )
  // @if setup
  // The dashboard module that setup.ts declares.
  .get("/mc/activity/data", async () => ({
    title: "Acme",
    sections: [
      {
        type: "stat_row",
        stats: [{ label: "Last message", value: (await store.get<string>(LAST_MESSAGE_AT)) ?? "none" }],
      },
    ],
  }))
  // @end
  .get("/status", async () => ({
    status: "ok",
    last_message_at: (await store.get(LAST_MESSAGE_AT)) ?? null,
  }));

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
