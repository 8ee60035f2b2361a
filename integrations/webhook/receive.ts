// Receives one webhook of an endpoint: authenticates its sender, and injects the message that the endpoint's template makes.

import { createHash } from "node:crypto";
import { injectEvent, store, type VerifiedWebhook, verifyWebhook } from "heddle/sdk";
import { shortened } from "../_keys/shortened.ts";
import { clientIdOf } from "./client-id.ts";
import type { Endpoint } from "./endpoints/endpoint.ts";
import { dispatchConfigOf } from "./endpoints/endpoints.ts";
import { RETRIED_SECONDS } from "./endpoints/presets.ts";
import { readSecrets } from "./endpoints/secrets.ts";
import { isFromBot } from "./from-bot.ts";
import { exactPayload, keyAt } from "./payload.ts";
import { renderPrompt } from "./prompt.ts";

/** A larger body contains files, which a bot could not read. */
const MAX_BODY_BYTES = 1024 * 1024;
const LONGEST_EVENT = 100;

/** Throws what `verifyWebhook` and `injectEvent` throw. */
export async function receive(endpoint: Endpoint, request: Request) {
  const { signing } = await readSecrets(endpoint.id);
  const webhook = await verifyWebhook(
    request,
    { ...endpoint.verifier, secret: Object.values(signing) },
    { maxBytes: MAX_BODY_BYTES },
  );
  const greeting = greetingOf(endpoint, webhook);
  if (greeting) return greeting;
  const { name, execution_config } = endpoint;
  const { event } = webhook;
  const payload = exactPayload(webhook);
  const [dispatchConfig, idempotencyKey] = [
    await dispatchConfigOf(endpoint),
    await idempotencyKeyOf(endpoint, { ...webhook, payload }),
  ];
  const { status, results } = await injectEvent({
    clientId: clientIdOf(name, keyAt(payload, endpoint.session_pointer)),
    event: event === null ? "webhook" : shortened(event, LONGEST_EVENT),
    botId: endpoint.bot_id,
    content: renderPrompt(endpoint.prompt_template, { endpoint: name, event, payload }),
    source: "webhook",
    runAgent: true,
    fromBot: isFromBot(endpoint.verifier.scheme, payload),
    metadata: { endpoint: name, event },
    ...(idempotencyKey !== null && { idempotencyKey }),
    ...(dispatchConfig && { dispatchConfig }),
    ...(execution_config && { executionConfig: execution_config }),
  });
  return { status, endpoint: name, results };
}

/** The answer to what a service sends when its webhook address is configured. */
function greetingOf({ verifier }: Endpoint, { event, payload }: VerifiedWebhook) {
  if (verifier.scheme === "github" && event === "ping") return { status: "pong" };
  const { type, challenge } = (payload ?? {}) as Record<string, unknown>;
  if (verifier.scheme === "slack" && type === "url_verification") return { challenge };
  return undefined;
}

/**
 * The payload's own key; else the sender's id; else, if the body is signed, the body itself, because a copy of a signed
 * request must not run again. With only a token, a copy cannot be distinguished from a second event, unless it comes as soon as the sender's retries.
 */
async function idempotencyKeyOf(
  endpoint: Endpoint,
  { id, payload, body }: VerifiedWebhook,
): Promise<string | null> {
  const isSigned = !["bearer", "token"].includes(endpoint.verifier.scheme);
  const ofBody = () => {
    const hash = `sha256:${createHash("sha256").update(body).digest("hex")}`;
    return isSigned ? hash : retryKey(endpoint, hash);
  };
  const key = keyAt(payload, endpoint.idempotency_pointer) ?? id ?? (await ofBody());
  // All endpoints share the integration's idempotency keys.
  return key && shortened(`${endpoint.name}:${key}`);
}

/** The same for all copies that come soon after the first; null if the sender is not known to try again. */
async function retryKey({ id, preset }: Endpoint, hash: string): Promise<string | null> {
  const seconds = preset ? RETRIED_SECONDS[preset] : undefined;
  if (seconds === undefined) return null;
  const now = Date.now();
  const isRetry = (first: number | undefined) => first !== undefined && now - first < seconds * 1000;
  const first = await store.update<number>(
    `retried/${id}/${hash}`,
    (before) => (isRetry(before) ? before : now),
    { ttlSeconds: seconds },
  );
  return `${hash}@${first}`;
}
