// Requests to Gmail and Pub/Sub, and what their refusals mean: https://developers.google.com/workspace/gmail/api/guides/handle-errors

import {
  type HttpClient,
  http,
  Permanent,
  ReauthRequired,
  Retryable,
  rateLimit,
  retryAfterSeconds,
} from "heddle/sdk";
import { account } from "../account.ts";
import { settings } from "../config.ts";

/** What a refusal says about itself. */
interface Refusal {
  message: string;
  reasons: string[];
}

const TOO_OFTEN = ["rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"];
const NOT_AGREED_TO = ["insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"];
const MOST_CHARACTERS = 500;

const options = {
  service: { name: "Gmail", settings: ["MAIL_GMAIL_URL"] },
  account,
  baseUrl: () => `${settings.MAIL_GMAIL_URL}/gmail/v1/users/me`,
  // Gmail counts 250 units a second for each mailbox; what is asked most costs 5.
  rateLimit: rateLimit({ rates: [{ requests: 40, seconds: 1 }], concurrency: 8 }),
  timeoutSeconds: 60,
};
/** For what can be asked again at once. */
export const reading: HttpClient = http({
  ...options,
  retry: { on: [403, 408, 429, "5xx", "network"], retryAfter: pauseOf },
});
/** For what changes something: the delivery or the listener is tried again as a whole. */
export const writing: HttpClient = http({ ...options, retry: { tries: 1 } });
/** For bytes, which have an address of their own. */
export const uploading: HttpClient = http({
  ...options,
  baseUrl: () => `${settings.MAIL_GMAIL_URL}/upload/gmail/v1/users/me`,
  retry: { tries: 1 },
});
export const pubsub: HttpClient = http({
  service: { name: "Pub/Sub", settings: ["MAIL_PUBSUB_URL"] },
  account,
  baseUrl: () => `${settings.MAIL_PUBSUB_URL}/v1`,
  retry: { tries: 1 },
});

/** The answer's body. Throws ReauthRequired, Retryable or Permanent. */
export async function ask<Value>(asked: Promise<Response>): Promise<Value> {
  const response = await asked;
  if (!response.ok) throw await errorOf(response);
  return (await response.json()) as Value;
}

/** Undefined for what is not there any more. */
export async function askFor<Value>(asked: Promise<Response>): Promise<Value | undefined> {
  const response = await asked;
  if (response.status !== 404) return ask<Value>(Promise.resolve(response));
  await response.body?.cancel();
  return undefined;
}

async function errorOf(response: Response): Promise<Error> {
  const { status } = response;
  const { message, reasons } = await refusalIn(response);
  const text = `Google answered ${status}: ${message}`;
  if (status === 401) return new ReauthRequired(`Google does not accept the sign-in. Sign in again. ${text}`);
  if (isAny(reasons, NOT_AGREED_TO))
    return new ReauthRequired(
      `The sign-in does not cover this. Sign in again, and agree to all of it. ${text}`,
    );
  if (status === 429 || isAny(reasons, TOO_OFTEN)) {
    const retryAfter = retryAfterSeconds(response.headers) ?? secondsIn(message);
    return new Retryable(text, retryAfter === undefined ? {} : { retryAfter });
  }
  // An operator can switch on an API, or give a right, while a delivery waits.
  return status === 403 || status === 408 || status >= 500 ? new Retryable(text) : new Permanent(text);
}

/** Only a rate limit passes by waiting; any other 403 is returned at once. */
async function pauseOf(response: Response): Promise<number | undefined> {
  const asked = retryAfterSeconds(response.headers);
  if (response.status !== 403 && response.status !== 429) return asked;
  const { message, reasons } = await refusalIn(response);
  if (response.status === 403 && !isAny(reasons, TOO_OFTEN)) return Number.POSITIVE_INFINITY;
  return asked ?? secondsIn(message);
}

/** Gmail says the time in words: "User-rate limit exceeded.  Retry after 2026-11-29T15:00:00.000Z". */
function secondsIn(message: string): number | undefined {
  const [, words = ""] = message.split("Retry after ");
  const until = Date.parse(words.split(" ")[0] ?? "");
  return Number.isNaN(until) ? undefined : Math.max(1, Math.ceil((until - Date.now()) / 1_000));
}

async function refusalIn(response: Response): Promise<Refusal> {
  const body = (await response.json().catch(() => ({}))) as {
    error?: { message?: string; errors?: { reason?: string }[]; details?: { reason?: string }[] };
  };
  const { message = "no reason given", errors = [], details = [] } = body.error ?? {};
  const reasons = [...errors, ...details].flatMap(({ reason }) => reason ?? []);
  return { message: message.slice(0, MOST_CHARACTERS), reasons };
}

const isAny = (reasons: string[], wanted: string[]): boolean =>
  reasons.some((reason) => wanted.includes(reason));
