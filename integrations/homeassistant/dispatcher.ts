import { type DispatchContext, registerDispatcher, splitText, t } from "heddle/sdk";
import { askByNotification } from "./approvals.ts";
import { api } from "./client.ts";
import { ANSWER } from "./messages.ts";

const config = t.Object({
  /** Answers are fired as the event heddle_answer with it. */
  conversation: t.Optional(t.String({ minLength: 1, maxLength: 100 })),
  /** A notify service that shows the answer, such as notify.mobile_app_phone. */
  service: t.Optional(t.String({ pattern: "^notify\\.[a-z0-9_]{1,100}$" })),
  title: t.Optional(t.String({ maxLength: 200 })),
});
type Config = typeof config.static;

/** What a phone shows of a notification. */
const NOTIFICATION = 1_500;
/** Home Assistant refuses events whose data is longer than 32 KiB where they are recorded. */
const EVENT = 20_000;

registerDispatcher("homeassistant", {
  config,
  lane: ({ conversation, service }: Config) => service ?? conversation ?? "home",
  deliver: ({ config, result, isError, task }, ctx) =>
    post(config, result, { is_error: isError, task_id: task.id }, ctx),
  postMessage: ({ config, text }, ctx) => post(config, text, { is_error: false }, ctx),
  askApproval: askByNotification,
});

async function post(target: Config, text: string, facts: object, ctx: DispatchContext) {
  if (text.trim() === "") return { receipt: { skipped: "empty text" } };
  return {
    receipt: target.service ? await notify(target, text, ctx) : await fire(target, text, facts, ctx),
  };
}

/** Fires heddle_answer, which automations listen to. `delivery_id` and `part` let them recognise what they have seen. */
async function fire({ conversation = "home" }: Config, text: string, facts: object, ctx: DispatchContext) {
  const parts = splitText(text, { limit: EVENT, unit: "bytes" });
  for (const [n, part] of parts.entries()) {
    const about = { part: n + 1, parts: parts.length, delivery_id: ctx.delivery_id };
    await ctx.once(n, async () => {
      const data = { conversation, text: part, ...facts, ...about };
      await api.post(`/api/events/${ANSWER}`, data, { signal: ctx.signal }).text();
      return true;
    });
  }
  return { event: ANSWER, parts: parts.length };
}

async function notify({ service = "", title }: Config, text: string, ctx: DispatchContext) {
  const parts = splitText(text, { limit: NOTIFICATION, unit: "codepoints" });
  for (const [n, message] of parts.entries()) {
    await ctx.once(n, async () => {
      // The tag makes a repeated attempt replace the notification instead of adding one.
      const body = { message, ...(title && { title }), data: { tag: `${ctx.delivery_id}-${n}` } };
      await api.post(`/api/services/${service.replace(".", "/")}`, body, { signal: ctx.signal }).text();
      return true;
    });
  }
  return { service, parts: parts.length };
}
