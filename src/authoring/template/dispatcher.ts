// Delivers answers whose dispatch_config has the type "acme".

import { type DispatchContext, Permanent, Retryable, registerDispatcher, t } from "heddle/sdk";
import { askAcme } from "./client.ts";

registerDispatcher("acme", {
  // Of the dispatch_config, without its type: a message with another one is refused when it is injected.
  config: t.Object({ room: t.String({ minLength: 1 }) }),
  // Acme's answer to a message has an id: without one, something else has answered, and it is tried again.
  receipt: t.Object({ id: t.String({ minLength: 1 }) }),

  deliver: ({ task, result, isError }, ctx) =>
    // An error is shown as one, not as what the bot says.
    post(String(task.dispatch_config.room), isError ? `⚠️ ${result}` : result, ctx),

  // Texts that no run has made.
  postMessage: ({ dispatchConfig, text }, ctx) => post(String(dispatchConfig.room), text, ctx),
});

async function post(room: string, text: string, { delivery_id, signal }: DispatchContext) {
  const response = await askAcme(`rooms/${encodeURIComponent(room)}/messages`, {
    method: "POST",
    // The same in each attempt, so that Acme can tell a repetition from a second message.
    headers: { "content-type": "application/json", "idempotency-key": delivery_id },
    body: JSON.stringify({ text }),
    signal,
  });
  if (response.ok) {
    const { id } = (await response.json()) as { id: string };
    return { receipt: { id } };
  }
  const reason = `Acme answered ${response.status}`;
  // It says how long it wants to be left alone.
  if (response.status === 429) throw new Retryable(reason, { retryAfter: response });
  // Nobody is in that room any more: trying again will not help. Whatever else is thrown is tried again.
  if (response.status === 404 || response.status === 410) throw new Permanent(reason);
  throw new Error(reason);
}
