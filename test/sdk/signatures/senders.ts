// Senders of webhooks, implemented from their documentation and not from the tested code.

import { createHmac } from "node:crypto";
import { Webhook } from "standardwebhooks";
import type { Secrets } from "../../../src/sdk/signatures/secrets.ts";
import { createVerifiers, type VerifyOptions } from "../../../src/sdk/signatures/verifiers.ts";

export const { verifyGitHub, verifySlack, verifyStandardWebhook, verifyGitLab, ...others } =
  createVerifiers();
export const { verifyStripe, verifyHmac, verifyBearer, verifyToken, verifyWith, verifyWebhook } = others;

export interface Sent {
  body: string;
  secret: string;
  id: string;
  at: Date;
}

type Fields = Record<string, string>;
type Algorithm = "sha1" | "sha256" | "sha512" | "md5";

export interface Sender {
  name: string;
  /** Creates a secret from random bytes. */
  secretOf(bytes: Uint8Array): string;
  /** Returns the body that this sender would send for any fields. */
  bodyOf(fields: Record<string, unknown>): string;
  headers(sent: Sent, algorithm?: Algorithm): Fields;
  verify(
    request: Request,
    secrets: Secrets,
    options?: VerifyOptions,
  ): Promise<{ id: string | null; body: string }>;
  /** The header with the signature, and the public part of its value: the word before it. */
  proof: string;
  isTimed: boolean;
  /** Whether the body is signed. */
  isSigned: boolean;
  /** The header with an unsigned id. */
  looseId?: string;
  /** The header with a signed id. */
  signedId?: string;
}

const hmac = (algorithm: Algorithm, secret: string, text: string) =>
  createHmac(algorithm, secret).update(text);
const seconds = (at: Date) => Math.floor(at.getTime() / 1000);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const whsec = (bytes: Uint8Array) => `whsec_${Buffer.from(bytes).toString("base64")}`;

/** Signs as the library standardwebhooks does, and the same with another algorithm. */
function standardHeaders({ body, secret, id, at }: Sent, algorithm: Algorithm): Fields {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const other = createHmac(algorithm, key)
    .update(`${id}.${seconds(at)}.${body}`)
    .digest("base64");
  return {
    "webhook-id": id,
    "webhook-timestamp": String(seconds(at)),
    "webhook-signature": algorithm === "sha256" ? new Webhook(secret).sign(id, at, body) : `v1,${other}`,
  };
}

