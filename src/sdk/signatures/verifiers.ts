// Verifiers of incoming webhooks. All fail closed: without a secret nothing is accepted. All accept several secrets,
// so that a secret can be rotated without a gap. They read the request's body, so a handler must not.
//
// All throw a HeddleError: "invalid_signature" (no secret; a signature or timestamp that is missing, wrong, too far
// from now or spelt differently from the sender's spelling), "payload_too_large", or "bad_request" for a body or an
// id that the sender would not have sent.

import { errorMessage, HeddleError } from "../../errors.ts";
import { atOnce, checkArgument } from "../arguments.ts";
import { checkOptions } from "../options.ts";
import { schemeOf, type WebhookVerifier, type WithSecret } from "./descriptor.ts";
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
import { SCHEMES, type SchemeName } from "./schemes.ts";
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
  /** Reports how the sender was checked, for the operator. */
  sawCheck(received: Received, check: SenderCheck): void;
  /** Reports that the sender of the request is authentic. */
  sawSender(received: Received): void;
}

/** How a sender was checked, without anything that authenticates it. */
export interface SenderCheck {
  /** The name of the scheme; "own": the integration's code. */
  scheme: string;
  headers: string[];
  /** Why it was refused; null: it was accepted. */
  problem: string | null;
  /** Which of several secrets matched, from 1. */
  secret_number: number | null;
  /** How long ago it was signed, by the server's clock. */
  age_seconds: number | null;
}

const NOBODY: VerifierHost = {
  isProven: () => false,
  isVouchedFor: () => false,
  sawProof: () => {},
  sawCheck: () => {},
  sawSender: () => {},
};

const MAX_BYTES = 25 * 1024 * 1024;
const TOLERANCE_SECONDS = 300;

