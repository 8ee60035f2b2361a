// The errors of the REST API, as an answer describes them.

import { type ErrorCode, HeddleError, isErrorCode } from "../errors.ts";
import type { JsonObject } from "./json.ts";

/** The error that the body of an unsuccessful answer describes. */
export function failureIn(status: number, text: string): HeddleError {
  const error = errorIn(text);
  const code = isErrorCode(error?.code) ? error.code : codeOf(status);
  const field = typeof error?.field === "string" ? error.field : undefined;
  return new HeddleError(
    code,
    typeof error?.message === "string" ? error.message : `Heddle answered ${status}.`,
    {
      ...(field !== undefined && { field }),
    },
  );
}

function errorIn(text: string): JsonObject | undefined {
  try {
    return (JSON.parse(text) as { error?: JsonObject } | null)?.error;
  } catch {
    // The body is a proxy's error page; the status must suffice.
    return undefined;
  }
}

function codeOf(status: number): ErrorCode {
  if (status === 401) return "unauthorized";
  if (status === 403) return "forbidden";
  if (status === 404) return "not_found";
  if (status === 429) return "rate_limited";
  return status >= 500 ? "unavailable" : "bad_request";
}
