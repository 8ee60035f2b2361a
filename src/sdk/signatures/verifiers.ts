// Verifiers of incoming webhooks. All fail closed: without a secret nothing is accepted. All accept several secrets,
// so that a secret can be rotated without a gap. They read the request's body, so a handler must not.
//
// All throw a HeddleError: "invalid_signature" (no secret; a signature or timestamp that is missing, wrong, too far
// from now or spelt differently from the sender's spelling), "payload_too_large", or "bad_request" for a body or an
// id that the sender would not have sent.

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

/** Options of all signature verifiers. */
export interface VerifyOptions {
  /** The maximum bytes of a body. Default 25 MiB, GitHub's maximum. */
  maxBytes?: number;
  /** How many seconds the timestamp may differ from this machine's clock, if the scheme has one. Default 300. */
  toleranceSeconds?: number;
  /** Returns the current time in milliseconds; default: the system clock. */
  now?: () => number;
}

/** Options of `verifyHmac`. */
export interface HmacOptions extends PlainHmac, VerifyOptions {
  /** The key of the HMAC, or several of which any may have been used. */
  secret: Secrets;
}

/** Options of `verifyBearer`. */
export interface BearerOptions extends PlainBearer, VerifyOptions {}

/** Options of `verifyToken`. */
export interface TokenOptions extends PlainToken, VerifyOptions {}

/**
 * Decides whether the sender is authentic: only `true` means yes. `body` is exactly what was sent. Compare secrets in
 * constant time, for example with the SDK's `timingSafeEqual`.
 */
export type OwnCheck = (headers: Headers, body: Uint8Array) => boolean | Promise<boolean>;

/** Options of `verifyWith`. */
export interface OwnOptions extends Pick<VerifyOptions, "maxBytes"> {
  /** Headers whose values authenticate the sender: the inbox does not store them, and a replay does not need them. */
  proofHeaders: readonly string[];
  /** The header with the sender's id of the event, if there is one. */
  id?: string;
}

/** What the server knows about the request being verified. Outside of a server nothing is known. */
export interface VerifierHost {
  /** Whether this is a replay of a request whose sender was authenticated on arrival; its signature was not stored. */
  isProven(received: Received): boolean;
  /** Whether the server itself made the request, for an integration with a verifier of its own. */
  isVouchedFor(received: Received): boolean;
  /** Reports which headers of the request authenticate its sender. */
  sawProof(headers: readonly string[]): void;
  /** Reports that the sender of the request is authentic. */
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
      const report = (reason: string) => {
        why = new Error(reason);
      };
      const proof = { secrets: usable, now: now(), toleranceSeconds, report };
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
    if (typeof check !== "function") throw invalid("The second argument of verifyWith() must be a function.");
    if (!Array.isArray(proofHeaders)) {
      throw invalid(
        "The third argument of verifyWith() must be { proofHeaders: [...] }, the names of the headers that authenticate the sender.",
      );
    }
    for (const name of proofHeaders) checkHeaderName("proofHeaders", name);
    if (id !== undefined) checkHeaderName("id", id);
    host.sawProof(proofHeaders);
    const received = { headers: request.headers, bytes: await readBytes(request, maxBytes) };
    if (!host.isProven(received) && !host.isVouchedFor(received)) {
      // The check gets copies, so that it cannot change what is passed on.
      const isProven = await check(new Headers(received.headers), received.bytes.slice());
      if (isProven !== true) throw refused("The sender could not be verified.");
    }
    host.sawSender(received);
    return generalOf(readPlain(received, id, { mayBeEmpty: true }), received);
  }

  return {
    /** Verifies X-Hub-Signature-256 over the body. Also throws "unsupported_media_type". */
    verifyGitHub: (request: Request, secrets: Secrets, options?: VerifyOptions): Promise<GitHubEvent> =>
      verify(SCHEMES.github.create({}), request, secrets, options),

    /** Verifies X-Slack-Signature over timestamp and body: events, slash commands and interactions. */
    verifySlack: (request: Request, secrets: Secrets, options?: VerifyOptions): Promise<SlackEvent> =>
      verify(SCHEMES.slack.create({}), request, secrets, options),

    /** Verifies webhook-signature over id, timestamp and body. Secrets are base64, with or without "whsec_". */
    verifyStandardWebhook: (
      request: Request,
      secrets: Secrets,
      options?: VerifyOptions,
    ): Promise<StandardWebhook> => verify(SCHEMES.standard.create({}), request, secrets, options),

    /** Verifies a secret token in X-Gitlab-Token or, for one that begins with "whsec_", a signature. */
    verifyGitLab: (request: Request, tokens: Secrets, options?: VerifyOptions): Promise<GitLabEvent> =>
      verify(SCHEMES.gitlab.create({}), request, tokens, options),

    /** Verifies Stripe-Signature over timestamp and body. */
    verifyStripe: (request: Request, secrets: Secrets, options?: VerifyOptions): Promise<StripeEvent> =>
      verify(SCHEMES.stripe.create({}), request, secrets, options),

    /**
     * Verifies an HMAC over the body in a header of your choice. It proves who sent the body, not when: pass an id of
     * the event as `idempotencyKey`.
     */
    verifyHmac: (request: Request, options: HmacOptions): Promise<PlainWebhook> =>
      verify(SCHEMES.hmac.create(options), request, options.secret, options),

    /**
     * Verifies "Authorization: Bearer <token>". It proves neither body nor time; use it only if the sender can do no
     * more.
     */
    verifyBearer: (request: Request, tokens: Secrets, options: BearerOptions = {}): Promise<PlainWebhook> =>
      verify(SCHEMES.bearer.create(options), request, tokens, options),

    /**
     * Verifies a shared token in a header of the sender's choice, such as Telegram's X-Telegram-Bot-Api-Secret-Token.
     * It proves neither body nor time; use it only if the sender can do no more.
     */
    verifyToken: async (request: Request, tokens: Secrets, options: TokenOptions): Promise<PlainWebhook> =>
      verify(SCHEMES.token.create(options), request, tokens, options),

    /**
     * Verifies with a function of your own: `check` decides whether the sender is authentic, and its errors reach the
     * caller. The inbox, `heddle receive` and `heddle replay` work as with the other verifiers.
     */
    verifyWith: (request: Request, check: OwnCheck, options: OwnOptions): Promise<VerifiedWebhook> =>
      verifyOwn(request, check, options),

    /** Verifies with the scheme that the descriptor names. Also throws "validation" for an invalid descriptor. */
    verifyWebhook: async (
      request: Request,
      verifier: WebhookVerifier & { secret: Secrets },
      options?: VerifyOptions,
    ): Promise<VerifiedWebhook> => verify(schemeOf(verifier), request, verifier.secret, options),
  };
}

const invalid = (message: string): HeddleError => new HeddleError("validation", message);
