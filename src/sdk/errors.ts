// The errors by which an integration says whether to retry, and that of a setting without a value. They carry a mark that is the
// same in every copy of this module, because `instanceof` fails if an author's bundle contains its own copy.

import { HeddleError, isErrorCode } from "../errors.ts";
import { shown } from "./arguments.ts";
import { type HeaderReader, retryAfterSeconds } from "./retry-after.ts";

const MARK = Symbol.for("heddle.error");

/** A response, or anything with its headers. */
interface HasHeaders {
  /** The headers of the response, of which Retry-After is read. */
  headers: HeaderReader;
}

interface CausedBy {
  /** What has led to it, for the log. */
  cause?: unknown;
}

/** Throw it in a dispatcher if the delivery cannot succeed; Heddle then gives up at once. */
export class Permanent extends Error {
  readonly [MARK] = "permanent";
  constructor(message: string, options?: CausedBy) {
    super(message, options);
    this.name = "Permanent";
  }
}

/** Options of `Retryable`. */
export interface RetryableOptions {
  /** The underlying error. */
  cause?: unknown;
  /** Seconds to wait, or an answer whose Retry-After header says how long. */
  retryAfter?: number | HeaderReader | HasHeaders;
  /** Seconds to wait; overrides `retryAfter`. */
  retryAfterSeconds?: number;
}

/** Throw it in a dispatcher to have the delivery retried, not before `retryAfterSeconds` if that is set. */
export class Retryable extends Error {
  readonly [MARK] = "retryable";
  /** The minimum seconds to wait; undefined leaves it to the schedule. */
  readonly retryAfterSeconds: number | undefined;
  constructor(message: string, options: RetryableOptions = {}) {
    super(message, { cause: options.cause });
    this.name = "Retryable";
    this.retryAfterSeconds = options.retryAfterSeconds ?? secondsOf(options.retryAfter);
  }
}

/** Throw it in `listen` or `poll` if a person must sign in again or change the credentials; until then nothing is tried. */
export class ReauthRequired extends Error {
  readonly [MARK] = "reauth_required";
  constructor(message: string, options?: CausedBy) {
    super(message, options);
    this.name = "ReauthRequired";
  }
}

/** Thrown when a setting without a value is read: nobody has set the integration up yet. */
export class MissingSetting extends HeddleError {
  readonly [MARK] = "missing_setting";
  constructor(key: string) {
    super("unavailable", `The setting ${key} is not set`, { field: key });
  }
}

function secondsOf(after: RetryableOptions["retryAfter"]): number | undefined {
  if (after === undefined || typeof after === "number") return after;
  const headers: unknown =
    typeof after === "object" && after !== null && "headers" in after ? after.headers : after;
  if (typeof (headers as HeaderReader | null)?.get === "function")
    return retryAfterSeconds(headers as HeaderReader);
  throw new HeddleError(
    "validation",
    `retryAfter of Retryable must be a number of seconds, a response or its headers; got ${shown(after)}.`,
  );
}

/** True for a `Permanent` of any copy of the SDK. */
export const isPermanent = (error: unknown): error is Permanent => markOf(error) === "permanent";

/** True for a `Retryable` of any copy of the SDK. */
export const isRetryable = (error: unknown): error is Retryable => markOf(error) === "retryable";

/** True for a `ReauthRequired` of any copy of the SDK. */
export const isReauthRequired = (error: unknown): error is ReauthRequired =>
  markOf(error) === "reauth_required";

/** True for a `MissingSetting` of any copy of the SDK. */
export const isMissingSetting = (error: unknown): error is MissingSetting =>
  markOf(error) === "missing_setting";

/** Returns a HeddleError of any copy of the module as this process's `HeddleError`; undefined for other errors. */
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
