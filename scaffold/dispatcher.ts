// Delivers answers whose dispatch_config has the type "acme".

import { type DispatchContext, Permanent, Retryable, registerDispatcher, t } from "heddle/sdk";
import { askAcme } from "./client.ts";

registerDispatcher("acme", {
  // The dispatch_config without its type. A message with another shape is refused when it is injected.
  config: t.Object({ room: t.String({ pattern: "^[\\w-]+$" }) }),
  // Acme answers with the message's id. Without one, something else has answered, and the delivery is tried again.
  receipt: t.Object({ id: t.String({ minLength: 1 }) }),

  // An error is shown as one, not as something the bot says.
  deliver: ({ config, result, isError }, ctx) => post(config.room, isError ? `⚠️ ${result}` : result, ctx),

  // Texts that no run has made.
  postMessage: ({ config, text }, ctx) => post(config.room, text, ctx),
});

async function post(room: string, text: string, { delivery_id, signal }: DispatchContext) {
  const response = await askAcme(`rooms/${encodeURIComponent(room)}/messages`, {
    method: "POST",
    // The same in each attempt, so that Acme can tell a repeated request from a second message.
    headers: { "content-type": "application/json", "idempotency-key": delivery_id },
    body: JSON.stringify({ text }),
    signal,
  });
  if (response.ok) {
    const { id } = (await response.json()) as { id: string };
    return { receipt: { id } };
  }
  const reason = `Acme answered ${response.status}`;
  // Acme says in Retry-After how long to wait.
  if (response.status === 429) throw new Retryable(reason, { retryAfter: response });
  // The room is gone, so trying again will not help. Whatever else is thrown is tried again.
  if (response.status === 404 || response.status === 410) throw new Permanent(reason);
  throw new Error(reason);
}
