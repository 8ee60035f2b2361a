import {
  type FetchFunction,
  type Logger,
  LogLevel,
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebClient,
  type WebClientOptions,
} from "@slack/web-api";
import { connectionError, log, Permanent, Retryable, fetch as sdkFetch } from "heddle/sdk";
import { settings } from "./config.ts";

/** Slack's own log would repeat each error that is thrown and reported anyway. */
export const quietLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: (...texts) => log.debug(texts.map(String).join(" ").slice(0, 500)),
  error: (...texts) => log.debug(texts.map(String).join(" ").slice(0, 500)),
  setLevel: () => {},
  getLevel: () => LogLevel.WARN,
  setName: () => {},
};

/** What all clients of Slack have in common: Heddle's `fetch`, and no retries, since deliveries and listeners are tried again anyway. */
export const clientOptions = (signal?: AbortSignal): WebClientOptions => ({
  slackApiUrl: settings.SLACK_API_URL.endsWith("/") ? settings.SLACK_API_URL : `${settings.SLACK_API_URL}/`,
  rejectRateLimitedCalls: true,
  retryConfig: { retries: 0 },
  allowAbsoluteUrls: false,
  fetch: ((url: string | URL, init?: RequestInit) =>
    sdkFetch(url, { ...init, ...(signal && { signal }) })) as FetchFunction,
});

/** A client with the token of a workspace; the signal aborts its requests. */
export function connect(token: string, signal?: AbortSignal): WebClient {
  if (token === "") throw new Permanent("SLACK_BOT_TOKEN must be set to the token of the app (xoxb-…).");
  return new WebClient(token, { ...clientOptions(signal), logger: quietLogger });
}

/** Slack's name of an error, such as "channel_not_found"; undefined if Slack has not answered. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof WebAPIPlatformError ? error.data.error : undefined;

/** How long Slack asks to wait; undefined for any other error. */
export const askedSeconds = (error: unknown): number | undefined =>
  error instanceof WebAPIRateLimitedError ? error.retryAfter : undefined;

/** Errors that go away by themselves; all others of Slack's answers say that this call can never succeed. */
const PASSING = new Set([
  "fatal_error",
  "internal_error",
  "ratelimited",
  "rate_limited",
  "request_timeout",
  "service_unavailable",
  "team_added_to_org",
  "accesslimited",
]);
const HINTS: Record<string, string> = {
  channel_not_found: "The channel is gone, or it is private and the bot is not in it: invite the bot.",
  not_in_channel: "Invite the bot into the channel, and deliver the answer again.",
  is_archived: "The channel is archived: unarchive it, and deliver the answer again.",
  restricted_action: "The workspace does not let the bot post there.",
  restricted_action_read_only_channel: "Only some people may post in the channel.",
};
const UNAUTHORIZED = new Set([
  "account_inactive",
  "invalid_auth",
  "not_authed",
  "token_expired",
  "token_revoked",
  "not_allowed_token_type",
]);

/**
 * Turns what a client throws into what the server understands; `what` begins the sentence: "Posting to C123". `setting` has the token; undefined: the
 * dispatch_config has one of its own, which nobody can mend.
 */
export function deliveryError(error: unknown, what: string, setting?: string): unknown {
  const explained = serviceError(error, setting);
  if (explained !== error) return explained;
  if (error instanceof WebAPIRateLimitedError)
    return new Retryable(`${what} must wait: Slack allows no more calls at the moment.`, {
      cause: error,
      retryAfter: error.retryAfter,
    });
  if (error instanceof WebAPIPlatformError) {
    const { error: code, needed } = error.data as { error: string; needed?: string };
    const hint = HINTS[code] ? `. ${HINTS[code]}` : "";
    const text = `${what} failed: Slack gave ${code}${needed ? ` (needs the scope ${needed})` : ""}${hint}`;
    return PASSING.has(code) ? new Retryable(text, { cause: error }) : new Permanent(text, { cause: error });
  }
  if (error instanceof WebAPIHTTPError) {
    const text = `${what} failed: Slack answered ${error.statusCode}`;
    const isPassing = error.statusCode >= 500 || [408, 425, 429].includes(error.statusCode);
    return isPassing ? new Retryable(text, { cause: error }) : new Permanent(text, { cause: error });
  }
  return error;
}

/** The same for a listener. */
export const listenerError = (error: unknown, setting: string): unknown =>
  deliveryError(error, "Listening", setting);

const serviceError = (error: unknown, setting: string | undefined): unknown =>
  connectionError(error, {
    ...{ name: "Slack", address: settings.SLACK_API_URL, settings: ["SLACK_API_URL"] },
    ...(setting !== undefined && {
      credentials: [setting],
      hint: `It says ${codeOf(error)}.`,
      isRefused: (thrown) => UNAUTHORIZED.has(codeOf(thrown) ?? ""),
    }),
  });
