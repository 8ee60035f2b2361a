// Classifies errors of the vendors' packages by the kinds of failure that Heddle distinguishes.

import { errorMessage } from "../errors.ts";
import type { Redact } from "../redact.ts";
import { AttemptFailure, type FailureKind } from "./attempt.ts";
import { complaintIn, messageIn } from "./complaint.ts";
import { statusOf } from "./failure-status.ts";
import { type Fields, isObject, textOf } from "./fields.ts";
import { readRetryAfter, waitAsked } from "./wait-asked.ts";

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
  if (status === undefined) {
    const kind = kindOfWords(error);
    const tokenLimit = kind === "too_long" ? tokenLimitOf(error) : undefined;
    const waitMs = kind === "rate_limit" ? waitAsked(error) : undefined;
    return new AttemptFailure(kind, message, {
      ...(tokenLimit && { tokenLimit }),
      ...(waitMs !== undefined && { retryAfterMs: waitMs }),
    });
  }
  if (isTooLong(error, status)) {
    const tokenLimit = tokenLimitOf(error);
    return new AttemptFailure("too_long", message, { status, ...(tokenLimit && { tokenLimit }) });
  }
  const isNoPath = status === 404 && !isObject(error.error);
  const isPassing = status === 429 || status === 503;
  const waitMs = retryAfterMs ?? (isPassing ? waitAsked(error) : undefined);
  // Groq's name for it.
  const written = isObject(error.error) ? textOf(error.error.failed_generation) : "";
  return new AttemptFailure(kindOf(error, status), isNoPath ? `${message}; ${CHECK_ADDRESS}` : message, {
    status,
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    ...(written !== "" && { written }),
  });
}

export const CHECK_ADDRESS =
  "check its address, which usually ends with /v1 for all but Anthropic's protocol";

/** A failure that the endpoint reports in its answer, by an error in the form of any vendor. */
export function reportedFailure(error: Fields): AttemptFailure {
  const message = messageIn(error) || "the endpoint reports a failure";
  const { code, type } = error;
  const status = [error.status, error.status_code].find((value) => typeof value === "number");
  const reported = { code: isWord(code) ? String(code) : null, type: isWord(type) ? String(type) : null };
  return ofApiError({ ...reported, message, error, ...(status && { status }) }, message, undefined);
}

/** "error", and what vLLM and others write as the type of one. */
const NAMES_ERROR = /^[a-z_]{0,60}error$/i;

/** The failure that an event of an answer reports, if any. An error that says nothing beside a good answer is none. */
export function failureIn(event: unknown, name: string): AttemptFailure | undefined {
  const isError =
    name === "error" ||
    (isObject(event) && (event.object === "error" || NAMES_ERROR.test(textOf(event.type))));
  if (!isObject(event)) return isError ? reportedFailure({ message: textOf(event) }) : undefined;
  const [first]: unknown[] = Array.isArray(event.error) ? event.error : [event.error];
  const error = isObject(first) ? first : isWord(first) ? { message: String(first) } : {};
  if (complaintIn(error) !== "" || isWord(error.code) || isWord(error.type)) return reportedFailure(error);
  return isError || first === true ? reportedFailure(event) : undefined;
}

const isWord = (value: unknown): boolean =>
  typeof value === "string" ? value.trim() !== "" : typeof value === "number" && value !== 0;

/** OpenAI, OpenRouter, Kimi, Qwen, GLM, LiteLLM. */
const EXHAUSTED_CODES = new Set(
  "insufficient_quota billing_hard_limit_reached insufficient_credits exceeded_current_quota_error Arrearage 1113 budget_exceeded".split(
    " ",
  ),
);
const EXHAUSTED =
  /insufficient (?:quota|credit|balance|funds)|exceeded your current quota|out of credits|credit balance is too low/i;
/** The model wrote a call or data that the endpoint itself could not read; the next answer may be better. */
const BAD_ANSWER =
  /tool_use_failed|failed to call a function|tool call validation failed|failed to parse tool call|json_validate_failed|failed to (?:generate|validate) json/i;
/** LM Studio, which loads the model again for the next request. */
const MODEL_GONE = /model (?:has )?crashed|model (?:is |was )?unloaded|channel error/i;
/** 424 is Bedrock's for a model that failed, 498 Groq's for a lack of capacity. */
const PASSING_STATUSES = new Set([408, 409, 424, 425, 498, 499]);
/** Azure, OpenAI, Qwen, GLM. */
const FILTERED_CODES = new Set(
  "content_filter content_policy_violation data_inspection_failed DataInspectionFailed ResponsibleAIPolicyViolation 1301".split(
    " ",
  ),
);
/** LiteLLM, Azure behind gateways, xAI, OpenAI. */
const FILTERED =
  /ContentPolicyViolation|content management policy|violates usage guidelines|flagged as potentially violating/i;
const RATE_LIMIT = /rate.?limit|too many requests|throttl/i;
/** The key is wrong, which the next request would not change. */
const WRONG_KEY =
  /(?:invalid|incorrect|wrong|missing) (?:api.?key|(?:access |auth )?token\W{0,2}$)|unauthori[sz]ed|unauthenticated/i;
const WRONG_ADDRESS = /unexpected endpoint|unknown (?:url|path|endpoint)/i;
/** LiteLLM and others wrap the refusal of the endpoint behind them in a 500. */
const WRAPPED_REFUSAL = /BadRequestError|invalid_request_error|"?code"?:\s{0,4}400\b/;

