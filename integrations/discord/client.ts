// Discord's REST API: https://discord.com/developers/docs/reference

import { connectionError, type HttpRequestOptions, http, Permanent, Retryable, rateLimit } from "heddle/sdk";
import { settings } from "./config.ts";

/** Discord counts by channel or server, and says with each refusal how long everybody has to wait there. */
const limit = rateLimit({ rates: [{ requests: 50, seconds: 1 }] });
const options = {
  rateLimit: limit,
  baseUrl: () => {
    const url = settings.DISCORD_API_URL;
    return url.endsWith("/") ? url.slice(0, -1) : url;
  },
  headers: () => ({ authorization: `Bot ${settings.DISCORD_BOT_TOKEN}` }),
};
/** For requests made while listening. Deliveries are retried by the server. */
const patient = http(options);
const once = http({ ...options, retry: { tries: 1 } });

/** What Discord has refused, with its own code: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json */
export class DiscordRefusal extends Error {
  override name = "DiscordRefusal";
  readonly status: number;
  readonly code: number;
  readonly retryAfter: number | undefined;

  constructor(status: number, code: number, message: string, retryAfter?: number) {
    super(`Discord answered ${status} ${message}${code ? ` (${code})` : ""}`);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** Calls the API; throws DiscordRefusal. */
export async function call<Value>(
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  options: HttpRequestOptions = {},
): Promise<Value> {
  if (settings.DISCORD_BOT_TOKEN === "") throw new Permanent("DISCORD_BOT_TOKEN must be set.");
  const client = method === "GET" || method === "PUT" ? patient : once;
  const answer = await client.request(method, path, { ...options, rateTarget: placeOf(path) });
  if (answer.status === 204) return undefined as Value;
  const body = ((await answer.json().catch(() => null)) ?? {}) as {
    code?: number;
    message?: string;
    retry_after?: number;
  };
  // A network that asks people to sign in answers everything with its own page.
  if (answer.ok && Object.keys(body).length === 0 && !Array.isArray(body))
    throw new Retryable("What answers in the place of Discord is not Discord. Look at DISCORD_API_URL.");
  if (answer.ok) return body as Value;
  // A proxy in front of Discord answers 429 without a body.
  const wait = body.retry_after ?? Number(answer.headers.get("retry-after") ?? Number.NaN);
  throw new DiscordRefusal(
    answer.status,
    body.code ?? 0,
    String(body.message ?? ""),
    Number.isFinite(wait) ? Math.ceil(wait) : undefined,
  );
}

/** "channels/123" of "/channels/123/messages": what Discord calls the major parameter. */
const placeOf = (path: string): string => path.split("/", 3).slice(1).join("/");

export const codeOf = (error: unknown): number | undefined =>
  error instanceof DiscordRefusal ? error.code : undefined;

/** Whether the same call would be refused for ever. */
export const isFinal = (error: unknown): error is DiscordRefusal =>
  error instanceof DiscordRefusal && error.status < 500 && error.status !== 429 && error.status !== 408;

export const UNKNOWN_CHANNEL = 10_003;
const HINTS: Record<number, string> = {
  [UNKNOWN_CHANNEL]: "The channel or thread is gone, or the bot was removed from the server.",
  50001: "The bot may not see the channel: give it the permission View Channel.",
  50013: "The bot may not write there: give it Send Messages, and Send Messages in Threads.",
  160005: "The thread is locked: unlock it, and deliver the answer again.",
};

/** Of an answer to a command or a button, which Discord takes for 15 minutes; it refuses that as it refuses a token. */
const INVALID_WEBHOOK_TOKEN = 50_027;

/** Turns what a call throws into what the server understands; `what` begins the sentence: "Posting to 123". */
export function deliveryError(error: unknown, what: string): unknown {
  const explained = connectionError(error, {
    ...{ name: "Discord", address: settings.DISCORD_API_URL, settings: ["DISCORD_API_URL"] },
    credentials: ["DISCORD_BOT_TOKEN"],
    isRefused: (thrown) =>
      thrown instanceof DiscordRefusal && thrown.status === 401 && thrown.code !== INVALID_WEBHOOK_TOKEN,
  });
  if (!(error instanceof DiscordRefusal) || explained !== error) return explained;
  const hint = HINTS[error.code];
  const text = `${what} failed: ${error.message}.${hint ? ` ${hint}` : ""}`;
  if (isFinal(error)) return new Permanent(text, { cause: error });
  const { retryAfter } = error;
  return new Retryable(text, { cause: error, ...(retryAfter !== undefined && { retryAfter }) });
}

/** The same for a listener. */
export const listenerError = (error: unknown): unknown => deliveryError(error, "Listening");
