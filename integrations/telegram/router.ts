import type { Update } from "grammy/types";
import { Elysia, verifyToken } from "heddle/sdk";
import { handle } from "./batch.ts";
import { settings } from "./config.ts";
import { takePart } from "./media-groups.ts";

// `parse: "none"`, because nothing may read the body before its sender is proven.
export const router = new Elysia().post(
  "/webhook",
  async ({ request, status }) => {
    const { body } = await verifyToken(request, settings.TELEGRAM_WEBHOOK_SECRET, {
      header: "x-telegram-bot-api-secret-token",
    });
    const update = updateOf(body);
    if (update === null) {
      return status(400, {
        error: { code: "bad_request", message: "The body must be an Update of Telegram." },
      });
    }
    const { signal } = request;
    const outcome = await takePart(update, (updates) => handle(updates, { signal }));
    return { status: "processed", outcome };
  },
  { parse: "none" },
);

function updateOf(body: string): Update | null {
  try {
    const update = JSON.parse(body);
    return Number.isSafeInteger(update?.update_id) ? update : null;
  } catch {
    return null;
  }
}
