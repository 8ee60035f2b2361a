// Receives updates: asks for them with getUpdates, or tells Telegram to call the webhook and watches whether it can.

import { setTimeout as sleep } from "node:timers/promises";
import type { Update } from "grammy/types";
import { type ListenContext, listen, store } from "heddle/sdk";
import { handleUpdates } from "./batch.ts";
import { connectTelegram, listenerError, signalOf, type Telegram } from "./client.ts";
import { registerCommands } from "./commands.ts";
import { accountId, settings } from "./config.ts";
import { webhookAddress } from "./webhook-address.ts";

const ALLOWED_UPDATES = [
  "message",
  "edited_message",
  "callback_query",
  "stopped_message_generation",
  "message_reaction",
] as const;
/** A group of photos arrives within a second. */
const GROUP_WAIT_MS = 1_000;
const WATCH_MS = 30_000;

listen({
  name: "updates",
  // Telegram answers each request after TELEGRAM_POLL_SECONDS at the latest.
  silenceSeconds: 60,
  async run(ctx) {
    try {
      await receive(ctx);
    } catch (error) {
      throw listenerError(error);
    }
  },
});

async function receive(ctx: ListenContext): Promise<void> {
  const telegram = connectTelegram();
  const me = await telegram.getMe(signalOf(ctx.signal));
  await registerCommands(telegram, ctx.signal);
  const url = webhookAddress();
  if (url !== null) return watchWebhook(telegram, url, `as @${me.username}`, ctx);
  // Messages that wait are kept.
  await telegram.deleteWebhook({ drop_pending_updates: false }, signalOf(ctx.signal));
  await poll(`as @${me.username}`, ctx);
}

/** The first update that has not been handled, for each account. */
const offsetKey = () => `offset:${accountId()}`;

async function poll(as: string, { signal, connected, alive }: ListenContext): Promise<void> {
  const seconds = settings.TELEGRAM_POLL_SECONDS;
  const telegram = connectTelegram(seconds + 10);
  const key = offsetKey();
  let offset = await store.get<number>(key);
  let unfinishedGroup = 0;
  connected(as);
  while (!signal.aborted) {
    const updates = await telegram.getUpdates(
      {
        limit: 100,
        timeout: unfinishedGroup > 0 ? 0 : seconds,
        allowed_updates: ALLOWED_UPDATES,
        ...(offset !== undefined && { offset }),
      },
      signalOf(signal),
    );
    alive();
    const { handled, waiting } = await handleUpdates(updates, unfinishedGroup, { signal });
    // Only now, so that none is lost; idempotency keys keep those that come again from being answered twice.
    const next = nextOffset(updates, handled);
    if (next !== undefined && next !== offset) {
      await store.set(key, next);
      offset = next;
    }
    unfinishedGroup = waiting;
    if (waiting > 0) await sleep(GROUP_WAIT_MS, undefined, { signal });
  }
}

function nextOffset(updates: Update[], handled: number): number | undefined {
  const last = updates[handled - 1];
  return last === undefined ? undefined : last.update_id + 1;
}

/** Says for as long as it runs whether Telegram can call the webhook. */
export async function watchWebhook(
  telegram: Telegram,
  url: string,
  as: string,
  ctx: Pick<ListenContext, "signal" | "connected" | "degraded" | "alive">,
  everyMs = WATCH_MS,
): Promise<void> {
  const { signal, connected, degraded, alive } = ctx;
  await telegram.setWebhook(
    {
      url,
      secret_token: settings.TELEGRAM_WEBHOOK_SECRET,
      allowed_updates: ALLOWED_UPDATES,
      max_connections: 10,
      drop_pending_updates: false,
    },
    signalOf(signal),
  );
  connected(`${as}, by webhook`);
  const start = Date.now() / 1000;
  while (!signal.aborted) {
    await sleep(everyMs, undefined, { signal });
    const info = await telegram.getWebhookInfo(signalOf(signal));
    alive();
    if (info.url !== url) throw new Error("Another program has changed the webhook of this bot.");
    const failedAt = info.last_error_date ?? 0;
    if (failedAt > start && info.pending_update_count > 0) {
      degraded(
        `Telegram cannot call the webhook, ${info.pending_update_count} messages wait: ${info.last_error_message}`,
      );
    } else connected(`${as}, by webhook`);
  }
}
