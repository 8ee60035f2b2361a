// Telegram's Bot API through grammY's client, of which the web build uses the platform's own fetch and signals.

import { Api, GrammyError, HttpError } from "grammy/web";
import { connectionError, fetch, Permanent, Retryable } from "heddle/sdk";
import { settings } from "./config.ts";

/** Each call takes its signal as the last argument; grammY's type of it is that of an older library. */
export type Telegram = Api["raw"];
export type Signal = NonNullable<Parameters<Telegram["getMe"]>[0]>;

export function connectTelegram(timeoutSeconds = 30): Telegram {
  const guarded = (input: string | URL | Request, init?: RequestInit) =>
    fetch(input, { ...init, timeoutSeconds });
  return new Api(settings.TELEGRAM_BOT_TOKEN, {
    apiRoot: settings.TELEGRAM_API_URL.replace(/\/$/, ""),
    fetch: guarded as never,
    timeoutSeconds: timeoutSeconds + 5,
  }).raw;
}

export const signalOf = (signal: AbortSignal): Signal => signal as unknown as Signal;

/** What Telegram refused, with its own words; null for anything else. */
export function refusalOf(error: unknown): { status: number; text: string; retryAfter?: number } | null {
  if (!(error instanceof GrammyError)) return null;
  const { error_code: status, description: text, parameters } = error;
  return {
    status,
    text,
    ...(parameters.retry_after !== undefined && { retryAfter: parameters.retry_after }),
  };
}

/** Somebody has deleted the topic to which something was to be posted. */
export const isTopicGone = (error: unknown): boolean =>
  /message thread not found|TOPIC_DELETED/.test(refusalOf(error)?.text ?? "");

/** The same chat under its new id, if a group has become a supergroup. */
export const migratedTo = (error: unknown): number | undefined =>
  error instanceof GrammyError ? error.parameters.migrate_to_chat_id : undefined;

/** Says in words that Telegram cannot be reached, or does not accept the token; any other error is returned as it is. */
function serviceError(error: unknown): unknown {
  const explained = connectionError(error, {
    ...{ name: "Telegram", address: settings.TELEGRAM_API_URL, settings: ["TELEGRAM_API_URL"] },
    ...{ credentials: ["TELEGRAM_BOT_TOKEN"], hint: "Get a token from @BotFather." },
    // A token that does not look like one is answered with 404.
    isRefused: (thrown) => [401, 404].includes(refusalOf(thrown)?.status ?? 0),
  });
  if (explained !== error || !(error instanceof HttpError)) return explained;
  // grammY's own words name only the method; why it failed is in the cause.
  const { error: inner } = error;
  const why = inner instanceof Error ? inner.message : String(inner);
  return new Retryable(`Telegram cannot be reached: ${why}`, { cause: error });
}

/** Turns what a call has thrown into what the server understands. */
export function deliveryError(error: unknown, chatId: number | string): unknown {
  const explained = serviceError(error);
  if (explained !== error) return explained;
  const refusal = refusalOf(error);
  if (refusal === null) return error;
  const text = `Telegram refused a message to the chat ${chatId}: ${refusal.status} ${refusal.text}`;
  const { status, retryAfter } = refusal;
  // A chat that is gone or has blocked the bot, and what is malformed will not become right.
  if (status >= 400 && status < 500 && ![408, 409, 429].includes(status)) {
    return new Permanent(text, { cause: error });
  }
  return new Retryable(text, { cause: error, ...(retryAfter !== undefined && { retryAfter }) });
}

/** Turns an error of the listener into one that the server understands and people can act on. */
export function listenerError(error: unknown): unknown {
  const explained = serviceError(error);
  if (explained !== error) return explained;
  const refusal = refusalOf(error);
  if (refusal === null) return error;
  const { status, text, retryAfter } = refusal;
  if (status === 409) {
    const why = /webhook/i.test(text)
      ? "another program has set a webhook for this bot"
      : "another program asks for the messages of this bot as well";
    return new Retryable(`Telegram gives messages to one receiver only, and ${why} (${text}).`, {
      retryAfter: 15,
    });
  }
  return new Retryable(`Telegram answered ${status} ${text}`, {
    ...(retryAfter !== undefined && { retryAfter }),
  });
}
