// Verifiers of incoming webhooks. All fail closed: without a secret nothing is accepted. All take several secrets, so
// that one can be rotated without a gap. They read the request's body, so a handler must not.
//
// All throw a HeddleError: "invalid_signature" (no secret; a signature or timestamp that is missing, wrong, too far
// from now or spelt otherwise than its sender spells it), "payload_too_large", or "bad_request" for a body or an id
// that the sender would not have sent.

import { HeddleError } from "../../errors.ts";
import { schemeOf, type WebhookVerifier } from "./descriptor.ts";
import { checkHeaderName, generalOf, type PlainWebhook, readPlain } from "./plain.ts";
import { type Received, readBytes } from "./request.ts";
import type { Scheme, VerifiedWebhook } from "./scheme.ts";
import type { PlainBearer } from "./schemes/bearer.ts";
import type { GitHubEvent } from "./schemes/github.ts";
import type { GitLabEvent } from "./schemes/gitlab.ts";
import type { PlainHmac } from "./schemes/hmac.ts";
import type { SlackEvent } from "./schemes/slack.ts";
import type { StandardWebhook } from "./schemes/standard.ts";
import type { StripeEvent } from "./schemes/stripe.ts";
import type { PlainToken } from "./schemes/token.ts";
import { SCHEMES } from "./schemes.ts";
import { refused, type Secrets, usableSecrets } from "./secrets.ts";

/** What all verifiers of a signature take. */
export interface VerifyOptions {
  /** Bytes that a body may have. Default 25 MiB, the most that GitHub sends. */
  maxBytes?: number;
  /** How far the sender's clock may be from ours, either way, where the scheme has a timestamp. Default 300. */
  toleranceSeconds?: number;
  /** Milliseconds; default: the clock. */
  now?: () => number;
}

/** What `verifyHmac` takes. */
export interface HmacOptions extends PlainHmac, VerifyOptions {
  /** The key of the HMAC, or several of which any may have signed. */
  secret: Secrets;
}

/** What `verifyBearer` takes. */
export interface BearerOptions extends PlainBearer, VerifyOptions {}

/** What `verifyToken` takes. */
export interface TokenOptions extends PlainToken, VerifyOptions {}

/**
 * Whether the sender is proven, by what came: true, and nothing else, says yes. `body` is as it was sent. Compare secrets
 * in constant time, such as with `timingSafeEqual` of node:crypto.
 */
export type OwnCheck = (headers: Headers, body: Uint8Array) => boolean | Promise<boolean>;

/** What `verifyWith` takes. */
export interface OwnOptions extends Pick<VerifyOptions, "maxBytes"> {
  /** Headers whose values prove the sender: the inbox does not keep them, and a replay does not need them. */
  proofHeaders: readonly string[];
  /** The header with the sender's id of the event, if there is one. */
  id?: string;
}

/** What the server knows of the request that is being verified. Outside of a server nobody knows anything. */
export interface VerifierHost {
  /** The sender was proven when this very request first came; now it runs again, and the proof was not kept. */
  isProven(received: Received): boolean;
  /** The server itself made the request, for an integration that verifies in its own way. */
  isVouchedFor(received: Received): boolean;
  /** Tells which headers of the request prove its sender. */
  sawProof(headers: readonly string[]): void;
  /** Tells that the sender of the request is proven. */
  sawSender(received: Received): void;
}

const NOBODY: VerifierHost = {
  isProven: () => false,
  isVouchedFor: () => false,
  sawProof: () => {},
  sawSender: () => {},
};

const MAX_BYTES = 25 * 1024 * 1024;
const TOLERANCE_SECONDS = 300;

