// Posts every hook event to HOOK_WEBHOOK_URLS. Runs do not wait for it, and an event that is not accepted is dropped after a few
// attempts. The events of one session arrive in order.

import { setImmediate } from "node:timers";
import { hopsSoFar } from "../hops.ts";
import { newId } from "../ids.ts";
import type { AnyHookContext } from "../sdk/backend.ts";
import type { HookEvent } from "../sdk/types.ts";
import { createWebhookLane, type WebhookLaneOptions } from "./webhook-lane.ts";

export interface HookWebhooksOptions extends WebhookLaneOptions {
  urls: readonly string[];
}

export interface HookWebhooks {
  /** Returns at once and never throws; `ctx` is redacted already and is not changed afterwards. */
  send(event: HookEvent, ctx: AnyHookContext): void;
  /** Takes no more events and waits for queued ones, for one time limit at most. */
  close(): Promise<void>;
}

export function createHookWebhooks(options: HookWebhooksOptions): HookWebhooks {
  const lanes = options.urls.map((url) => createWebhookLane(url, options));
  let fresh: { event: HookEvent; ctx: AnyHookContext; at: Date; hops: number }[] = [];
  let closed = false;

  function flush(): void {
    const events = fresh;
    fresh = [];
    for (const { event, ctx, at, hops } of events) {
      const delivery = { id: newId(), body: JSON.stringify(bodyOf(event, ctx, at)), hops, tries: 0 };
      for (const lane of lanes)
        lane.add(ctx.session_id ?? ctx.correlation_id ?? delivery.id, { ...delivery });
    }
  }

  return {
    send(event, ctx) {
      if (closed || lanes.length === 0) return;
      // The JSON is written after the run's own work.
      if (fresh.push({ event, ctx, at: new Date(), hops: hopsSoFar() }) === 1) setImmediate(flush);
    },
    async close() {
      closed = true;
      flush();
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}

/** The guide's format. Times end in an offset instead of "Z", which older parsers of ISO 8601 do not know. */
function bodyOf(event: HookEvent, ctx: AnyHookContext, at: Date) {
  const { bot_id, session_id, channel_id, client_id, correlation_id, extra } = ctx;
  return {
    event,
    timestamp: at.toISOString().replace("Z", "+00:00"),
    context: { bot_id, session_id, channel_id, client_id, correlation_id },
    data: extra,
  };
}
