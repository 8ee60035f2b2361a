// How long an endpoint asks to wait, in its headers, its words or a field. All are in milliseconds.

import { isObject, textOf } from "./fields.ts";

/** Accepts seconds, an HTTP date (RFC 9110, 10.2.3), or OpenAI's own `retry-after-ms`. `now` is in milliseconds. */
export function readRetryAfter(headers: Headers | undefined, now: number): number | undefined {
  const milliseconds = headers?.get("retry-after-ms")?.trim();
  if (milliseconds && Number.isFinite(Number(milliseconds))) return Math.max(0, Number(milliseconds));
  const text = headers?.get("retry-after")?.trim();
  if (!text) return undefined;
  if (Number.isFinite(Number(text))) return Math.max(0, Number(text) * 1000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** For an error whose headers say nothing. `error`: its body. */
export function waitAsked({ message, error }: { message: string; error?: unknown }): number | undefined {
  const words = message.slice(0, EXAMINED_LENGTH);
  return waitIn(words) ?? waitField(error) ?? (LOADING.test(words) ? LOADING_MS : undefined);
}

const EXAMINED_LENGTH = 2_000;

/** llama.cpp and others answer at once while they read a model from the disk, which takes a minute. */
const LOADING = /\bloading model|model is (?:currently |still )?(?:loading|being loaded)/i;
const LOADING_MS = 20_000;

/**
 * "Please retry in 27.97s.", which is all that Gemini says of how long its quota is used up; OpenAI and Groq: "try again in 7m12s"; Azure:
 * "retry after 6 seconds"; GitHub: "Please wait 23 seconds before retrying".
 */
const WAIT =
  /(?:retry|try again|wait)[a-z ]{0,30} (?=\d)(?:(\d{1,3}) ?h(?:ours?)?(?![a-z]),? ?)?(?:(\d{1,3}) ?m(?:in(?:ute)?s?)?(?![a-z]),? ?)?(?:(\d{1,6}(?:\.\d{1,12})?) ?(ms|milliseconds?|s|sec|seconds?)(?![a-z]))?/i;

function waitIn(words: string): number | undefined {
  const [, hours, minutes, seconds, unit = ""] = WAIT.exec(words) ?? [];
  if ((hours ?? minutes ?? seconds) === undefined) return undefined;
  const last = Number(seconds ?? 0) * (unit.startsWith("m") ? 1 : 1000);
  return Math.round(Number(hours ?? 0) * 3_600_000 + Number(minutes ?? 0) * 60_000 + last);
}

/** Gemini's details beside words that name no time. What is used up for the day comes back too late. */
function waitInDetails(details: unknown): number | undefined {
  const listed = Array.isArray(details) ? details.slice(0, 10).filter(isObject) : [];
  const violations = listed.flatMap((one) =>
    Array.isArray(one.violations) ? one.violations.slice(0, 10) : [],
  );
  if (violations.some((one) => isObject(one) && textOf(one.quotaId).includes("PerDay"))) return undefined;
  const [delay] = listed
    .map((one) => /^(\d{1,5}(?:\.\d{1,9})?)s$/.exec(textOf(one.retryDelay))?.[1])
    .filter(Boolean);
  return delay === undefined ? undefined : Math.ceil(Number(delay) * 1000);
}

/** Hugging Face says how long it loads a model, others how long to wait, in seconds. */
function waitField(body: unknown): number | undefined {
  if (!isObject(body)) return undefined;
  const { estimated_time: loading, retry_after: after = loading, details } = body;
  if (typeof after === "number" && after > 0 && after < 86_400) return Math.ceil(after * 1000);
  return waitInDetails(details);
}