export function createVerifiers(host: VerifierHost = NOBODY) {
  async function verify<Event>(
    { name, scheme }: { name: string; scheme: Scheme<Event> },
    request: Request,
    secrets: Secrets,
    { maxBytes = MAX_BYTES, toleranceSeconds = TOLERANCE_SECONDS, now = Date.now }: VerifyOptions = {},
  ): Promise<Event> {
    checkArgument("The first argument of a verifier", request, "a request");
    host.sawProof(scheme.proofHeaders);
    const received = { headers: request.headers, bytes: await readBytes(request, maxBytes) };
    if (!host.isProven(received)) {
      const check: SenderCheck = {
        scheme: name,
        headers: [...scheme.proofHeaders],
        problem: null,
        secret_number: null,
        age_seconds: null,
      };
      let why: Error | undefined;
      try {
        const usable = usableSecrets(secrets);
        const proof = {
          now: atOnce("The now of a verifier", now()),
          toleranceSeconds,
          report(reason: string) {
            why = new Error(reason);
          },
          sawAge(seconds: number) {
            check.age_seconds = seconds;
          },
        };
        if (!scheme.prove(received, { ...proof, secrets: usable })) throw refused(undefined, why);
        if (usable.length > 1) {
          const match = usable.findIndex((secret) => scheme.prove(received, { ...proof, secrets: [secret] }));
          check.secret_number = match + 1;
        }
      } catch (error) {
        check.problem = why?.message ?? errorMessage(error);
        throw error;
      } finally {
        host.sawCheck(received, check);
      }
    }
    host.sawSender(received);
    return scheme.read(received);
  }

  async function verifyOwn(request: Request, check: OwnCheck, options: OwnOptions): Promise<VerifiedWebhook> {
    checkArgument("The first argument of verifyWith()", request, "a request");
    const { proofHeaders, id, maxBytes = MAX_BYTES } = options ?? {};
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
      const problem = isProven === true ? null : "The integration's own check refused the sender.";
      const headers = [...proofHeaders];
      host.sawCheck(received, { scheme: "own", headers, problem, secret_number: null, age_seconds: null });
      if (problem !== null) throw refused("The sender could not be verified.");
    }
    host.sawSender(received);
    return generalOf(readPlain(received, id, { mayBeEmpty: true }), received);
  }

  return {
    /** Verifies X-Hub-Signature-256 over the body. Also throws "unsupported_media_type". */
    verifyGitHub: async (request: Request, secrets: Secrets, options?: VerifyOptions): Promise<GitHubEvent> =>
      verify(
        { name: "github", scheme: SCHEMES.github.create({}) },
        request,
        secrets,
        checked("verifyGitHub", "github", options),
      ),

    /** Verifies X-Slack-Signature over timestamp and body: events, slash commands and interactions. */
    verifySlack: async (request: Request, secrets: Secrets, options?: VerifyOptions): Promise<SlackEvent> =>
      verify(
        { name: "slack", scheme: SCHEMES.slack.create({}) },
        request,
        secrets,
        checked("verifySlack", "slack", options),
      ),

    /** Verifies webhook-signature over id, timestamp and body. Secrets are base64, with or without "whsec_". */
    verifyStandardWebhook: async (
      request: Request,
      secrets: Secrets,
      options?: VerifyOptions,
    ): Promise<StandardWebhook> =>
      verify(
        { name: "standard", scheme: SCHEMES.standard.create({}) },
        request,
        secrets,
        checked("verifyStandardWebhook", "standard", options),
      ),

    /** Verifies a secret token in X-Gitlab-Token or, for one that begins with "whsec_", a signature. */
    verifyGitLab: async (request: Request, tokens: Secrets, options?: VerifyOptions): Promise<GitLabEvent> =>
      verify(
        { name: "gitlab", scheme: SCHEMES.gitlab.create({}) },
        request,
        tokens,
        checked("verifyGitLab", "gitlab", options),
      ),

    /** Verifies Stripe-Signature over timestamp and body. */
    verifyStripe: async (request: Request, secrets: Secrets, options?: VerifyOptions): Promise<StripeEvent> =>
      verify(
        { name: "stripe", scheme: SCHEMES.stripe.create({}) },
        request,
        secrets,
        checked("verifyStripe", "stripe", options),
      ),

    /**
     * Verifies an HMAC over the body in a header of your choice. It proves who sent the body, not when: pass an id of
     * the event as `idempotencyKey`.
     */
    verifyHmac: async (request: Request, options: HmacOptions): Promise<PlainWebhook> => {
      checked("verifyHmac", "hmac", options ?? {}, ["secret"]);
      const scheme = SCHEMES.hmac.create(options ?? {});
      return verify({ name: "hmac", scheme }, request, options?.secret, options);
    },

    /**
     * Verifies "Authorization: Bearer <token>". It proves neither body nor time; use it only if the sender can do no
     * more.
     */
    verifyBearer: async (
      request: Request,
      tokens: Secrets,
      options: BearerOptions = {},
    ): Promise<PlainWebhook> => {
      checked("verifyBearer", "bearer", options);
      return verify({ name: "bearer", scheme: SCHEMES.bearer.create(options) }, request, tokens, options);
    },

    /**
     * Verifies a shared token in a header of the sender's choice, such as Telegram's X-Telegram-Bot-Api-Secret-Token.
     * It proves neither body nor time; use it only if the sender can do no more.
     */
    verifyToken: async (request: Request, tokens: Secrets, options: TokenOptions): Promise<PlainWebhook> => {
      checked("verifyToken", "token", options ?? {});
      return verify({ name: "token", scheme: SCHEMES.token.create(options ?? {}) }, request, tokens, options);
    },

    /**
     * Verifies with a function of your own: `check` decides whether the sender is authentic, and its errors reach the
     * caller. The inbox, `heddle receive` and `heddle replay` work as with the other verifiers.
     */
    verifyWith: (request: Request, check: OwnCheck, options: OwnOptions): Promise<VerifiedWebhook> =>
      verifyOwn(request, check, options),

    /** Verifies with the scheme that the descriptor names. Also throws "validation" for an invalid descriptor. */
    verifyWebhook: async (
      request: Request,
      verifier: WebhookVerifier & WithSecret,
      options?: VerifyOptions,
    ): Promise<VerifiedWebhook> => {
      const scheme = schemeOf(verifier);
      const { scheme: name, secret } = verifier;
      return verify({ name, scheme }, request, secret, checked("verifyWebhook", undefined, options));
    },
  };
}

/** Returns the options. Throws "validation" for any that the verifier does not take: it would be less strict than it looks. */
function checked(
  call: string,
  scheme: SchemeName | undefined,
  options: VerifyOptions = {},
  others: string[] = [],
): VerifyOptions {
  const own = scheme === undefined ? [] : Object.keys(SCHEMES[scheme].options);
  checkOptions(call, options, [...Object.keys(GENERAL), ...own, ...others]);
  return options;
}

const GENERAL: Record<keyof VerifyOptions, true> = { maxBytes: true, toleranceSeconds: true, now: true };

const invalid = (message: string): HeddleError => new HeddleError("validation", message);
