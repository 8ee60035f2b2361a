// The errors an integration throws to say what shall happen next. They carry a mark that is the same in every
// copy of this module, because `instanceof` fails when an author's bundle brings its own.

import { HeddleError, isErrorCode } from "../errors.ts";
import { type HeaderReader, retryAfterSeconds } from "./retry-after.ts";

const MARK = Symbol.for("heddle.error");

/** Thrown in a dispatcher: the delivery cannot succeed, give up at once. */
export class Permanent extends Error {
  readonly [MARK] = "permanent";
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "Permanent";
  }
}

/** What else a `Retryable` says. */
export interface RetryableOptions {
  /** What went wrong beneath. */
  cause?: unknown;
  /** Seconds, or the answer whose Retry-After header is meant. */
  retryAfter?: number | HeaderReader | { headers: HeaderReader };
  /** Seconds; counts more than `retryAfter`. */
  retryAfterSeconds?: number;
}

/** Thrown in a dispatcher: try again, not before `retryAfterSeconds` when the target asked for it. */
export class Retryable extends Error {
  readonly [MARK] = "retryable";
  /** Seconds to wait at least; undefined leaves it to the schedule. */
  readonly retryAfterSeconds: number | undefined;
  constructor(message: string, options: RetryableOptions = {}) {
    super(message, { cause: options.cause });
    this.name = "Retryable";
    this.retryAfterSeconds = options.retryAfterSeconds ?? secondsOf(options.retryAfter);
  }
}

function secondsOf(after: RetryableOptions["retryAfter"]): number | undefined {
  if (after === undefined || typeof after === "number") return after;
  return retryAfterSeconds("headers" in after ? after.headers : after);
}

/** True for a `Permanent` of whichever copy of the SDK. */
export const isPermanent = (error: unknown): error is Permanent => markOf(error) === "permanent";

/** True for a `Retryable` of whichever copy of the SDK. */
export const isRetryable = (error: unknown): error is Retryable => markOf(error) === "retryable";

/** The error as this process's `HeddleError` when it is one of any copy; else undefined. */
export function asHeddleError(error: unknown): HeddleError | undefined {
  if (error instanceof HeddleError) return error;
  if (!(error instanceof Error) || error.name !== "HeddleError" || !("code" in error)) return undefined;
  if (!isErrorCode(error.code)) return undefined;
  const field = "field" in error && typeof error.field === "string" ? error.field : undefined;
  return new HeddleError(error.code, error.message, { ...(field !== undefined && { field }), cause: error });
}

function markOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && MARK in error ? error[MARK] : undefined;
}
