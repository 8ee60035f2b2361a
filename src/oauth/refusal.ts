// Which failures of an authorization server are its answer, and which may pass by themselves.

import { OAuthError, OAuthErrorCode } from "@modelcontextprotocol/client";

const PASSING: ReadonlySet<string> = new Set([
  // Also of an answer that is no JSON, such as that of a proxy before the server.
  OAuthErrorCode.ServerError,
  OAuthErrorCode.TemporarilyUnavailable,
  "too_many_requests",
  "slow_down",
]);

export const isRefusal = (error: unknown): boolean =>
  error instanceof OAuthError && !PASSING.has(String(error.code));
