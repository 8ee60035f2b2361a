import {
  type AskApprovalInput,
  type DispatchContext,
  Permanent,
  registerDispatcher,
  splitText,
  t,
} from "heddle/sdk";
import { api } from "./client.ts";
import { settings } from "./config.ts";

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

registerDispatcher("homeassistant", {
  config,
  lane: ({ conversation, service }: Config) => service ?? conversation ?? "home",
  deliver: ({ config, result, isError, task }, ctx) =>
    post(config, result, { is_error: isError, task_id: task.id }, ctx),
  postMessage: ({ config, text }, ctx) => post(config, text, {}, ctx),
  askApproval: question,
});

async function post(target: Config, text: string, facts: object, ctx: DispatchContext) {
  if (text.trim() === "") return { receipt: { skipped: "empty text" } };
  return {
    receipt: target.service ? await notify(target, text, {}, ctx) : await fire(target, text, facts, ctx),
  };
}

/** Fires heddle_answer, which automations listen to. */
async function fire({ conversation = "home" }: Config, text: string, facts: object, ctx: DispatchContext) {
  const data = { conversation, text, ...facts, delivery_id: ctx.delivery_id };
  await ctx.once("event", async () => {
    await expectOk(api.post("/api/events/heddle_answer", data, { signal: ctx.signal }));
    return true;
  });
  return { event: "heddle_answer" };
}

async function notify({ service = "", title }: Config, text: string, data: object, ctx: DispatchContext) {
  // The tag makes a repeated attempt replace the notification instead of adding one.
  const parts = splitText(text, { limit: NOTIFICATION, unit: "codepoints" });
  for (const [n, message] of parts.entries()) {
    await ctx.once(n, async () => {
      const body = { message, ...(title && { title }), data: { tag: `${ctx.delivery_id}-${n}`, ...data } };
      await expectOk(api.post(`/api/services/${service.replace(".", "/")}`, body, { signal: ctx.signal }));
      return true;
    });
  }
  return { service, parts: parts.length };
}

/** Asks with two buttons; once it is decided, the same notification says how. */
async function question({ approval, text, config: target }: AskApprovalInput<Config>, ctx: DispatchContext) {
  if (!target.service)
    throw new Permanent("A question needs a notify service: set `service` in the dispatch_config.");
  const isOpen = approval.status === "pending";
  const actions = [
    { action: `HEDDLE_APPROVE_${approval.id}`, title: "Approve" },
    { action: `HEDDLE_DENY_${approval.id}`, title: "Deny", destructive: true },
  ];
  const data = { tag: `approval-${approval.id}`, ...(isOpen && { actions }) };
  const decided = isOpen
    ? ""
    : `\n\n${approval.status}${approval.decided_by ? ` by ${approval.decided_by}` : ""}`;
  const message = `${text}${decided}`.slice(0, NOTIFICATION);
  const path = `/api/services/${target.service.replace(".", "/")}`;
  await expectOk(api.post(path, { title: "Heddle asks", message, data }, { signal: ctx.signal }));
  return { receipt: { tag: data.tag } };
}

/** 400 is Home Assistant's word for a service that there is not. */
async function expectOk(answer: ReturnType<typeof api.post>): Promise<void> {
  if (settings.HOMEASSISTANT_TOKEN === "") throw new Permanent("HOMEASSISTANT_TOKEN must be set.");
  await answer.text();
}
