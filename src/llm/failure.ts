// Classifies errors of the vendors' packages by the kinds of failure that Heddle distinguishes.

import { errorMessage } from "../errors.ts";
import type { Redact } from "../redact.ts";
import { AttemptFailure, type FailureKind } from "./attempt.ts";
import { complaintIn } from "./complaint.ts";
import { type Fields, isObject, textOf } from "./fields.ts";

/** The error classes of a package. Those of OpenAI and Anthropic have the same fields. */
export interface ErrorClasses {
  APIError: abstract new (...given: never[]) => ApiError & { headers?: Headers | undefined };
  APIConnectionError: abstract new (...given: never[]) => Error;
  APIConnectionTimeoutError: abstract new (...given: never[]) => Error;
}

/** `now` is in milliseconds and serves to interpret a Retry-After that is a date. */
export type ToFailure = (error: unknown, options: { hide: Redact; now: number }) => AttemptFailure;

/** `loaded`: the package; undefined before its first request. */
export const failureReader =
  (loaded: () => ErrorClasses | undefined): ToFailure =>
  (error, options) => {
    const message = describe(errorMessage(error), options.hide);
    const classes = loaded();
    const failure = classes && failureOfPackage(classes, error, message, options);
    if (failure) return failure;
    if (error instanceof SyntaxError) return new AttemptFailure("garbled", message);
    // Everything else comes from the transport: the connection ended before the answer was complete.
    return new AttemptFailure("cut", message);
  };

function failureOfPackage(
  { APIError, APIConnectionError, APIConnectionTimeoutError }: ErrorClasses,
  error: unknown,
  message: string,
  { hide, now }: Parameters<ToFailure>[1],
): AttemptFailure | undefined {
  // An error thrown inside our `fetch` arrives as the cause of a connection error.
  if (error instanceof APIConnectionError && error.cause instanceof AttemptFailure) return error.cause;
  if (error instanceof APIConnectionTimeoutError) return new AttemptFailure("timeout", message);
  if (error instanceof APIConnectionError) {
    const { cause } = error;
    return new AttemptFailure(
      "connection",
      cause === undefined ? message : describe(errorMessage(cause), hide),
    );
  }
  if (error instanceof APIError) return ofApiError(error, message, readRetryAfter(error.headers, now));
  return undefined;
}