export function createVerifiers(host: VerifierHost = NOBODY) {
  async function verify<Event>(
    scheme: Scheme<Event>,
    request: Request,
    secrets: Secrets,
    { maxBytes = MAX_BYTES, toleranceSeconds = TOLERANCE_SECONDS, now = Date.now }: VerifyOptions = {},
  ): Promise<Event> {
    host.sawProof(scheme.proofHeaders);
    const received = { headers: request.headers, bytes: await readBytes(request, maxBytes) };
    if (!host.isProven(received)) {
      const usable = usableSecrets(secrets);
      let why: Error | undefined;
      const tell = (reason: string) => {
        why = new Error(reason);
      };
      const proof = { secrets: usable, now: now(), toleranceSeconds, tell };
      if (!scheme.prove(received, proof)) throw refused(undefined, why);
    }
    host.sawSender(received);
    return scheme.read(received);
  }

  async function verifyOwn(
    request: Request,
    check: OwnCheck,
    { proofHeaders, id, maxBytes = MAX_BYTES }: OwnOptions,
  ): Promise<VerifiedWebhook> {
    if (typeof check !== "function") throw invalid("verifyWith() takes a function second.");
    if (!Array.isArray(proofHeaders)) {
      throw invalid(
        "verifyWith() takes { proofHeaders: [...] } third: the names of the headers that prove the sender.",
      );
    }
    for (const name of proofHeaders) checkHeaderName("proofHeaders", name);
    if (id !== undefined) checkHeaderName("id", id);
    host.sawProof(proofHeaders);
    const received = { headers: request.headers, bytes: await readBytes(request, maxBytes) };
    if (!host.isProven(received) && !host.isVouchedFor(received)) {
      // What it does to its arguments changes nothing of what is handed on.
      const isProven = await check(new Headers(received.headers), received.bytes.slice());
      if (isProven !== true) throw refused("The sender is not proven");
    }
    host.sawSender(received);
    return generalOf(readPlain(received, id, { mayBeEmpty: true }), received);
  }

  return {
    /** X-Hub-Signature-256 over the body. Also throws "unsupported_media_type". */
    verifyGitHub: (request: Request, secrets: Secrets, options?: VerifyOptions): Promise<GitHubEvent> =>
      verify(SCHEMES.github.create({}), request, secrets, options),

    /** X-Slack-Signature over timestamp and body: events, slash commands and interactions. */
    verifySlack: (request: Request, secrets: Secrets, options?: VerifyOptions): Promise<SlackEvent> =>
      verify(SCHEMES.slack.create({}), request, secrets, options),

    /** webhook-signature over id, timestamp and body. Secrets are base64, with or without "whsec_". */
    verifyStandardWebhook: (
      request: Request,
      secrets: Secrets,
      options?: VerifyOptions,
    ): Promise<StandardWebhook> => verify(SCHEMES.standard.create({}), request, secrets, options),

    /** A secret token in X-Gitlab-Token or, for one that begins with "whsec_", a signature. */
    verifyGitLab: (request: Request, tokens: Secrets, options?: VerifyOptions): Promise<GitLabEvent> =>
      verify(SCHEMES.gitlab.create({}), request, tokens, options),

    /** Stripe-Signature over timestamp and body. */
    verifyStripe: (request: Request, secrets: Secrets, options?: VerifyOptions): Promise<StripeEvent> =>
      verify(SCHEMES.stripe.create({}), request, secrets, options),

    /**
     * An HMAC over the body in a header of your choice. It proves who sent it, not when: pass an id of the event as
     * `idempotencyKey`.
     */
    verifyHmac: (request: Request, options: HmacOptions): Promise<PlainWebhook> =>
      verify(SCHEMES.hmac.create(options), request, options.secret, options),

    /** "Authorization: Bearer <token>". It proves neither body nor time; use it where a sender can do no more. */
    verifyBearer: (request: Request, tokens: Secrets, options: BearerOptions = {}): Promise<PlainWebhook> =>
      verify(SCHEMES.bearer.create(options), request, tokens, options),

    /**
     * A shared token in a header of the sender's own, such as Telegram's X-Telegram-Bot-Api-Secret-Token. It proves neither
     * body nor time; use it where a sender can do no more.
     */
    verifyToken: async (request: Request, tokens: Secrets, options: TokenOptions): Promise<PlainWebhook> =>
      verify(SCHEMES.token.create(options), request, tokens, options),

    /**
     * A way of proving a sender that no other verifier knows: `check` says whether it is proven, and what it throws goes on
     * to the caller. The inbox, `heddle receive` and `heddle replay` know of it as of the others.
     */
    verifyWith: (request: Request, check: OwnCheck, options: OwnOptions): Promise<VerifiedWebhook> =>
      verifyOwn(request, check, options),

    /** The scheme that the descriptor names. Also throws "validation" for one that is no descriptor. */
    verifyWebhook: async (
      request: Request,
      verifier: WebhookVerifier & { secret: Secrets },
      options?: VerifyOptions,
    ): Promise<VerifiedWebhook> => verify(schemeOf(verifier), request, verifier.secret, options),
  };
}

const invalid = (message: string): HeddleError => new HeddleError("validation", message);
