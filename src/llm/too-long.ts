// A refusal of a request for its length, in words that nobody knew: it names about as many tokens as the request has, and fewer as a limit. Or
// a proxy says that the body is too large, when nothing in it but text can be.

import { AttemptFailure } from "./attempt.ts";
import type { LlmRequest } from "./llm.ts";
import type { Quirks } from "./quirks.ts";
import { imagesIn, pdfsIn } from "./wire/attachments.ts";

const WITHIN_A_STREAM = 0;
/** Several servers wrap a refusal in a 500. */
const STATUSES = [WITHIN_A_STREAM, 400, 413, 422, 500];
const EXAMINED_LENGTH = 2_000;
/** "5000", "5,000". */
const NUMBER = /\d[\d,]{2,10}/g;
/** What is counted in other units. */
const OTHER_UNITS = /image|pixel|pdf|document|\bfile|audio|byte|\b[kmg]i?b\b|second|minute/i;
/** Tokenizers differ so much from the estimate. */
const FACTOR = 3;
const CHARACTERS_PER_TOKEN = 3.5;
/** The least limit, and the least request that can be too large for a proxy. */
const LEAST_LIMIT = 256;
const LEAST_BODY = 4_000;
/** Of a request of unknown tokens that is too large, so many fit perhaps. */
const SMALLER = 0.6;

/** The failure as one of length, if it is; `quirks`: in which form the request was sent. */
export function asTooLong(
  failure: AttemptFailure,
  request: LlmRequest,
  quirks: Quirks,
): AttemptFailure | undefined {
  const { kind, status = WITHIN_A_STREAM, message } = failure;
  if ((kind !== "refused" && kind !== "server") || !STATUSES.includes(status)) return undefined;
  const size = sizeOf(request);
  const tokenLimit = status === 413 ? limitOfBody(request, quirks, size) : limitIn(message, size);
  if (tokenLimit === undefined) return undefined;
  const facts = { tokenLimit, cause: failure.cause, ...(failure.status && { status }) };
  return new AttemptFailure("too_long", message, facts);
}

function limitIn(message: string, size: number): number | undefined {
  const words = message.slice(0, EXAMINED_LENGTH);
  if (OTHER_UNITS.test(words)) return undefined;
  const numbers = Array.from(words.matchAll(NUMBER), ([digits]) => Number(digits.replaceAll(",", "")));
  const asked = Math.max(...numbers.filter((number) => number <= size * FACTOR));
  if (asked < size / FACTOR) return undefined;
  const limits = numbers.filter((number) => number >= LEAST_LIMIT && number < asked);
  return limits.length === 0 ? undefined : Math.max(...limits);
}

function limitOfBody(
  { messages }: LlmRequest,
  { noImages, noPdfs, readsPdfs }: Quirks,
  size: number,
): number | undefined {
  const hasFiles = messages.some(
    (message) =>
      (!noImages && imagesIn(message).length > 0) || (readsPdfs && !noPdfs && pdfsIn(message).length > 0),
  );
  return hasFiles || size < LEAST_BODY ? undefined : Math.floor(size * SMALLER);
}

/** About the tokens of a request, without its files. */
function sizeOf({ messages, tools }: LlmRequest): number {
  let characters = JSON.stringify(tools).length;
  for (const message of messages) {
    characters += message.content.length;
    if (message.role === "user") characters += message.context?.length ?? 0;
    if (message.role !== "assistant") continue;
    for (const call of message.tool_calls ?? []) characters += call.name.length + call.arguments.length;
  }
  return characters / CHARACTERS_PER_TOKEN;
}