function ofApiError(error: ApiError, message: string, retryAfterMs: number | undefined): AttemptFailure {
  const status = statusOf(error);
  if (status === undefined) return new AttemptFailure(kindOfWords(error), message);
  if (isTooLong(error, status)) {
    const tokenLimit = tokenLimitOf(error);
    return new AttemptFailure("too_long", message, { status, ...(tokenLimit && { tokenLimit }) });
  }
  return new AttemptFailure(kindOf(error, status), message, {
    status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** A failure that the endpoint reports in its answer, by an error in the form of any vendor. */
export function reportedFailure(error: Fields): AttemptFailure {
  const message = complaintIn(error) || "the endpoint reports a failure";
  const { code, type } = error;
  const status = [error.status, error.status_code].find((value) => typeof value === "number");
  const reported = { code: isWord(code) ? String(code) : null, type: isWord(type) ? String(type) : null };
  return ofApiError({ ...reported, message, error, ...(status && { status }) }, message, undefined);
}

/** The failure that an event of an answer reports, if any. An error that says nothing beside a good answer is none. */
export function failureIn(event: unknown, name: string): AttemptFailure | undefined {
  const isError = name === "error" || (isObject(event) && event.type === "error");
  if (!isObject(event)) return isError ? reportedFailure({ message: textOf(event) }) : undefined;
  const [first]: unknown[] = Array.isArray(event.error) ? event.error : [event.error];
  const error = isObject(first) ? first : isWord(first) ? { message: String(first) } : {};
  if (complaintIn(error) !== "" || isWord(error.code) || isWord(error.type)) return reportedFailure(error);
  return isError || first === true ? reportedFailure(event) : undefined;
}

const isWord = (value: unknown): boolean =>
  typeof value === "string" ? value.trim() !== "" : typeof value === "number" && value !== 0;

/** An error in the middle of a stream has no status of its own; several endpoints give it as the error's code. */
function statusOf({ status, code }: ApiError): number | undefined {
  if (status !== undefined) return status;
  const given = Number(code);
  return Number.isInteger(given) && given >= 400 && given < 600 ? given : undefined;
}

const EXHAUSTED_CODES = ["insufficient_quota", "billing_hard_limit_reached", "insufficient_credits"];
const EXHAUSTED =
  /insufficient (?:quota|credit|balance|funds)|exceeded your current quota|out of credits|credit balance is too low/i;
/** The model wrote a call that the endpoint itself could not read; the next answer may be better. */
const BAD_CALL =
  /tool_use_failed|failed to call a function|tool call validation failed|failed to parse tool call/i;
const WRONG_ADDRESS = /unexpected endpoint|unknown (?:url|path|endpoint)/i;
/** LiteLLM and others wrap the refusal of the endpoint behind them in a 500. */
const WRAPPED_REFUSAL = /BadRequestError|invalid_request_error|"?code"?:\s{0,4}400\b/;

function kindOf(error: ApiError, status: number): FailureKind {
  const words = wordsOf(error);
  if (status === 402 || isExhausted(error)) return "exhausted";
  if (status === 429) return "rate_limit";
  if (status === 400 && BAD_CALL.test(words)) return "garbled";
  if (status === 500 && WRAPPED_REFUSAL.test(words)) return "refused";
  return status === 408 || status === 409 || status >= 500 ? "server" : "refused";
}

/** For an error without any status, such as `{"error": "Insufficient credits"}` with HTTP 200. */
function kindOfWords(error: ApiError): FailureKind {
  if (isExhausted(error)) return "exhausted";
  const { code, type } = error;
  if ([code, type].includes("rate_limit_exceeded") || [code, type].includes("rate_limit_error"))
    return "rate_limit";
  if ([code, type].some((word) => TOO_LONG_CODES.includes(String(word)))) return "too_long";
  return WRONG_ADDRESS.test(wordsOf(error)) ? "refused" : "server";
}

const isExhausted = (error: ApiError): boolean =>
  [error.code, error.type].some((word) => EXHAUSTED_CODES.includes(String(word))) ||
  EXHAUSTED.test(wordsOf(error));

const wordsOf = ({ code, message }: ApiError): string => `${code ?? ""} ${message.slice(0, EXAMINED_LENGTH)}`;

const TOO_LONG_CODES = ["context_length_exceeded", "exceed_context_size_error"];
/** Messages of endpoints without an error code for it: vLLM, LM Studio, Gemini, Anthropic, Mistral, TGI. */
const TOO_LONG =
  /context[ _](?:length|size|window)|prompt is too long|input token count|too many (?:input )?tokens|too large for model|tokens must be/i;
const LIMIT = /(?:length|size|window|limit|maximum|allowed|must be)[^\d]{0,40}(\d{3,8})/i;
/** How many characters of an endpoint's message are examined. */
const EXAMINED_LENGTH = 2_000;

function isTooLong({ code, type, message }: ApiError, status: number): boolean {
  if (![400, 413, 422, 500].includes(status)) return false;
  return (
    [code, type].some((word) => TOO_LONG_CODES.includes(String(word))) ||
    TOO_LONG.test(message.slice(0, EXAMINED_LENGTH))
  );
}

/** llama.cpp reports the limit in a field, others only in the message. */
function tokenLimitOf({ error, message }: ApiError): number | undefined {
  const field = (error as { n_ctx?: unknown } | undefined)?.n_ctx;
  if (typeof field === "number" && field > 0) return field;
  const found = LIMIT.exec(message.slice(0, EXAMINED_LENGTH))?.[1];
  return found === undefined ? undefined : Number(found);
}

interface ApiError {
  status?: number | undefined;
  code?: string | null | undefined;
  type?: string | null | undefined;
  message: string;
  /** The body, or the part of it that describes the error. */
  error?: unknown;
}

const MAX_MESSAGE_LENGTH = 300;

/** Reduces a message to one short line without markup (proxies answer with whole HTML pages) and without secrets. */
export function describe(message: string, hide: Redact): string {
  const line = withoutMarkup(hide(message)).replace(/\s+/g, " ").trim();
  return line.length > MAX_MESSAGE_LENGTH ? `${line.slice(0, MAX_MESSAGE_LENGTH)}…` : line;
}

/** Removes tags, and the contents of style and script. Runs in linear time, whatever an endpoint sends. */
function withoutMarkup(text: string): string {
  const kept: string[] = [];
  for (let at = 0; at < text.length; ) {
    const tag = text.indexOf("<", at);
    if (tag === -1) return [...kept, text.slice(at)].join(" ");
    kept.push(text.slice(at, tag));
    const closing = isHidden(text, tag) ? hiddenEnd(text, tag) : tag;
    const end = closing === -1 ? -1 : text.indexOf(">", closing);
    if (end === -1) return closing === tag ? [...kept, text.slice(tag)].join(" ") : kept.join(" ");
    at = end + 1;
  }
  return kept.join(" ");
}

const isHidden = (text: string, tag: number): boolean => /^<(?:style|script)/i.test(text.slice(tag, tag + 7));

function hiddenEnd(text: string, from: number): number {
  const closing = /<\/(?:style|script)/gi;
  closing.lastIndex = from;
  return closing.exec(text)?.index ?? -1;
}

/** Returns milliseconds. Accepts seconds, an HTTP date (RFC 9110, 10.2.3), or OpenAI's own `retry-after-ms`. */
export function readRetryAfter(headers: Headers | undefined, now: number): number | undefined {
  const milliseconds = headers?.get("retry-after-ms")?.trim();
  if (milliseconds && Number.isFinite(Number(milliseconds))) return Math.max(0, Number(milliseconds));
  const text = headers?.get("retry-after")?.trim();
  if (!text) return undefined;
  if (Number.isFinite(Number(text))) return Math.max(0, Number(text) * 1000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
