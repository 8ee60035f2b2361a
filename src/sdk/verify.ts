// Verifiers of incoming webhooks. All fail closed: without a secret nothing is accepted. All take several
// secrets, so that one can be rotated without a gap. They read the request's body, so a handler must not.

import { HeddleError } from "../errors.ts";
import type { JsonObject } from "./types.ts";

/** One secret, or several of which any may have signed. Empty ones count as none. */
export type Secrets = string | readonly string[] | null | undefined;

export interface GitHubEvent {
  /** Of X-GitHub-Event: "pull_request". */
  event: string;
  /** Of X-GitHub-Delivery; when a sender leaves it out, made from the body, so that a copy has the same. */
  deliveryId: string;
  payload: JsonObject;
  /** As it was signed. */
  body: string;
}

/**
 * Checks X-Hub-Signature-256 (https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries)
 * over the raw body. Throws a HeddleError: "invalid_signature" (no secret, no or a wrong signature),
 * "unsupported_media_type", or "bad_request" (an empty body, no JSON object, no X-GitHub-Event).
 */
export async function verifyGitHub(request: Request, secrets: Secrets): Promise<GitHubEvent> {
  const candidates = usable(secrets);
  const signature = header(request, "x-hub-signature-256");
  const mediaType = (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (mediaType !== "application/json" && mediaType !== "application/x-www-form-urlencoded") {
    throw new HeddleError(
      "unsupported_media_type",
      "The content type must be application/json or application/x-www-form-urlencoded",
    );
  }
  const { bytes, text: body } = await rawBody(request);
  const { Webhooks } = await import("@octokit/webhooks");
  await firstAccepted(candidates, (secret) => new Webhooks({ secret }).verify(body, signature));
  const event = request.headers.get("x-github-event");
  if (!event) throw new HeddleError("bad_request", "The header X-GitHub-Event is missing");
  const json = mediaType === "application/json" ? body : (new URLSearchParams(body).get("payload") ?? "");
  return {
    event,
    deliveryId: request.headers.get("x-github-delivery") || `sha256:${await sha256(bytes)}`,
    payload: jsonObject(json),
    body,
  };
}

export interface HmacOptions {
  secret: Secrets;
  /** The header with the signature: "x-signature". */
  header: string;
  /** Default "sha256". */
  algorithm?: "sha1" | "sha256" | "sha512";
  /** Default "hex". */
  encoding?: "hex" | "base64";
  /** What stands before the signature in the header, such as "sha256="; it must be there. */
  prefix?: string;
}

/**
 * Checks an HMAC over the raw body and returns that body. It proves who sent it, not when: pass an id of the
 * event as `idempotencyKey`. Throws a HeddleError "invalid_signature", or "bad_request" for an empty body.
 */
export async function verifyHmac(request: Request, options: HmacOptions): Promise<{ body: string }> {
  const candidates = usable(options.secret);
  const given = header(request, options.header);
  const prefix = options.prefix ?? "";
  if (!given.startsWith(prefix)) throw refused();
  const signature = decode(given.slice(prefix.length), options.encoding ?? "hex");
  const { bytes, text } = await rawBody(request);
  const hash = { sha1: "SHA-1", sha256: "SHA-256", sha512: "SHA-512" }[options.algorithm ?? "sha256"];
  await firstAccepted(candidates, async (secret) => {
    const raw = new TextEncoder().encode(secret);
    const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash }, false, ["verify"]);
    return await crypto.subtle.verify("HMAC", key, signature, bytes);
  });
  return { body: text };
}

export interface StandardWebhook {
  /** Of webhook-id; the same for each attempt of one event. */
  id: string;
  payload: JsonObject;
  body: string;
}

/**
 * Checks a request of the Standard Webhooks kind (https://www.standardwebhooks.com), which may be at most five
 * minutes old. Secrets are base64, with or without "whsec_". Throws a HeddleError "invalid_signature", or
 * "bad_request" for a body that is empty or no JSON object.
 */
export async function verifyStandardWebhook(request: Request, secrets: Secrets): Promise<StandardWebhook> {
  const candidates = usable(secrets);
  const id = header(request, "webhook-id");
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": header(request, "webhook-timestamp"),
    "webhook-signature": header(request, "webhook-signature"),
  };
  const { text: body } = await rawBody(request);
  const { Webhook } = await import("standardwebhooks");
  await firstAccepted(candidates, async (secret) => {
    new Webhook(secret).verify(body, headers, { jsonParse: false });
    return true;
  });
  return { id, payload: jsonObject(body), body };
}

function usable(secrets: Secrets): string[] {
  const list = typeof secrets === "string" ? [secrets] : [...(secrets ?? [])];
  const found = list.filter((secret) => typeof secret === "string" && secret.trim() !== "");
  if (found.length === 0) {
    throw new HeddleError("invalid_signature", "No webhook secret is set, so nothing can be accepted");
  }
  return found;
}

function header(request: Request, name: string): string {
  const value = request.headers.get(name);
  if (!value) throw new HeddleError("invalid_signature", `The header ${name} is missing`);
  return value;
}

async function rawBody(request: Request): Promise<{ bytes: Uint8Array<ArrayBuffer>; text: string }> {
  if (request.bodyUsed) {
    throw new HeddleError(
      "internal",
      "The body was read before it could be verified: take `request` in the handler, and not `body`",
    );
  }
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length === 0) throw new HeddleError("bad_request", "The body is empty");
  // `request.text()` would drop a byte order mark, and with it the bytes that were signed.
  return { bytes, text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) };
}

async function firstAccepted(
  secrets: string[],
  accepts: (secret: string) => Promise<boolean>,
): Promise<void> {
  for (const secret of secrets) {
    // A verifier that throws refuses: a signature of another scheme, an old timestamp, a secret that is no base64.
    if (await accepts(secret).catch(() => false)) return;
  }
  throw refused();
}

const refused = (): HeddleError =>
  new HeddleError("invalid_signature", "The signature does not match the body");

function decode(text: string, encoding: "hex" | "base64"): Uint8Array<ArrayBuffer> {
  if (encoding === "hex") {
    if (!/^([0-9a-f]{2})+$/i.test(text)) throw refused();
    return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  }
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw refused();
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw refused();
  }
}

function jsonObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new HeddleError("bad_request", "The body is not JSON", { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new HeddleError("bad_request", "The body is not a JSON object");
  }
  return value as JsonObject;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