export const SENDERS: Sender[] = [
  {
    name: "GitHub",
    secretOf: text,
    bodyOf: JSON.stringify,
    headers: ({ body, secret, id }, algorithm = "sha256") => ({
      "x-github-event": "push",
      "x-github-delivery": id,
      "x-hub-signature": `sha1=${hmac("sha1", secret, body).digest("hex")}`,
      "x-hub-signature-256": `${algorithm}=${hmac(algorithm, secret, body).digest("hex")}`,
    }),
    verify: async (...given) => {
      const { deliveryId, body } = await verifyGitHub(...given);
      return { id: deliveryId, body };
    },
    proof: "x-hub-signature-256",
    isTimed: false,
    isSigned: true,
    looseId: "x-github-delivery",
  },
  {
    name: "Slack",
    secretOf: text,
    bodyOf: (fields) => JSON.stringify({ ...fields, event_id: "Ev1", type: "event_callback" }),
    headers: ({ body, secret, at }, algorithm = "sha256") => ({
      "x-slack-request-timestamp": String(seconds(at)),
      "x-slack-signature": `v0=${hmac(algorithm, secret, `v0:${seconds(at)}:${body}`).digest("hex")}`,
    }),
    verify: verifySlack,
    proof: "x-slack-signature",
    isTimed: true,
    isSigned: true,
  },
  {
    name: "Standard Webhooks",
    secretOf: whsec,
    bodyOf: JSON.stringify,
    headers: (sent, algorithm = "sha256") => standardHeaders(sent, algorithm),
    verify: verifyStandardWebhook,
    proof: "webhook-signature",
    isTimed: true,
    isSigned: true,
    signedId: "webhook-id",
  },
  {
    name: "GitLab, with a secret token",
    secretOf: text,
    bodyOf: JSON.stringify,
    headers: ({ secret, id }) => ({
      "x-gitlab-event": "Push Hook",
      "idempotency-key": id,
      "x-gitlab-token": secret,
    }),
    verify: verifyGitLab,
    proof: "x-gitlab-token",
    isTimed: false,
    isSigned: false,
    looseId: "idempotency-key",
  },
  {
    name: "GitLab, with a signing token",
    secretOf: whsec,
    bodyOf: JSON.stringify,
    headers: (sent, algorithm = "sha256") => ({
      "x-gitlab-event": "Push Hook",
      "idempotency-key": sent.id,
      ...standardHeaders(sent, algorithm),
    }),
    verify: verifyGitLab,
    proof: "webhook-signature",
    isTimed: true,
    isSigned: true,
    signedId: "webhook-id",
  },
  {
    name: "Stripe",
    secretOf: (bytes) => `whsec_${text(bytes)}`,
    bodyOf: (fields) => JSON.stringify({ ...fields, id: "evt_1", type: "invoice.paid" }),
    headers: ({ body, secret, at }, algorithm = "sha256") => ({
      "stripe-signature": `t=${seconds(at)},v1=${hmac(algorithm, secret, `${seconds(at)}.${body}`).digest("hex")}`,
    }),
    verify: verifyStripe,
    proof: "stripe-signature",
    isTimed: true,
    isSigned: true,
  },
  {
    name: "HMAC in hex",
    secretOf: text,
    bodyOf: JSON.stringify,
    headers: ({ body, secret, id }, algorithm = "sha256") => ({
      "x-delivery": id,
      "x-signature": `${algorithm}=${hmac(algorithm, secret, body).digest("hex")}`,
    }),
    verify: (request, secret, options) =>
      verifyHmac(request, { secret, header: "X-Signature", prefix: "sha256=", id: "x-delivery", ...options }),
    proof: "x-signature",
    isTimed: false,
    isSigned: true,
    looseId: "x-delivery",
  },
  {
    name: "HMAC in base64",
    secretOf: text,
    bodyOf: JSON.stringify,
    headers: ({ body, secret }, algorithm = "sha512") => ({
      "x-signature": hmac(algorithm, secret, body).digest("base64"),
    }),
    verify: (request, secret, options) =>
      verifyHmac(request, {
        secret,
        header: "x-signature",
        algorithm: "sha512",
        encoding: "base64",
        ...options,
      }),
    proof: "x-signature",
    isTimed: false,
    isSigned: true,
  },
  {
    name: "bearer token",
    secretOf: text,
    bodyOf: JSON.stringify,
    headers: ({ secret, id }) => ({ authorization: `Bearer ${secret}`, "x-delivery": id }),
    verify: (request, tokens, options) => verifyBearer(request, tokens, { id: "x-delivery", ...options }),
    proof: "authorization",
    isTimed: false,
    isSigned: false,
    looseId: "x-delivery",
  },
  {
    name: "token in a header of its own",
    secretOf: text,
    bodyOf: JSON.stringify,
    headers: ({ secret, id }) => ({ "x-telegram-bot-api-secret-token": secret, "x-delivery": id }),
    verify: (request, tokens, options) =>
      verifyToken(request, tokens, {
        header: "X-Telegram-Bot-Api-Secret-Token",
        id: "x-delivery",
        ...options,
      }),
    proof: "x-telegram-bot-api-secret-token",
    isTimed: false,
    isSigned: false,
    looseId: "x-delivery",
  },
  {
    name: "a way of one's own",
    secretOf: text,
    bodyOf: JSON.stringify,
    headers: ({ body, secret, id }, algorithm = "sha256") => ({
      "x-own": hmac(algorithm, secret, `own:${body}`).digest("hex"),
      "x-delivery": id,
    }),
    verify: (request, secrets, options) => {
      const usable = [secrets ?? []].flat().filter((secret) => secret.trim() !== "");
      return verifyWith(
        request,
        (headers, body) =>
          usable.some((secret) => {
            const own = createHmac("sha256", secret).update("own:").update(body).digest("hex");
            return headers.get("x-own") === own;
          }),
        { proofHeaders: ["x-own"], id: "x-delivery", ...options },
      );
    },
    proof: "x-own",
    isTimed: false,
    isSigned: true,
    looseId: "x-delivery",
  },
];

/** A request as received from the network; a header may occur more than once. */
export function post(body: string | Uint8Array<ArrayBuffer>, headers: Fields | [string, string][]): Request {
  const sent = new Headers({ "content-type": "application/json" });
  for (const [name, value] of Array.isArray(headers) ? headers : Object.entries(headers)) {
    sent.append(name, value);
  }
  return new Request("http://localhost/webhook", { method: "POST", body, headers: sent });
}