function kindOf(error: ApiError, status: number): FailureKind {
  const words = wordsOf(error);
  if (status === 402) return "exhausted";
  if (isExhausted(error)) return waitAsked(error) === undefined ? "exhausted" : "rate_limit";
  if (isFiltered(error)) return "filtered";
  // AWS, also behind gateways, says so with 400.
  if (status === 429 || (status === 400 && RATE_LIMIT.test(words))) return "rate_limit";
  if (status === 400 && BAD_ANSWER.test(words)) return "garbled";
  if (status === 400 && MODEL_GONE.test(words)) return "server";
  if (status === 500 && WRAPPED_REFUSAL.test(words)) return "refused";
  return PASSING_STATUSES.has(status) || status >= 500 ? "server" : "refused";
}

/** For an error without any status, such as `{"error": "Insufficient credits"}` with HTTP 200. */
function kindOfWords(error: ApiError): FailureKind {
  if (isExhausted(error)) return "exhausted";
  if (isFiltered(error)) return "filtered";
  if ([error.code, error.type].some((word) => TOO_LONG_CODES.includes(String(word)))) return "too_long";
  if (saysTooLong(error.message)) return "too_long";
  if (RATE_LIMIT.test(wordsOf(error))) return "rate_limit";
  return [WRONG_ADDRESS, WRONG_KEY].some((words) => words.test(wordsOf(error))) ? "refused" : "server";
}

const isFiltered = (error: ApiError): boolean =>
  [error.code, error.type].some((word) => FILTERED_CODES.has(textOf(word))) || FILTERED.test(wordsOf(error));

const isExhausted = (error: ApiError): boolean =>
  [error.code, error.type].some((word) => EXHAUSTED_CODES.has(String(word))) ||
  EXHAUSTED.test(wordsOf(error));

const wordsOf = ({ code, message }: ApiError): string => `${code ?? ""} ${message.slice(0, EXAMINED_LENGTH)}`;

const TOO_LONG_CODES = ["context_length_exceeded", "exceed_context_size_error"];
/**
 * Messages of endpoints without an error code for it: vLLM, SGLang, LM Studio, Gemini, Anthropic, Mistral, TGI, LiteLLM, Bedrock, Qwen,
 * Moonshot, xAI, GLM, Copilot, watsonx, Volcengine.
 */
const TOO_LONG = [
  /context[ _]?(?:length|size|window|limit)|(?:prompt|input|request) is too (?:long|large)|(?:input|prompt) token count/i,
  /too many (?:input )?tokens|too large for|tokens must be|max_new_tokens`? must be|exceed(?:s|ed)? model token limit/i,
  /maximum (?:prompt|input) length|longer than the maximum|prompt exceeds max|range of input length|not exceed max_num_tokens/i,
  /reduce the length of the (?:messages|prompt|input)/i,
  /(?:input|prompt|sequence|message) length[^.]{0,40} exceeds?|total (?:number of )?tokens[^.]{0,40} exceeds?|token limit exceeded/i,
  /(?:prompt|messages?|input) (?:too long|exceeds? the model)|max(?:imum)?[ _](?:sequence|position)|输入[^，。]{0,10}超|超长/i,
  /input tokens? \d{1,9} cannot exceed|must have less than \d{1,9} tokens|exceeds? max message tokens/i,
];
const saysTooLong = (message: string): boolean =>
  TOO_LONG.some((words) => words.test(message.slice(0, EXAMINED_LENGTH)));
const LIMIT =
  /(?:length|size|window|limit|maximum|allowed|must be|should be|not exceed|less than|embeddings|限制)[^\d]{0,40}(?:1, )?(\d{3,8})/gi;
/** Ollama says by how much it is too long, and MiniMax puts the code of its error behind the word. */
const NO_LIMIT = /exceeded [a-z ]{0,40}by \d{1,9}|\(2013\)/gi;
/** Anthropic: "188240 + 16384 > 200000", "prompt is too long: 208310 tokens > 200000 maximum". */
const ABOVE = /> (\d{3,8})/;
/** How many characters of an endpoint's message are examined. */
const EXAMINED_LENGTH = 2_000;

function isTooLong({ code, type, message }: ApiError, status: number): boolean {
  // OpenAI and Groq refuse what is above the tokens of a minute as a rate limit, however long one waits.
  if (status === 429) return /request too large/i.test(message.slice(0, EXAMINED_LENGTH));
  if (![400, 413, 422, 500].includes(status)) return false;
  return [code, type].some((word) => TOO_LONG_CODES.includes(String(word))) || saysTooLong(message);
}

/** llama.cpp reports the limit in a field, others only in the message. */
function tokenLimitOf({ error, message }: ApiError): number | undefined {
  const field = (error as { n_ctx?: unknown } | undefined)?.n_ctx;
  if (typeof field === "number" && field > 0) return field;
  const examined = message.slice(0, EXAMINED_LENGTH).replace(NO_LIMIT, "");
  const above = ABOVE.exec(examined)?.[1];
  if (above !== undefined) return Number(above);
  // What was asked for is named as well, and is more.
  const found = Array.from(examined.matchAll(LIMIT), ([, number]) => Number(number));
  return found.length === 0 ? undefined : Math.min(...found);
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
